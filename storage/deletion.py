"""Removing threads with all that is theirs: jobs for the writer, each of a bounded size."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, exists, select

from conversation.errors import ThreadBusy
from conversation.history import Removed
from storage.paging import slices
from storage.search_table import SearchRow
from storage.tables import (
    UNDER_WAY,
    BranchRow,
    DeltaRow,
    EventRow,
    ItemRow,
    MessageRow,
    RunRow,
    StepRow,
    ThreadRow,
    ToolCallRow,
)
from storage.thread_tables import FeedbackRow, ModelCallRow, QueuedRow

EVENTS_AT_ONCE: Final = 5_000
THREADS_AT_ONCE: Final = 200
"""How much one job removes, unless a single thread is more."""

_INSIDE_RUNS: Final = (
    SearchRow, ItemRow, ToolCallRow, StepRow, EventRow, FeedbackRow, ModelCallRow,
)  # fmt: skip


def known(connection: Connection, thread_ids: Collection[str]) -> list[tuple[str, int]]:
    """Return those of the threads that exist, each with how many events it has.

    Raises `ThreadBusy` when one of them has a run under way.
    """
    found: list[tuple[str, int]] = []
    for ids in slices(thread_ids, THREADS_AT_ONCE):
        refuse_busy(connection, ids)
        query = select(ThreadRow.id, ThreadRow.events).where(ThreadRow.id.in_(ids))
        found.extend((thread_id, events) for thread_id, events in connection.execute(query))
    return found


def older(connection: Connection, than: datetime, limit: int) -> list[tuple[str, int]]:
    """Return threads whose last activity is before a time and on which nothing is under way."""
    under_way = exists().where(RunRow.thread_id == ThreadRow.id, UNDER_WAY)
    query = (
        select(ThreadRow.id, ThreadRow.events)
        .where(ThreadRow.last_activity < than, ~under_way)
        .order_by(ThreadRow.last_activity, ThreadRow.number)
        .limit(limit)
    )
    return [(thread_id, events) for thread_id, events in connection.execute(query)]


def portions(threads: Iterable[tuple[str, int]]) -> Iterator[list[str]]:
    """Yield the threads in portions, each of about as much as a job may remove."""
    portion: list[str] = []
    size = 0
    for thread_id, events in threads:
        if portion and (size + events > EVENTS_AT_ONCE or len(portion) == THREADS_AT_ONCE):
            yield portion
            portion, size = [], 0
        portion.append(thread_id)
        size += events
    if portion:
        yield portion


def remove(connection: Connection, thread_ids: list[str], than: datetime | None) -> Removed:
    """Remove these threads, or raise `ThreadBusy` and change nothing.

    With `than`, those are left out that have seen activity since.
    """
    wanted = select(ThreadRow.id).where(ThreadRow.id.in_(thread_ids))
    if than is not None:
        wanted = wanted.where(ThreadRow.last_activity < than)
    ids = list(connection.scalars(wanted.with_for_update()))  # nobody begins a run on them now
    refuse_busy(connection, ids)
    runs = select(RunRow.id).where(RunRow.thread_id.in_(ids))
    messages = select(MessageRow.id).where(MessageRow.thread_id.in_(ids))
    _delete(connection, DeltaRow, DeltaRow.message_id.in_(messages))
    counts = {table: _delete(connection, table, table.run_id.in_(runs)) for table in _INSIDE_RUNS}
    removed = Removed(
        messages=_delete(connection, MessageRow, MessageRow.thread_id.in_(ids)),
        runs=_delete(connection, RunRow, RunRow.thread_id.in_(ids)),
        events=counts[EventRow],
        thread_ids=tuple(ids),
    )
    _delete(connection, QueuedRow, QueuedRow.thread_id.in_(ids))
    _delete(connection, BranchRow, BranchRow.thread_id.in_(ids))
    return replace(removed, threads=_delete(connection, ThreadRow, ThreadRow.id.in_(ids)))


def refuse_busy(connection: Connection, thread_ids: list[str]) -> None:
    """Raise `ThreadBusy` when one of the threads has a run under way."""
    query = select(RunRow.thread_id, RunRow.id).where(RunRow.thread_id.in_(thread_ids), UNDER_WAY)
    busy = connection.execute(query.limit(1)).one_or_none()
    if busy is not None:
        raise ThreadBusy(*busy)


def total(parts: Iterable[Removed]) -> Removed:
    """Return what several deletions took away together."""
    done = list(parts)
    return Removed(
        threads=sum(one.threads for one in done),
        messages=sum(one.messages for one in done),
        runs=sum(one.runs for one in done),
        events=sum(one.events for one in done),
        thread_ids=tuple(thread_id for one in done for thread_id in one.thread_ids),
    )


def _delete(connection: Connection, table: Any, *conditions: Any) -> int:
    return connection.execute(delete(table).where(*conditions)).rowcount
