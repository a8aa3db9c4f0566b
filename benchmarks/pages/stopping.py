"""How soon a click is heeded while the server is busy: `python -m benchmarks.pages.stopping`.

Twenty answers stream at 30 words a second, one of them in Chromium, where a person sends a message
and stops its answer, again and again: from the key to the message on the page, to the first word
of the answer, and from the click to the words that say that it was stopped.
"""

import argparse
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from playwright.sync_api import Page

from benchmarks.pages.browser import chromium, settle, watched
from benchmarks.pages.model import serving
from benchmarks.pages.server import PageServer, load, spread
from benchmarks.pages.tab import Tab
from ui.language import texts

STREAMS: Final = (1, 20)
LONG: Final = "talk for 3600"
WATCH: Final = """
([event, authors, text]) => {
  const messages = (author) =>
    document.querySelectorAll(`[aria-label="Chat message from ${author}"]`);
  const before = authors.map((author) => messages(author).length);
  const took = window.took = authors.map(() => null);
  const begin = () => {
    const began = performance.now();
    const look = () => authors.forEach((author, number) => {
      const all = messages(author), last = all[all.length - 1];
      const there = text ? last && last.textContent.includes(text) : all.length > before[number];
      if (there && took[number] === null) took[number] = performance.now() - began;
    });
    new MutationObserver(look).observe(document, {
      childList: true, characterData: true, subtree: true,
    });
  };
  document.addEventListener(event, begin, { capture: true, once: true });
}
"""


def main() -> None:
    """Measure with one answer and with twenty."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--streams", type=int, nargs="+", default=STREAMS)
    asked = parser.parse_args()
    print("| p50 / p95 / max, ms | message shown | answer begins | stopped | load |")
    print("|---|---|---|---|---|")
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name,
        serving() as model,
        PageServer(Path(name), **model) as server,
        chromium() as browser,
    ):
        for streams in asked.streams:
            with ExitStack() as opened, watched(browser) as page:
                tabs = [opened.enter_context(Tab(server.url)) for _ in range(streams - 1)]
                for tab in tabs:
                    tab.idle()
                    tab.say(LONG)
                    tab.widget("stop")
                page.goto(server.url)
                settle(page)
                found = [_round(page) for _ in range(asked.rounds)]
                cells = " | ".join(spread(list(column)) for column in zip(*found, strict=True))
                print(f"| {streams} answers under way | {cells} | {load()} |", flush=True)
                for tab in tabs:
                    tab.click("stop")


def _round(page: Page) -> tuple[float, float, float]:
    """Send a message, and stop its answer; return what each took."""
    field = page.get_by_test_id("stChatInputTextArea")
    field.fill(LONG)
    page.evaluate(WATCH, ["keydown", ["user", "assistant"], ""])
    field.press("Enter")
    shown, begun = _took(page)
    page.wait_for_timeout(500)
    page.evaluate(WATCH, ["click", ["assistant"], texts.STOPPED])
    page.locator(".st-key-stop button").click()
    (stopped,) = _took(page)
    settle(page)
    return shown, begun, stopped


def _took(page: Page) -> list[float]:
    page.wait_for_function("window.took.every((one) => one !== null)", polling=20)
    took: list[float] = page.evaluate("window.took")
    return took


if __name__ == "__main__":
    main()
