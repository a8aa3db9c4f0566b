"""How quick the history is: `python -m benchmarks.history.measure URL...`, one column per log.

Each question is asked 20 times, of a history that remembers nothing but what the question is
about. The databases come from `benchmarks.history.generate`.
"""

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from benchmarks.history.exchanges import LAST
from benchmarks.history.texts import COMMON, PHRASE, RARE
from conversation.history import EVERYTHING, Filter, History, Sort, Window
from conversation.script import State
from storage.store import SqlStore, open_store

TIMES: Final = 20
FIRST: Final = Window()
NEWEST: Final = Sort()

Ask = Callable[[History], Any]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked; `warm` if it is asked again of a history that may remember the answer."""

    name: str
    ask: Ask
    warm: bool = False


def main(urls: list[str]) -> None:
    """Measure all logs and print a table: the median and the 95th percentile, in milliseconds."""
    columns = [measured(url) for url in urls]
    counts = " | ".join(f"{events:,} events" for events, _ in columns)
    print(f"| p50 / p95, ms | {counts} |\n|---|{'---|' * len(columns)}")
    for name in columns[0][1]:
        times = " | ".join(f"{p50:,.1f} / {p95:,.1f}" for p50, p95 in (c[1][name] for c in columns))
        print(f"| {name} | {times} |")


def measured(url: str) -> tuple[int, dict[str, tuple[float, float]]]:
    """Return how many events a log has and how long each question takes."""
    store = open_store(url)
    found = {asked.name: timed(store, asked) for asked in questions(store.history())}
    events = sum(thread.events for thread in store.history().each_thread(EVERYTHING))
    store.close()
    return events, found


def timed(store: SqlStore, question: Question) -> tuple[float, float]:
    """Return the median and the 95th percentile of asking."""
    history = store.history()
    question.ask(history)
    times = []
    for _ in range(TIMES):
        asked = history if question.warm else store.history()
        started = time.perf_counter()
        question.ask(asked)
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times), sorted(times)[round(0.95 * TIMES) - 1]


def questions(history: History) -> list[Question]:
    """Return what the page asks, about what is in this log."""
    thread = history.threads(EVERYTHING, Sort(column="events"), FIRST).rows[0].thread_id
    run = history.runs(EVERYTHING, Sort(column="events"), FIRST).rows[0].run_id
    week = Filter(models=frozenset({"gpt-4o"}), since=LAST - timedelta(days=7))
    return [
        Question("threads, first page", threads(EVERYTHING, Sort(column="last_activity"))),
        Question("threads, next page", threads(EVERYTHING, Sort(column="last_activity"), 2)),
        Question("threads, page 150", threads(EVERYTHING, Sort(column="last_activity"), 150)),
        Question("runs, first page", runs(EVERYTHING)),
        Question("runs, page 500", runs(EVERYTHING, page=500)),
        Question("thread → runs", runs(Filter(thread_id=thread))),
        Question("run → steps", lambda h: h.steps(run, FIRST)),
        Question("search: common word", hits(COMMON)),
        Question("search: rare word", hits(RARE)),
        Question("search: phrase", hits(f'"{PHRASE}"')),
        Question("search: prefix", hits("divi*")),
        Question("search: two words, failed runs", hits("stock price", failed=True)),
        Question("threads with a common word", threads(Filter(text=COMMON))),
        Question("runs with a common word", runs(Filter(text=COMMON))),
        Question("runs by status", runs(Filter(states=frozenset({State.CANCELLED})))),
        Question("runs by model and week", runs(week)),
        Question("threads by model and week", threads(week)),
        Question("runs by tool", runs(Filter(tools=frozenset({"buy_or_sell"})))),
        Question("runs that failed", runs(Filter(failed=True))),
        Question("runs longer than 20 s", runs(Filter(longer_than=20))),
        Question("runs by duration", runs(EVERYTHING, Sort(column="duration"))),
        Question("runs by cost", runs(EVERYTHING, Sort(column="cost"))),
        Question("runs by error", runs(EVERYTHING, Sort(column="error_code"))),
        Question("overview, cold", lambda h: h.overview(EVERYTHING)),
        Question("overview of a week, cold", lambda h: h.overview(week)),
        Question("overview, warm", lambda h: h.overview(EVERYTHING), warm=True),
        Question("choices", lambda h: h.choices()),
    ]


def threads(wanted: Filter, sort: Sort = NEWEST, page: int = 1) -> Ask:
    """Return the question for a page of threads."""
    return lambda history: history.threads(wanted, sort, Window(page=page))


def runs(wanted: Filter, sort: Sort = NEWEST, page: int = 1) -> Ask:
    """Return the question for a page of runs."""
    return lambda history: history.runs(wanted, sort, Window(page=page))


def hits(text: str, **limits: Any) -> Ask:
    """Return the question where a text occurs."""
    return lambda history: history.hits(Filter(text=text, **limits), FIRST)


if __name__ == "__main__":
    main(sys.argv[1:])
