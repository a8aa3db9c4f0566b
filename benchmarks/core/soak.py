"""What stays behind in a core after many exchanges.

    python -m benchmarks.core.soak [COUNT]

Threads of ten exchanges, some of which fail, four at once, all in this process.
"""

import argparse
import itertools
import tempfile
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import linear_regression
from typing import Final

from benchmarks.pages.server import Process, load
from benchmarks.pages.threads import SAID, opened, speak

AT_ONCE: Final = 4
LINES: Final = 10
WRONG: Final = ("fail", "refuse", "break off", "call nothing {}", 'call buy_or_sell {"price": "x"}')


@dataclass
class Samples:
    """What a process had after so many exchanges."""

    process: Process
    every: int
    sessions: Callable[[], int] | None = None
    began: float = field(default_factory=time.monotonic)
    rows: list[tuple[int, float]] = field(default_factory=list)

    def head(self) -> None:
        """Print the head of the table."""
        print("| exchanges | memory, MB | threads | files | visits | seconds | load |")
        print("|---|---|---|---|---|---|---|")

    def take(self, done: int, name: str = "") -> None:
        """Look at the process now."""
        process = self.process
        rss, visits = process.rss, self.sessions() if self.sessions else 0
        seconds = time.monotonic() - self.began
        cells = (f"{rss:.0f}", process.threads, process.files, visits, f"{seconds:.0f}", load())
        print(f"| {name or f'{done:,}'} | {' | '.join(map(str, cells))} |", flush=True)
        if not name:
            self.rows.append((done, rss))

    def follow(self, done: Iterator[int], under_way: list[Future[None]]) -> None:
        """Take a sample whenever so many more exchanges are done, until all are."""
        for number in done:
            if number % self.every == 0:
                self.take(number)
        for one in under_way:
            one.result()

    def slope(self) -> str:
        """Return by how much memory grew."""
        later = self.rows[len(self.rows) // 2 :]
        if len(later) < 2:
            return "Too few exchanges to tell a slope."
        slope = linear_regression(*zip(*later, strict=True)).slope
        return f"From {later[0][0]:,} exchanges on: {slope * 1024:+.1f} kB an exchange."


class Counter:
    """Counts what several threads have done; another one hears of each."""

    def __init__(self, total: int) -> None:
        self._left = threading.Semaphore(0)
        self._total = total

    def one_more(self, _done: object = None) -> None:
        """Count."""
        self._left.release()

    def __iter__(self) -> Iterator[int]:
        """Yield the number of each exchange that is done."""
        for number in range(1, self._total + 1):
            if not self._left.acquire(timeout=300):
                raise TimeoutError(f"Nothing was done for five minutes after {number - 1}.")
            yield number


def soak_core(folder: Path, count: int, *, trace: bool) -> None:
    """Make exchanges in this process, in threads of ten."""
    with opened(f"sqlite:///{folder}/parley.db") as core:
        samples = Samples(Process.own(), max(1, count // 10))
        samples.head()
        samples.take(0, "at the start")
        said = itertools.cycle((*SAID, *WRONG))

        def make_thread(number: int) -> None:
            thread_id = None
            for text in itertools.islice(said, min(10, count - 10 * number)):
                thread_id = speak(core, text, thread_id, stream=True).thread_id
                counter.one_more()

        counter, before = Counter(count), None
        with ThreadPoolExecutor(AT_ONCE) as pool:
            under_way = [pool.submit(make_thread, number) for number in range(-(-count // 10))]
            for number in counter:
                if number % samples.every == 0:
                    samples.take(number)
                if trace and number == count // 2:
                    tracemalloc.start(LINES)
                    before = tracemalloc.take_snapshot()
            for one in under_way:
                one.result()
        print(f"\n{samples.slope()}")
        if before:
            grown = tracemalloc.take_snapshot().compare_to(before, "lineno")
            print(*grown[:LINES], sep="\n")


def main() -> None:
    """Make the exchanges."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("count", type=int, nargs="?", default=10_000)
    parser.add_argument("--trace", action="store_true", help="say which lines grew")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        soak_core(Path(folder), options.count, trace=options.trace)


if __name__ == "__main__":
    main()
