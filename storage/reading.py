"""Threads, their messages, runs and their logs: what the store reads."""

from typing import Any, Final

from sqlalchemy import Connection, Integer, Select, bindparam, case, null, or_, select

from conversation.errors import NotFound
from conversation.events import Logged
from conversation.records import Exchange, Message, Page, Run, Thread
from storage import texts
from storage.paging import listed, paged
from storage.rows import (
    MESSAGE,
    STEP,
    call_of,
    event_of,
    item_of,
    message_of,
    run_of,
    step_of,
    thread_of,
)
from storage.tables import (
    UNDER_WAY,
    BranchRow,
    EventRow,
    ItemRow,
    MessageRow,
    RunRow,
    StepRow,
    ThreadRow,
    ToolCallRow,
)

_EVENTS: Final = (
    select(EventRow)
    .where(EventRow.run_id == bindparam("run"), EventRow.seq > bindparam("after"))
    .order_by(EventRow.seq)
)


def thread(connection: Connection, thread_id: str) -> Thread:
    """Return a thread."""
    row = connection.execute(select(ThreadRow).where(ThreadRow.id == thread_id)).one_or_none()
    if row is None:
        raise NotFound("thread", thread_id)
    return thread_of(row)


def threads(connection: Connection, page: Page | None) -> list[Thread]:
    """Return threads by their creation."""
    rows = listed(connection, select(ThreadRow), page, ThreadRow, "thread")
    return [thread_of(row) for row in rows]


def run(connection: Connection, run_id: str) -> Run:
    """Return a run."""
    row = connection.execute(select(RunRow).where(RunRow.id == run_id)).one_or_none()
    if row is None:
        raise NotFound("run", run_id)
    return run_of(row)


def runs(connection: Connection, thread_id: str, page: Page | None) -> list[Run]:
    """Return a thread's runs by their creation."""
    thread(connection, thread_id)
    query = select(RunRow).where(RunRow.thread_id == thread_id)
    return [run_of(row) for row in listed(connection, query, page, RunRow, "run")]


def active_run(connection: Connection, thread_id: str) -> Run | None:
    """Return the run that is under way on the thread."""
    thread(connection, thread_id)
    query = select(RunRow).where(RunRow.thread_id == thread_id, UNDER_WAY)
    row = connection.execute(query).one_or_none()
    return None if row is None else run_of(row)


def events(connection: Connection, run_id: str, after: int) -> list[Logged]:
    """Return the run's events with `seq > after`, oldest first."""
    rows = connection.execute(_EVENTS, {"run": run_id, "after": after}).all()
    if not rows:
        run(connection, run_id)
    return [event_of(row) for row in rows]


def exchange(connection: Connection, run_id: str) -> Exchange:
    """Return a run with all its rows."""
    found = run(connection, run_id)
    steps = select(*STEP).where(StepRow.run_id == run_id).order_by(StepRow.number)
    calls = (
        select(ToolCallRow)
        .join(StepRow, StepRow.id == ToolCallRow.step_id)
        .where(ToolCallRow.run_id == run_id)
        .order_by(StepRow.number, ToolCallRow.position)
    )
    items = select(ItemRow).where(ItemRow.run_id == run_id)
    items = items.order_by(ItemRow.round, ItemRow.position)
    own = {message.id: message for message in texts.of_run(connection, run_id)}
    messages = branch_messages(connection, found.branch_id)
    return Exchange(
        run=found,
        messages=tuple(own.get(message.id, message) for message in messages),
        steps=tuple(step_of(row) for row in connection.execute(steps)),
        calls=tuple(call_of(row) for row in connection.execute(calls)),
        items=tuple(item_of(row) for row in connection.execute(items)),
    )


def messages(connection: Connection, thread_id: str, page: Page | None) -> list[Message]:
    """Return the active branch's messages."""
    return branch_messages(connection, thread(connection, thread_id).branch_id, page)


def branch_messages(
    connection: Connection, branch_id: str, page: Page | None = None
) -> list[Message]:
    """Return the messages of a branch with those it shares of the branches it was forked off."""
    query = _of_branch(branch_id)
    if page is None:
        query = query.order_by(MessageRow.position)
    else:
        query = paged(connection, query, page, MessageRow, "message", (MessageRow.position,))
    return [message_of(row) for row in connection.execute(query)]


def _of_branch(branch_id: str) -> Select[Any]:
    """Follow parents from the branch; each shares what precedes the earliest fork on the way."""
    columns = (BranchRow.id, BranchRow.parent_branch_id, BranchRow.fork_position)
    itself = select(*columns, null().cast(Integer).label("upto")).where(BranchRow.id == branch_id)
    line = itself.cte("line", recursive=True)
    fork, upto = line.c.fork_position, line.c.upto
    parents = select(*columns, case((upto < fork, upto), else_=fork)).join(
        line, BranchRow.id == line.c.parent_branch_id
    )
    line = line.union_all(parents)
    return (
        select(*MESSAGE)
        .join(line, line.c.id == MessageRow.branch_id)
        .where(or_(line.c.upto.is_(None), MessageRow.position < line.c.upto))
    )
