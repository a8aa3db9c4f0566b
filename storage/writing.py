"""Beginning a run and moving it: jobs for the writer."""

from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, bindparam, func, insert, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from conversation.errors import NotFound, Superseded, ThreadBusy
from conversation.events import Logged
from conversation.records import Message, Opening, Run, Thread, Usage, Write
from conversation.script import State
from storage import closing
from storage.rows import (
    Values,
    call_values,
    error_values,
    event_values,
    inserting,
    item_values,
    put,
    run_values,
    usage_values,
    values_of,
)
from storage.rules import ends, logged, may_apply, sets_waiting
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

_BRANCH: Final[ColumnElement[str]] = bindparam("in_branch")
_POSITION: Final = (
    func.coalesce(
        select(func.max(MessageRow.position))
        .where(MessageRow.branch_id == _BRANCH)
        .scalar_subquery(),
        select(BranchRow.fork_position - 1).where(BranchRow.id == _BRANCH).scalar_subquery(),
        0,
    )
    + 1
)
_COUNTS: Final = frozenset({"seq", *usage_values(Usage())})
_PROJECT: Final = (
    select(ThreadRow.project_id).where(ThreadRow.id == bindparam("in_thread")).scalar_subquery()
)


def accept(connection: Connection, opening: Opening, now: datetime) -> list[Logged]:
    """Begin a run: its thread if that is new, itself, its messages and its first events."""
    run = opening.run
    if opening.thread:
        _add_thread(connection, opening.thread)
    elif not connection.scalar(select(ThreadRow.id).where(ThreadRow.id == run.thread_id)):
        raise NotFound("thread", run.thread_id)
    _add_run(connection, run, len(opening.events))
    _put_messages(connection, opening.messages)
    lines = logged(run.id, opening.events, len(opening.events), now)
    _log(connection, lines)
    return lines


def write(connection: Connection, step: Write, now: datetime) -> list[Logged]:
    """Make one step of a run, or raise `Superseded` or `NotFound` and change nothing."""
    last = _moved(connection, step, now) if may_apply(step) else None
    if last is None:
        known = connection.scalar(select(RunRow.id).where(RunRow.id == step.run_id))
        raise Superseded(step.run_id) if known else NotFound("run", step.run_id)
    _put_messages(connection, step.messages)
    put(connection, StepRow, [values_of(row) for row in step.steps])
    put(connection, ToolCallRow, [call_values(row) for row in step.calls])
    put(connection, ItemRow, [item_values(row) for row in step.items])
    lines = logged(step.run_id, step.events, last, now)
    _log(connection, lines)
    if ends(step):
        closing.close(connection, step, now)
    return lines


def _add_thread(connection: Connection, thread: Thread) -> None:
    values = values_of(thread)
    values["active_branch_id"] = values.pop("branch_id")
    connection.execute(insert(ThreadRow), values)
    connection.execute(insert(BranchRow), {"id": thread.branch_id, "thread_id": thread.id})


def _add_run(connection: Connection, run: Run, seq: int) -> None:
    values = run_values(run) | {"state": State.READY, "seq": seq}
    added = inserting(connection.dialect.name, RunRow).on_conflict_do_nothing(
        index_elements=["thread_id"], index_where=UNDER_WAY
    )
    if connection.scalar(added.returning(RunRow.id), values) is None:
        raise ThreadBusy(run.thread_id, _latest_run(connection, run.thread_id))


def _latest_run(connection: Connection, thread_id: str) -> str:
    latest = select(RunRow.id).where(RunRow.thread_id == thread_id)
    return connection.scalar(latest.order_by(RunRow.number.desc()).limit(1)) or ""


def _moved(connection: Connection, step: Write, now: datetime) -> int | None:
    """Compare and set: return the run's new `seq`, or None if it is not where it should be."""
    checked = {"id": step.run_id, "state": step.expect, "fence": step.fence, "seq": step.seq}
    checked = {name: value for name, value in checked.items() if value is not None}
    changes = _changes(step, now)
    values = {f"is_{name}": value for name, value in checked.items()}
    values |= {f"new_{name}": value for name, value in changes.items()}
    return connection.scalar(_moving(tuple(checked), tuple(changes)), values)


@cache  # there are a few; making one takes longer than executing it
def _moving(checked: tuple[str, ...], changed: tuple[str, ...]) -> ReturningUpdate[int]:
    columns = RunRow.__table__.c
    as_expected = (columns[name] == bindparam(f"is_{name}") for name in checked)
    changes = {name: _changed(columns[name]) for name in changed}
    return update(RunRow).where(*as_expected).values(changes).returning(RunRow.seq)


def _changed(column: ColumnElement[Any]) -> ColumnElement[Any]:
    given: ColumnElement[Any] = bindparam(f"new_{column.name}", type_=column.type)
    if column.name in _COUNTS:
        return column + given
    return func.coalesce(column, given) if column.name == "started_at" else given


def _changes(step: Write, now: datetime) -> Values:
    """Return what becomes of the run's columns; to those of `_COUNTS` it is added."""
    changes: Values = {"state": step.to, "seq": len(step.events)}
    if step.to == State.STARTED:
        changes["started_at"] = now
    if ends(step):
        changes["ended_at"] = now
    if ends(step) or step.release:
        changes["worker_id"] = None
    if sets_waiting(step):
        changes["waiting"] = None if ends(step) else step.waiting
    return changes | _outcome(step)


def _outcome(step: Write) -> Values:
    outcome = error_values(step.error) if step.error else {}
    if step.incomplete_reason is not None:
        outcome["incomplete_reason"] = step.incomplete_reason
    return outcome | (usage_values(step.usage) if step.usage else {})


def _put_messages(connection: Connection, messages: tuple[Message, ...]) -> None:
    rows = [
        values_of(message) | {"in_branch": message.branch_id, "in_thread": message.thread_id}
        for message in messages
    ]
    for row in rows:
        del row["position"]
    put(connection, MessageRow, rows, position=_POSITION, project_id=_PROJECT)


def _log(connection: Connection, lines: list[Logged]) -> None:
    if lines:
        connection.execute(insert(EventRow), [event_values(line) for line in lines])
