"""Chromium, and what its pages are asked to note about themselves."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import FLAGS
from tests.services import chromium_path

QUIET: Final = 700
"""Milliseconds without a change after which a page is idle."""

WATCH: Final = """
() => {
  const fresh = () => ({ first: null, whole: null, last: 0, changes: [], ages: [], newest: 0 });
  window.seen = { ...fresh(), began: 0 };
  window.watchFrom = () => Object.assign(seen, fresh(), { began: performance.now() });
  const age = (text) => {
    const stamps = text.slice(-400).match(/at\\d{13}/g);
    const said = stamps ? Number(stamps.at(-1).slice(2)) : 0;
    if (said > seen.newest) {
      seen.newest = said;
      seen.ages.push(Date.now() - said);
    }
  };
  const lookFor = (messages, now) => {
    const has = (message) => message.textContent.includes(window.wanted);
    if (seen.first === null && [...messages].some(has)) seen.first = now;
    const last = messages[messages.length - 1];
    if (seen.whole === null && last.textContent.includes(`The end of ${window.wanted}`)) {
      seen.whole = now;
    }
  };
  const look = (changes) => {
    seen.last = performance.now();
    const messages = document.querySelectorAll('[data-testid="stChatMessage"]');
    if (!messages.length) return;
    if (window.wanted && seen.whole === null) lookFor(messages, seen.last);
    const last = messages[messages.length - 1];
    if (changes.some((one) => last.contains(one.target))) {
      seen.changes.push(seen.last);
      age(last.textContent);
    }
  };
  new MutationObserver(look).observe(document, {
    childList: true, characterData: true, subtree: true,
  });
}
"""
IDLE: Final = f"""
() => document.querySelector('[data-test-script-state="notRunning"]')
  && (window.seen.whole !== null || !window.wanted)
  && performance.now() - window.seen.last > {QUIET}
"""


@dataclass(frozen=True, slots=True)
class Opened:
    """Seconds until a thread's first and last message were there, and until nothing changed.

    `cpu` is the processor time of the page's own thread.
    """

    first: float
    whole: float
    idle: float
    cpu: float


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium as the tests do."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(FLAGS))
        yield browser
        browser.close()


@contextmanager
def watched(browser: Browser, wanted: str = "") -> Iterator[Page]:
    """Give a page of a browser of its own, which notes what changes in it."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(f"window.wanted = {wanted!r}; ({WATCH})()")
    page = context.new_page()
    page.set_default_timeout(60_000)
    yield page
    context.close()


class Clock:
    """What a page takes to open something, from now on."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._metrics = page.context.new_cdp_session(page)
        self._metrics.send("Performance.enable", {"timeDomain": "threadTicks"})
        self._before = self._busy()

    def stop(self) -> Opened:
        """Wait until the page is idle."""
        self._page.wait_for_function(IDLE, polling=100)
        cpu = self._busy() - self._before
        seen = self._page.evaluate("seen")
        first, whole, last = (
            (seen[moment] - seen["began"]) / 1000 for moment in ("first", "whole", "last")
        )
        return Opened(first, whole, last, cpu)

    def _busy(self) -> float:
        found = self._metrics.send("Performance.getMetrics")["metrics"]
        return next(float(one["value"]) for one in found if one["name"] == "TaskDuration")


def settle(page: Page) -> None:
    """Wait until a page is idle."""
    page.get_by_test_id("stChatInputTextArea").wait_for()
    page.wait_for_function(IDLE, polling=100)


def gaps(page: Page) -> list[float]:
    """Return the milliseconds between redraws of the last message."""
    found: list[float] = page.evaluate(
        "seen.changes.slice(1).map((at, number) => at - seen.changes[number])"
    )
    return found


def ages(page: Page) -> list[float]:
    """Return how many milliseconds old each stamp was when it came on the page."""
    found: list[float] = page.evaluate("seen.ages")
    return found
