"""Removing what is old: which threads, page after page, and in what words."""

import logging
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from conversation.errors import ThreadBusy
from conversation.history import EVERYTHING, Filter, Found, Removed, Sort, ThreadLine, Window
from conversation.script import OPEN
from runs.retention import Retention, told
from runs.upkeep import Upkeep
from tests.unit.transcripts import AT

NOW = AT + timedelta(days=100)


class Pages:
    """A history of threads; each day another one was active for the last time."""

    def __init__(self, days: int = 1200) -> None:
        self.lines = [_line(f"thread_{n}", n) for n in range(days)]
        self.removals: list[Removed | Exception] = [
            Removed(threads=2, messages=4, runs=2, events=9, thread_ids=("a", "b")),
            Removed(threads=1, messages=1, runs=1, events=1, thread_ids=("c",)),
        ]
        self.limits: list[Any] = []
        self.busy: list[str] = []

    def threads(self, wanted: object, sort: Sort, window: Window) -> Found[ThreadLine]:
        assert (wanted, sort) == (EVERYTHING, Sort(column="last_activity", descending=False))
        start = (window.page - 1) * window.size
        return Found(tuple(self.lines[start : start + window.size]), len(self.lines))

    def each_run(self, wanted: Filter) -> Iterator[Any]:
        assert wanted == Filter(states=OPEN)
        return (SimpleNamespace(thread_id=thread_id) for thread_id in self.busy)

    def remove_older(self, than: object, *, limit: int) -> Removed:
        assert threading.current_thread() is not threading.main_thread()  # the loop is not stalled
        self.limits.append(than)
        outcome = self.removals.pop(0) if self.removals else Removed()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def _line(thread_id: str, day: int) -> ThreadLine:
    at = AT - timedelta(days=1200) + timedelta(days=day)
    return ThreadLine(
        thread_id=thread_id,
        title="",
        assistant_id=None,
        model=None,
        runs=2,
        events=10,
        tokens=0,
        cost=None,
        last_activity=at,
        created_at=at,
    )


def retention(pages: Pages, days: int = 150, busy: str = "") -> Retention:
    pages.busy = [busy] if busy else []
    clock: Callable[[], Any] = lambda: NOW  # noqa: E731 - a clock that stands
    return Retention(history=cast(Any, pages), clock=clock, days=days)


def test_what_would_go_is_what_is_older() -> None:
    would = retention(Pages(), busy="thread_3").would_remove()

    assert would.threads == 1149  # of 1150, one is busy
    assert "thread_3" not in would.thread_ids
    assert would.thread_ids[-1] == "thread_1149"
    assert (would.runs, would.events) == (2298, 11490)


def test_nothing_is_old_in_an_empty_log() -> None:
    assert retention(Pages(days=0)).would_remove() == Removed()


async def test_removes_until_nothing_is_left() -> None:
    pages = Pages()

    removed = await retention(pages).remove_old()

    assert removed == Removed(threads=3, messages=5, runs=3, events=10, thread_ids=("a", "b", "c"))
    assert set(pages.limits) == {NOW - timedelta(days=150)}


async def test_thread_that_became_busy_does_not_keep_others() -> None:
    pages = Pages()
    pages.removals.insert(1, ThreadBusy("thread_1", "run_1"))

    assert (await retention(pages).remove_old()).threads == 3


async def test_upkeep_logs_one_line(caplog: pytest.LogCaptureFixture) -> None:
    anything = cast(Any, None)
    upkeep = Upkeep(
        worker=anything,
        control=anything,
        queue=anything,
        store=anything,
        clock=anything,
        providers=anything,
        retention=retention(Pages()),
    )

    with caplog.at_level(logging.INFO):
        await upkeep._remove_old()
        await upkeep._remove_old()  # nothing is left, nothing is said

    assert [record.getMessage() for record in caplog.records] == [
        "Removed what was last active over 150 days ago: "
        "3 conversations, 5 messages, 3 runs, 10 events."
    ]


def test_words_say_what_was_not_yet_done() -> None:
    would = told(Removed(threads=1, runs=1, events=1200), 1, would=True)

    assert would == (
        "Would remove what was last active over 1 day ago: 1 conversation, 1 run, 1,200 events."
    )
