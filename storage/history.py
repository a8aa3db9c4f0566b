"""The read models of the log: `conversation.history.History` on SQLite and PostgreSQL alike."""

from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Select, select

from conversation.events import Logged
from conversation.history import (
    Choices,
    Filter,
    Found,
    Hit,
    Overview,
    Removed,
    RunLine,
    Sort,
    StepLine,
    ThreadLine,
    Window,
)
from storage import deletion, history_lists
from storage.history_choices import choices
from storage.history_copy import copy
from storage.history_filter import fitting, others_fitting, threads_fitting
from storage.history_lists import (
    RUN_KEYS,
    RUNS,
    THREADS,
    Listing,
    Mark,
    Row,
    events_of,
    offset,
    ordered,
)
from storage.history_overview import overview
from storage.history_steps import count_query, step_of, steps_query
from storage.remembered import Remembered
from storage.rows import event_of
from storage.search import hit_numbers, hit_of, hit_rows
from storage.tables import RunRow, ThreadRow
from storage.words import parse

KEPT: Final = 64
FOR_A_MOMENT: Final = 2.0
FOR_A_WHILE: Final = 5.0
WORTH_KEEPING: Final = 0.05
MARKS_AT_ONCE: Final = 20_000
ROWS_AT_ONCE: Final = 500
RUNS_AT_ONCE: Final = 50

Reading = Callable[[], AbstractContextManager[Connection]]
Writing = Callable[[Callable[[Connection], Any]], "Future[Any]"]


class SqlHistory:
    """`conversation.history.History` over what a store reads and writes with."""

    def __init__(self, reading: Reading, write: Writing) -> None:
        self._reading = reading
        self._write = write
        self._totals: Remembered[Any, int] = Remembered(KEPT, FOR_A_MOMENT, worth=WORTH_KEEPING)
        self._overviews: Remembered[Filter, Overview] = Remembered(KEPT, FOR_A_WHILE)
        self._choices: Remembered[str, Choices] = Remembered(1, FOR_A_WHILE)

    def threads(self, wanted: Filter, sort: Sort, window: Window) -> Found[ThreadLine]:
        """Return threads that have a run which fits."""
        return self._list(THREADS, self._threads, wanted, sort, window)

    def runs(self, wanted: Filter, sort: Sort, window: Window) -> Found[RunLine]:
        """Return runs that fit."""
        return self._list(RUNS, self._runs, wanted, sort, window)

    def steps(
        self, run_id: str, window: Window, *, calls_only: bool = False, sort: Sort | None = None
    ) -> Found[StepLine]:
        """Return a run's log."""
        query, columns = steps_query(run_id, calls_only=calls_only)
        with self._reading() as connection:
            by = sort or Sort(column="seq", descending=False)
            order = ordered(connection.dialect.name, columns, by, columns["seq"])
            total = connection.scalar(count_query(run_id, calls_only=calls_only)) or 0
            start = min(offset(window), total)
            rows = connection.execute(query.order_by(*order).limit(window.size).offset(start))
            return Found(tuple(step_of(row) for row in rows), total)

    def hits(self, wanted: Filter, window: Window) -> Found[Hit]:
        """Return where the text occurs, newest first, in runs that fit."""
        terms = parse(wanted.text)
        if not terms:
            return Found((), 0)
        with self._reading() as connection:
            dialect = connection.dialect.name
            numbers = hit_numbers(terms, others_fitting(wanted, dialect), dialect)
            total = self._totals.get(
                ("hits", wanted), lambda: history_lists.count(connection, numbers)
            )
            start = min(offset(window), total)
            picked = (
                numbers.order_by(numbers.selected_columns[0].desc())
                .limit(window.size)
                .offset(start)
            )
            rows = connection.execute(hit_rows(picked))
            return Found(tuple(hit_of(row, terms) for row in rows), total)

    def overview(self, wanted: Filter) -> Overview:
        """Return what the runs that fit add up to."""

        def find() -> Overview:
            with self._reading() as connection:
                return overview(connection, wanted)

        return self._overviews.get(wanted, find)

    def choices(self) -> Choices:
        """Return what there is to filter by."""

        def find() -> Choices:
            with self._reading() as connection:
                return choices(connection)

        return self._choices.get("all", find)

    def each_run(self, wanted: Filter) -> Iterator[RunLine]:
        """Yield all runs that fit, oldest first."""
        for chunk in self._chunks(RUNS, self._runs, wanted, ROWS_AT_ONCE):
            yield from chunk

    def each_thread(self, wanted: Filter) -> Iterator[ThreadLine]:
        """Yield all threads that fit, oldest first."""
        for chunk in self._chunks(THREADS, self._threads, wanted, ROWS_AT_ONCE):
            yield from chunk

    def each_event(self, wanted: Filter) -> Iterator[Logged]:
        """Yield the events of all runs that fit, run by run."""
        for chunk in self._chunks(RUN_KEYS, self._runs, wanted, RUNS_AT_ONCE):
            with self._reading() as connection:
                logged = [event_of(row) for row in connection.execute(events_of(chunk))]
            yield from logged

    def copy(self, wanted: Filter, file: Path) -> None:
        """Write the runs that fit, with their threads and `run_details`, to a SQLite file."""
        with self._reading() as connection:
            copy(connection, wanted, file)

    def delete_threads(self, thread_ids: Collection[str]) -> Removed:
        """Remove threads with all that is theirs; none when one has a run under way."""
        with self._reading() as connection:
            found = deletion.known(connection, thread_ids)
        return self._remove(found)

    def remove_older(self, than: datetime, *, limit: int = 500) -> Removed:
        """Remove threads whose last activity is before `than` and that nothing goes on in."""
        with self._reading() as connection:
            found = deletion.older(connection, than, limit)
        return self._remove(found, than)

    def _remove(self, found: list[tuple[str, int]], than: datetime | None = None) -> Removed:
        portions = deletion.portions(found)
        jobs = (partial(deletion.remove, thread_ids=ids, than=than) for ids in portions)
        try:
            return deletion.total(self._write(job).result() for job in jobs)
        finally:
            for remembered in (self._totals, self._overviews, self._choices):
                remembered.forget()

    def _chunks(
        self,
        listing: Listing[Row],
        keys: Callable[[Filter, str], Select[Any]],
        wanted: Filter,
        size: int,
    ) -> Iterator[tuple[Row, ...]]:
        """Yield the rows that fit, oldest first.

        Which those are is found for many at a time, because a text is not found again quickly.
        Nothing is held of the database while somebody works on what was yielded.
        """
        after: Mark | None = None
        while True:
            with self._reading() as connection:
                query = keys(wanted, connection.dialect.name)
                marks = listing.marks(connection, query, after, MARKS_AT_ONCE)
            for start in range(0, len(marks), size):
                with self._reading() as connection:
                    rows = listing.at(connection, marks[start : start + size])
                yield rows
            if len(marks) < MARKS_AT_ONCE:
                return
            after = marks[-1]

    def _list(
        self,
        listing: Listing[Row],
        keys: Callable[[Filter, str], Select[Any]],
        wanted: Filter,
        sort: Sort,
        window: Window,
    ) -> Found[Row]:
        with self._reading() as connection:
            query = keys(wanted, connection.dialect.name)
            ordered(connection.dialect.name, listing.columns, sort)
            start = offset(window)
            rows: tuple[Row, ...] | None = None

            def find() -> int:
                nonlocal rows
                if not parse(wanted.text):
                    return history_lists.count(connection, query)
                rows, total = listing.counted(connection, query, sort, window)
                return total

            total = self._totals.get((listing.row.__name__, wanted), find)
            if rows is None and start < total:
                rows = listing.window(connection, query, sort, window)
            return Found(rows or (), total)

    @staticmethod
    def _threads(wanted: Filter, dialect: str) -> Select[Any]:
        return select(ThreadRow.number).where(*threads_fitting(wanted, dialect))

    @staticmethod
    def _runs(wanted: Filter, dialect: str) -> Select[Any]:
        return select(RunRow.number).where(*fitting(wanted, dialect))
