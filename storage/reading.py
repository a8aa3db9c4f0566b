"""Threads, their messages, runs and their logs: what the store reads."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import Connection, Integer, Select, bindparam, case, null, or_, select

from conversation.errors import NotFound
from conversation.events import Logged
from conversation.records import Exchange, Message, ModelCall, Page, Run, Step, Thread
from storage import texts
from storage.metadata import carrying
from storage.paging import listed, paged, slices
from storage.rows import (
    MESSAGE,
    STEP,
    call_of,
    columns_of,
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
from storage.thread_tables import ModelCallRow

_MODEL_CALL: Final = columns_of(ModelCallRow, ModelCall)
_EVENTS: Final = (
    select(EventRow)
    .where(EventRow.run_id == bindparam("run"), EventRow.seq > bindparam("after"))
    .order_by(EventRow.seq)
)


_THREAD: Final = select(ThreadRow.__table__).where(ThreadRow.id == bindparam("thread"))
_SHOWN: Final = select(ThreadRow.active_branch_id).where(ThreadRow.id == bindparam("thread"))
_RUN: Final = select(RunRow.__table__).where(RunRow.id == bindparam("run"))
_STEPS: Final = select(*STEP).where(StepRow.run_id == bindparam("run")).order_by(StepRow.number)
_CALLS: Final = (
    select(ToolCallRow.__table__)
    .join(StepRow, StepRow.id == ToolCallRow.step_id)
    .where(ToolCallRow.run_id == bindparam("run"))
    .order_by(StepRow.number, ToolCallRow.position)
)
_ITEMS: Final = (
    select(ItemRow.__table__)
    .where(ItemRow.run_id == bindparam("run"))
    .order_by(ItemRow.round, ItemRow.position)
)


def _of_branch() -> Select[Any]:
    """Follow parents from the branch; each shares what precedes the earliest fork on the way."""
    columns = (BranchRow.id, BranchRow.parent_branch_id, BranchRow.fork_position)
    itself = select(*columns, null().cast(Integer).label("upto"))
    line = itself.where(BranchRow.id == bindparam("branch")).cte("line", recursive=True)
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


_OF_BRANCH: Final = _of_branch()


def thread(connection: Connection, thread_id: str) -> Thread:
    """Return a thread."""
    row = connection.execute(_THREAD, {"thread": thread_id}).one_or_none()
    if row is None:
        raise NotFound("thread", thread_id)
    return thread_of(row)


def threads(
    connection: Connection,
    page: Page | None,
    metadata: Mapping[str, str] | None = None,
    project_id: str | None = None,
) -> list[Thread]:
    """Return threads by their creation, those of a project that carry all of `metadata`."""
    query = select(ThreadRow).where(*carrying(connection, ThreadRow.meta, metadata))
    if project_id is not None:
        query = query.where(ThreadRow.project_id == project_id)
    rows = listed(connection, query, page, ThreadRow, "thread")
    return [thread_of(row) for row in rows]


def run(connection: Connection, run_id: str) -> Run:
    """Return a run."""
    row = connection.execute(_RUN, {"run": run_id}).one_or_none()
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


def runs_of(connection: Connection, messages: Collection[Message]) -> list[Run]:
    """Return the runs that these messages began or that wrote them, oldest first."""
    found: dict[int, Any] = {}
    for ids in slices(message.id for message in messages):
        query = select(RunRow).where(RunRow.message_id.in_(ids))
        found |= {row.number: row for row in connection.execute(query)}
    for ids in slices(message.run_id for message in messages if message.run_id):
        query = select(RunRow).where(RunRow.id.in_(ids))
        found |= {row.number: row for row in connection.execute(query)}
    rows = sorted(found.values(), key=lambda row: (row.created_at, row.number))
    return [run_of(row) for row in rows]


def logs(connection: Connection, run_ids: Collection[str]) -> dict[str, list[Logged]]:
    """Return the events of several runs, by run."""
    found: dict[str, list[Logged]] = {}
    for ids in slices(run_ids):
        query = select(EventRow).where(EventRow.run_id.in_(ids))
        for row in connection.execute(query.order_by(EventRow.run_id, EventRow.seq)):
            found.setdefault(row.run_id, []).append(event_of(row))
    return found


def model_calls(connection: Connection, run_id: str) -> list[ModelCall]:
    """Return a run's requests to its model, oldest first."""
    query = select(*_MODEL_CALL).where(ModelCallRow.run_id == run_id)
    query = query.order_by(ModelCallRow.number, ModelCallRow.attempt)
    found = [ModelCall(**row._mapping) for row in connection.execute(query)]
    if not found:
        run(connection, run_id)
    return found


def events(connection: Connection, run_id: str, after: int) -> list[Logged]:
    """Return the run's events with `seq > after`, oldest first."""
    rows = connection.execute(_EVENTS, {"run": run_id, "after": after}).all()
    if not rows:
        run(connection, run_id)
    return [event_of(row) for row in rows]


def exchange(connection: Connection, run_id: str) -> Exchange:
    """Return a run with all its rows."""
    found, its = run(connection, run_id), {"run": run_id}
    own = {message.id: message for message in texts.of_run(connection, run_id)}
    messages = branch_messages(connection, found.branch_id)
    return Exchange(
        run=found,
        messages=tuple(own.get(message.id, message) for message in messages),
        steps=tuple(step_of(row) for row in connection.execute(_STEPS, its)),
        calls=tuple(call_of(row) for row in connection.execute(_CALLS, its)),
        items=tuple(item_of(row) for row in connection.execute(_ITEMS, its)),
    )


def step(connection: Connection, step_id: str) -> Step:
    """Return a step."""
    row = connection.execute(select(*STEP).where(StepRow.id == step_id)).one_or_none()
    if row is None:
        raise NotFound("step", step_id)
    return step_of(row)


def steps(connection: Connection, run_id: str, page: Page | None) -> list[Step]:
    """Return a run's steps by their creation."""
    run(connection, run_id)
    query = select(*STEP).where(StepRow.run_id == run_id)
    return [step_of(row) for row in listed(connection, query, page, StepRow, "step")]


def message(connection: Connection, message_id: str) -> Message:
    """Return a message of any branch."""
    query = select(*MESSAGE).where(MessageRow.id == message_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound("message", message_id)
    return message_of(row)


def messages(
    connection: Connection, thread_id: str, page: Page | None, run_id: str | None = None
) -> list[Message]:
    """Return the active branch's messages, all or those that a run wrote."""
    branch_id = connection.scalar(_SHOWN, {"thread": thread_id})
    if branch_id is None:
        raise NotFound("thread", thread_id)
    return branch_messages(connection, branch_id, page, run_id)


def branch_messages(
    connection: Connection, branch_id: str, page: Page | None = None, run_id: str | None = None
) -> list[Message]:
    """Return the messages of a branch with those it shares of the branches it was forked off."""
    query, given = _OF_BRANCH, {"branch": branch_id}
    if run_id is not None:
        query = query.where(MessageRow.run_id == run_id)
    order = (MessageRow.position,)
    rows = paged(connection, query, page, MessageRow, "message", order, given)
    return [message_of(row) for row in rows]
