"""How quickly threads open: `python -m benchmarks.pages.opening [--longest MESSAGES]`.

*By link*: a tab of a browser that has nothing cached. *By click*: from the list, out of a new
conversation. Both until the first message is on the page, until the last one is, and until nothing
changes any more; *browser* is the processor time of the page. *Rerun*: what any click costs the
server, seen from a tab without a browser, with the processor time of its process.
"""

import argparse
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from playwright.sync_api import Browser

from benchmarks.pages.browser import Clock, Opened, chromium, settle, watched
from benchmarks.pages.server import PageServer, load, percentile
from benchmarks.pages.tab import Tab
from benchmarks.pages.threads import make_others, make_thread, opened

LENGTHS: Final = (10, 50, 200, 500, 2_000)
LISTS: Final = (30, 300)
LIST_STEP: Final = 30
EMPTY: Final = "!document.querySelector('[data-testid=\"stChatMessage\"]')"
WATCH_CLICK: Final = """
id => document.querySelector(`[class*="-${id}"] button`)
  .addEventListener('click', watchFrom, { capture: true, once: true })
"""


@dataclass(frozen=True, slots=True)
class Rerun:
    """What reruns cost: seconds each, processor seconds each, bytes each."""

    seconds: list[float]
    cpu: float
    received: float

    def cells(self) -> str:
        """Return them as cells of a table."""
        took = f"{median(self.seconds) * 1000:,.0f} / {percentile(self.seconds, 0.95) * 1000:,.0f}"
        return f"{took} | {self.cpu * 1000:,.0f} | {self.received / 1000:,.0f}"


def main() -> None:
    """Make the threads and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--longest", type=int, default=LENGTHS[-1])
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--reruns", type=int, default=20)
    asked = parser.parse_args()
    lengths = [length for length in LENGTHS if length <= asked.longest]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        server = PageServer(Path(name))
        with opened(server.database_url) as core:
            threads = {length: make_thread(core, length, _title(length)) for length in lengths}
            make_others(core, LISTS[0] - len(threads))
        with server, chromium() as browser:
            _measure_threads(server, browser, threads, asked.times, asked.reruns)
        _measure_lists(server, threads[lengths[0]], asked.reruns)


def _title(length: int) -> str:
    return f"Thread of {length} messages"


def _measure_threads(
    server: PageServer, browser: Browser, threads: dict[int, str], count: int, reruns: int
) -> None:
    print(
        "| messages | by link: first / all / idle, s | browser, s | by click, s | browser, s"
        " | rerun p50 / p95, ms | server, ms | kB | opening, kB | load |\n|---|" + "---|" * 9
    )
    with watched(browser) as page:  # whatever is made at the first visit
        page.goto(server.url)
        settle(page)
    for length, thread_id in threads.items():
        linked = [_by_link(browser, server, thread_id, _title(length)) for _ in range(count)]
        clicked = _by_click(browser, server, thread_id, _title(length), count)
        received, rerun = _rerun(server, thread_id, reruns)
        print(
            f"| {length:,} | {_cells(linked)} | {_cells(clicked)} | {rerun.cells()}"
            f" | {received / 1000:,.0f} | {load()} |",
            flush=True,
        )


def _measure_lists(server: PageServer, thread_id: str, reruns: int) -> None:
    print("\n| threads listed | rerun p50 / p95, ms | server, ms | kB | opening, kB | load |")
    print("|---|" + "---|" * 5)
    for total in LISTS:
        with opened(server.database_url) as core:
            make_others(core, total - len(core.store.threads()))
        with server:
            for shown in sorted({LISTS[0], total}):
                received, rerun = _rerun(server, thread_id, reruns, shown)
                row = (
                    f"| {shown} of {total} | {rerun.cells()} | {received / 1000:,.0f} | {load()} |"
                )
                print(row, flush=True)


def _by_link(browser: Browser, server: PageServer, thread_id: str, title: str) -> Opened:
    with watched(browser, title) as page:
        clock = Clock(page)
        page.goto(f"{server.url}/?thread={thread_id}")
        return clock.stop()


def _by_click(
    browser: Browser, server: PageServer, thread_id: str, title: str, count: int
) -> list[Opened]:
    found = []
    with watched(browser) as page:
        page.goto(server.url)
        settle(page)
        for _ in range(count):
            page.evaluate("window.wanted = ''")
            page.locator(".st-key-new button").click()
            page.wait_for_function(EMPTY)
            settle(page)
            page.evaluate("title => { window.wanted = title }", title)
            page.evaluate(WATCH_CLICK, thread_id)
            clock = Clock(page)
            page.locator(f".st-key-open-{thread_id} button").click()
            found.append(clock.stop())
    return found


def _rerun(
    server: PageServer, thread_id: str, count: int, listed: int = LIST_STEP
) -> tuple[int, Rerun]:
    """Return the bytes of opening the thread, and what reruns cost then."""
    with Tab(server.url, thread_id) as tab:
        tab.idle()
        opening, seconds = tab.received, []
        while listed > LIST_STEP and tab.shows("list-more"):
            runs = tab.runs
            tab.click("list-more")
            tab.idle(runs)
        before, cpu = tab.received, server.process.cpu
        for _ in range(count):
            runs, began = tab.runs, time.perf_counter()
            tab.rerun()
            tab.idle(runs)
            seconds.append(time.perf_counter() - began)
        used = (server.process.cpu - cpu) / count
        return opening, Rerun(seconds, used, (tab.received - before) / count)


def _cells(found: list[Opened]) -> str:
    first, whole, idle, cpu = (
        median(getattr(one, name) for one in found) for name in ("first", "whole", "idle", "cpu")
    )
    return f"{first:.2f} / {whole:.2f} / {idle:.2f} | {cpu:.2f}"


if __name__ == "__main__":
    main()
