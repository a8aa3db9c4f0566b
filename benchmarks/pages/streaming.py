"""What following answers costs: `python -m benchmarks.pages.streaming [--seconds 20]`.

A pretended OpenAI in a process of its own sends every tab 30 words a second. One of the tabs is
Chromium's and says how smoothly it was drawn and how old each word was by then; the others speak
Streamlit's protocol without a browser, which leaves the processor to the server.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page

from benchmarks.pages.browser import ages, chromium, gaps, settle, watched
from benchmarks.pages.model import RATE, serving
from benchmarks.pages.server import PageServer, load, spread
from benchmarks.pages.tab import Tab
from ui.chat.panel.switch import SWITCH

TABS: Final = (1, 5, 20)
WARM_UP: Final = 4.0
SPARE: Final = 10


@dataclass
class Found:
    """What a round has shown; `seconds` it lasted, `words` came in each tab meanwhile."""

    cpu: float = 0.0
    seconds: float = 0.0
    words: float = 0.0
    received: float = 0.0
    gaps: list[float] = field(default_factory=list)
    ages: list[float] = field(default_factory=list)
    wire: list[float] = field(default_factory=list)

    def row(self, name: str, tabs: int) -> str:
        """Return it as a row of a table."""
        used = self.cpu / self.seconds * 100
        sent = f"{self.received / self.words:,.0f}" if self.words else "-"
        cells = (
            f"{used:.0f}",
            f"{used / tabs:.1f}",
            spread(self.gaps),
            spread(self.ages),
            spread(self.wire, 1000),
            sent,
            load(),
        )
        return f"| {name} | {' | '.join(cells)} |"


def main() -> None:
    """Measure with more and more tabs, with the panel and without."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--tabs", type=int, nargs="+", default=TABS)
    asked = parser.parse_args()
    print(
        "| tabs | CPU of the server, % of a core | a tab, % | between redraws p50 / p95 / max, ms |"
        " from model to screen, ms | from model to wire, ms | kB for 1,000 words | load |\n|---|"
        + "---|"
        * 7
    )
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name,
        serving() as model,
        PageServer(Path(name), **model) as server,
        chromium() as browser,
    ):
        most = max(asked.tabs)
        for name, measure in (("at rest", _resting), ("answers, no tab", _unseen)):
            print(measure(server, most, asked.seconds).row(f"{most} {name}", most), flush=True)
        for panel in (False, True):
            for count in asked.tabs:
                found = _streaming(server, browser, count, asked.seconds, panel=panel)
                name = f"{count}{', panel open' if panel else ''}"
                print(found.row(name, count), flush=True)


def _resting(server: PageServer, count: int, seconds: int) -> Found:
    """Measure tabs that only look out for what others do."""
    with _open(server, count) as tabs:
        for tab in tabs:
            _begin(tab, 1)
        time.sleep(WARM_UP)
        return _measured(server, tabs, seconds)


def _unseen(server: PageServer, count: int, seconds: int) -> Found:
    """Measure answers that nobody looks at."""
    with _open(server, count) as tabs:
        for tab in tabs:
            _begin(tab, seconds + SPARE, wait=False)
    time.sleep(WARM_UP)
    found = _measured(server, [], seconds)
    time.sleep(SPARE)
    return found


def _streaming(
    server: PageServer, browser: Browser, count: int, seconds: int, *, panel: bool
) -> Found:
    length = seconds + SPARE
    with _page(browser, server) as page, ExitStack() as opened:
        if page.locator(f".st-key-{SWITCH} input").is_checked() != panel:
            page.locator(f".st-key-{SWITCH} label").click()
            settle(page)
        tabs = opened.enter_context(_open(server, count - 1))  # they find the switch as it is now
        for tab in tabs:
            _begin(tab, length, wait=False)
        page.get_by_test_id("stChatInputTextArea").fill(f"talk for {length}")
        page.keyboard.press("Enter")
        page.locator(".st-key-stop button").wait_for()
        time.sleep(WARM_UP)
        page.evaluate("watchFrom()")
        found = _measured(server, tabs, seconds)
        found.gaps, found.ages = gaps(page), ages(page)
        page.locator(".st-key-stop button").wait_for(state="detached")
        for tab in tabs:
            tab.gone("stop")
    return found


def _measured(server: PageServer, tabs: list[Tab], seconds: int) -> Found:
    """Watch the server for a while."""
    for tab in tabs:
        tab.delays.clear()
    process, cpu = server.process, server.process.cpu
    before, began = sum(tab.received for tab in tabs), time.monotonic()
    time.sleep(seconds)
    lasted = time.monotonic() - began
    return Found(
        cpu=process.cpu - cpu,
        seconds=lasted,
        words=len(tabs) * lasted * RATE,
        received=sum(tab.received for tab in tabs) - before,
        wire=[delay for tab in tabs for delay in tab.delays],
    )


def _begin(tab: Tab, seconds: int, *, wait: bool = True) -> None:
    runs = tab.runs
    tab.say(f"talk for {seconds}")
    if wait:
        tab.idle(runs)
    else:
        tab.widget("stop")


@contextmanager
def _open(server: PageServer, count: int) -> Iterator[list[Tab]]:
    with ExitStack() as opened:
        tabs = [opened.enter_context(Tab(server.url)) for _ in range(count)]
        for tab in tabs:
            tab.idle()
        yield tabs


@contextmanager
def _page(browser: Browser, server: PageServer) -> Iterator[Page]:
    with watched(browser) as page:
        page.goto(server.url)
        settle(page)
        yield page


if __name__ == "__main__":
    main()
