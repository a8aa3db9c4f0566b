"""Beginning a run and moving it: jobs for the writer."""

from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    bindparam,
    func,
    insert,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from conversation.errors import NotFound, Superseded
from conversation.events import Logged
from conversation.records import Message, Opening, Run, Thread, Usage, Write
from conversation.script import State
from storage import branching, closing, queueing, summaries
from storage.columns import UtcTime
from storage.expressions import seconds_between
from storage.rows import (
    Values,
    call_values,
    error_values,
    event_values,
    item_values,
    put,
    run_values,
    usage_values,
    values_of,
)
from storage.rules import ends, logged, may_apply, sets_waiting, starts, title_in, titled
from storage.tables import (
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

_BRANCH: Final[ColumnElement[str]] = bindparam("in_branch")
# A branch that was forked off shares what precedes its fork, also where that was deleted since.
_TAKEN: Final = union_all(
    select(func.max(MessageRow.position).label("position")).where(MessageRow.branch_id == _BRANCH),
    select(func.max(BranchRow.fork_position) - 1).where(
        or_(BranchRow.id == _BRANCH, BranchRow.parent_branch_id == _BRANCH)
    ),
).subquery()
_POSITION: Final = func.coalesce(select(func.max(_TAKEN.c.position)).scalar_subquery(), 0) + 1
_LOGGING: Final = insert(EventRow)
_COUNTS: Final = frozenset({"seq", "tool_calls", "tokens", *usage_values(Usage())})
_SUMS: Final = frozenset({"cost"})
_FIRSTS: Final = frozenset({"started_at", "first_token"})
_DURATIONS: Final = frozenset({"first_token", "duration"})
_PROJECT: Final = (
    select(ThreadRow.project_id).where(ThreadRow.id == bindparam("in_thread")).scalar_subquery()
)


def accept(connection: Connection, opening: Opening, now: datetime) -> list[Logged]:
    """Begin a run: its thread or branch if that is new, itself, its messages and first events."""
    run, length = opening.run, len(opening.events)
    if opening.thread:
        thread = titled(opening.thread, opening.messages)
        add_thread(connection, thread, summaries.new_thread(run, length, now))
    else:
        _join_thread(connection, opening, now)
    if opening.branch:
        branching.add(connection, opening.branch)
    _add_run(connection, run, length)
    summaries.index_opening(connection, opening, now)
    put_messages(connection, opening.messages)
    lines = logged(run.id, opening.events, length, now)
    _log(connection, lines)
    return lines


def write(connection: Connection, step: Write, now: datetime) -> list[Logged]:
    """Make one step of a run, or raise `Superseded` or `NotFound` and change nothing.

    Messages come after the thread's row, here as in `accept`: who has that row, changed but not
    committed, is alone in finding the next position.
    """
    dollars = summaries.price(connection, step)
    moved = _moved(connection, step, dollars, now) if may_apply(step) else None
    if moved is None:
        known = connection.scalar(select(RunRow.id).where(RunRow.id == step.run_id))
        raise Superseded(step.run_id) if known else NotFound("run", step.run_id)
    summaries.run_moved(connection, step, moved.thread_id, dollars, now)
    put_messages(connection, step.messages)
    put(connection, StepRow, [values_of(row) for row in step.steps])
    put(connection, ToolCallRow, [call_values(row) for row in step.calls])
    put(connection, ItemRow, [item_values(row) for row in step.items])
    put(connection, ModelCallRow, [values_of(row) for row in step.model_calls])
    lines = logged(step.run_id, step.events, moved.seq, now)
    _log(connection, lines)
    summaries.index_step(connection, step, moved.thread_id, now)
    if ends(step):
        closing.close(connection, step, moved.thread_id, now)
    return lines


def add_thread(connection: Connection, thread: Thread, summary: Values) -> None:
    """Add a thread and its first branch; `summary` is what the thread adds up to."""
    values = values_of(thread) | summary
    values["active_branch_id"] = values.pop("branch_id")
    connection.execute(insert(ThreadRow), values)
    connection.execute(insert(BranchRow), {"id": thread.branch_id, "thread_id": thread.id})


def _join_thread(connection: Connection, opening: Opening, now: datetime) -> None:
    """Add a run to a thread there is, which from then on no other run can join."""
    run = opening.run
    title = title_in(opening.messages)
    if not summaries.run_begins(connection, run, title, len(opening.events), now):
        raise NotFound("thread", run.thread_id)
    if opening.queued_id is not None:
        queueing.take(connection, opening.queued_id)
    branching.refuse_busy(connection, run.thread_id)


def _add_run(connection: Connection, run: Run, seq: int) -> None:
    tokens = run.usage.input + run.usage.output
    values = run_values(run) | {"state": State.READY, "seq": seq, "tokens": tokens}
    connection.execute(insert(RunRow), values)


def _moved(
    connection: Connection, step: Write, dollars: float | None, now: datetime
) -> Row[int, str] | None:
    """Compare and set: return the run's new `seq` and its thread; None if it is elsewhere."""
    checked = {"id": step.run_id, "state": step.expect, "fence": step.fence, "seq": step.seq}
    checked = {name: value for name, value in checked.items() if value is not None}
    changes = _changes(step, now)
    if dollars is not None:
        changes["cost"] = dollars
    values = {f"is_{name}": value for name, value in checked.items()}
    values |= {f"new_{name}": value for name, value in changes.items()}
    return connection.execute(_moving(tuple(checked), tuple(changes)), values).one_or_none()


@cache  # there are a few; making one takes longer than executing it
def _moving(checked: tuple[str, ...], changed: tuple[str, ...]) -> ReturningUpdate[int, str]:
    columns = RunRow.__table__.c
    as_expected = (columns[name] == bindparam(f"is_{name}") for name in checked)
    changes = {name: _changed(columns[name]) for name in changed}
    return (
        update(RunRow).where(*as_expected).values(changes).returning(RunRow.seq, RunRow.thread_id)
    )


def _changed(column: ColumnElement[Any]) -> ColumnElement[Any]:
    seconds = column.name in _DURATIONS
    type_ = UtcTime() if seconds else column.type
    given: ColumnElement[Any] = bindparam(f"new_{column.name}", type_=type_)
    if column.name in _COUNTS:
        return column + given
    if column.name in _SUMS:
        return func.coalesce(column, 0.0) + given
    if seconds:
        given = seconds_between(RunRow.created_at, given)
    return func.coalesce(column, given) if column.name in _FIRSTS else given


def _changes(step: Write, now: datetime) -> Values:
    """Return what becomes of the run's columns.

    To those of `_COUNTS` and `_SUMS` (which may be empty) it is added, those of `_FIRSTS` keep
    what they have; those of `_DURATIONS` are given as the time up to which they last.
    """
    changes: Values = {"seq": len(step.events)}
    if step.to != step.expect:  # a heartbeat leaves alone the indexes that have the state
        changes["state"] = step.to
    if starts(step):
        changes["started_at"] = now
    if ends(step):
        changes |= {"ended_at": now, "duration": now}
    if summaries.speaks(step.messages):
        changes["first_token"] = now
    if calls := summaries.calls_in(step.events):
        changes["tool_calls"] = calls
    if ends(step) or step.release:
        changes["worker_id"] = None
    if sets_waiting(step):
        changes["waiting"] = None if ends(step) else step.waiting
    return changes | _outcome(step)


def _outcome(step: Write) -> Values:
    outcome = error_values(step.error) if step.error else {}
    if step.incomplete_reason is not None:
        outcome["incomplete_reason"] = step.incomplete_reason
    if step.usage is None:
        return outcome
    return outcome | usage_values(step.usage) | {"tokens": step.usage.input + step.usage.output}


def put_messages(connection: Connection, messages: tuple[Message, ...]) -> None:
    """Add messages, each at the end of its branch, or replace those that are there.

    Those keep the metadata they have: clients of the API may have changed it meanwhile.
    """
    rows = [
        values_of(message) | {"in_branch": message.branch_id, "in_thread": message.thread_id}
        for message in messages
    ]
    for row in rows:
        del row["position"]
    put(
        connection,
        MessageRow,
        rows,
        leaving=("metadata",),
        position=_POSITION,
        project_id=_PROJECT,
    )


def _log(connection: Connection, lines: list[Logged]) -> None:
    if lines:
        connection.execute(_LOGGING, [event_values(line) for line in lines])
