"""What stays behind after many exchanges: `python -m benchmarks.pages.soak page|core [COUNT]`.

*page*: one server process and a few tabs that begin threads and go on in long ones, stop, reload,
have functions called and run into errors. At the end all tabs are closed, and what the server
still has is shown once Streamlit has forgotten the visits. *core*: no page at all, this process.

The slope is that of the memory over the second half.
"""

import argparse
import random
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from benchmarks.core.soak import WRONG, Counter, Samples, soak_core
from benchmarks.pages.server import PageServer
from benchmarks.pages.tab import Tab
from benchmarks.pages.threads import SAID

TABS: Final = 4
FORGOTTEN: Final = 150
"""Seconds after which Streamlit has forgotten a visit whose tab was closed."""
STORY: Final = "Tell me a long story"
LONG: Final = 0.5
"""How often a message goes to the tab's long thread."""


class Visitor:
    """Somebody who does all that can be done, over and over."""

    def __init__(self, server: PageServer, seed: int) -> None:
        self._server = server
        self._chance = random.Random(seed)  # noqa: S311 (nothing here is secret)
        self._tab = Tab(server.url)
        self._tab.idle()
        self._long = ""

    def exchange(self) -> None:
        """Make one exchange, somehow."""
        luck = self._chance.random()
        if luck < 0.1:
            self._reload()
        if not (self._long and self._tab.thread_id == self._long and luck < LONG):
            self._go()
        if luck > 0.9:
            self._stop()
        else:
            self._say(self._chance.choice(WRONG if luck > 0.75 else SAID))
        self._long = self._long or self._tab.thread_id

    def close(self) -> None:
        """Leave."""
        self._tab.close()

    def _reload(self) -> None:
        thread_id = self._tab.thread_id
        self._tab.close()
        self._tab = Tab(self._server.url, thread_id)
        self._tab.idle()

    def _go(self) -> None:
        """Go to the long thread, or begin a new one."""
        if self._long and self._chance.random() < LONG:
            self._reload_to(self._long)
        else:
            runs = self._tab.runs
            self._tab.click("new")
            self._tab.idle(runs)

    def _reload_to(self, thread_id: str) -> None:
        runs = self._tab.runs
        self._tab.query = f"thread={thread_id}"
        self._tab.rerun()
        self._tab.idle(runs)

    def _say(self, text: str) -> None:
        runs = self._tab.runs
        self._tab.say(text)
        self._tab.idle(runs)

    def _stop(self) -> None:
        runs = self._tab.runs
        self._tab.say(STORY)
        self._tab.wait(lambda: self._tab.shows("stop") or self._tab.runs > runs, "an answer")
        if self._tab.shows("stop"):
            self._tab.click("stop")
        self._tab.idle(runs)


def main() -> None:
    """Run one of the two."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=("page", "core"))
    parser.add_argument("count", type=int, nargs="?")
    parser.add_argument("--trace", action="store_true", help="core: say which lines grew")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        if asked.what == "page":
            soak_page(Path(name), asked.count or 1_000)
        else:
            soak_core(Path(name), asked.count or 10_000, trace=asked.trace)


def soak_page(folder: Path, count: int) -> None:
    """Let a few visitors do all that can be done with one server."""
    with PageServer(folder, DEMO_DELAY_SECONDS="0.002") as server:
        samples = Samples(server.process, max(1, count // 10), server.sessions)
        samples.head()
        samples.take(0, "at the start")
        visitors = [Visitor(server, seed) for seed in range(TABS)]
        counter = Counter(count)
        with ThreadPoolExecutor(TABS) as pool:
            shares = [count // TABS + (at < count % TABS) for at in range(TABS)]
            under_way = [
                pool.submit(_visit, visitor, share, counter)
                for visitor, share in zip(visitors, shares, strict=True)
            ]
            samples.follow(iter(counter), under_way)
        for visitor in visitors:
            visitor.close()
        time.sleep(1)
        samples.take(0, "tabs closed")
        time.sleep(FORGOTTEN)
        with Tab(server.url) as tab:  # only then Streamlit looks which visits it can forget
            tab.idle()
        samples.take(0, "visits forgotten")
        print(f"\n{samples.slope()}")
        print("".join(line for line in server.log if "Error" in line or "Traceback" in line))


def _visit(visitor: Visitor, count: int, counter: Counter) -> None:
    for _ in range(count):
        visitor.exchange()
        counter.one_more()


if __name__ == "__main__":
    main()
