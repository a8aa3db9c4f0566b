"""A run's log as rows to show: each event with where the run stood after it."""

import json
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    case,
    column,
    func,
    literal_column,
    select,
    table,
)

from conversation.history import StepLine
from conversation.script import State
from storage.columns import Stated
from storage.expressions import number_in, text_in
from storage.history_lists import Columns
from storage.tables import EventRow

_DETAILS: Final = table(
    "run_details",
    *(column(name, Text()) for name in ("run_id", "type", "tool", "input", "output")),
    column("seq"),
)
_LISTS: Final = ("tool_calls", "submit_tool_outputs")
_DECIDED: Final = {"1": "true", "0": "false"}
_SECONDS: Final[ColumnElement[str]] = literal_column("'seconds'")
_AFTER: Final[ColumnElement[str]] = literal_column("'after'")


def steps_query(run_id: str, *, calls_only: bool) -> tuple[Select[Any], Columns]:
    """Return the query for a run's steps, and its columns by the names of `StepLine`."""
    log = _log(run_id).subquery("log")
    moved = EventRow.__table__.alias("moved")
    state = func.coalesce(text_in(moved.c.body, _AFTER), State.NEW.value, type_=Stated())
    columns: Columns = {
        "seq": log.c.seq,
        "type": log.c.type,
        "tool": log.c.tool,
        "input": log.c.input,
        "output": log.c.output,
        "state": state,
        "duration": log.c.duration,
        "at": log.c.at,
    }
    query = (
        select(*(value.label(name) for name, value in columns.items()))
        .select_from(log)
        .outerjoin(moved, and_(moved.c.run_id == run_id, moved.c.seq == log.c.moved_at))
    )
    return query.where(log.c.kind == "tool_executed") if calls_only else query, columns


def count_query(run_id: str, *, calls_only: bool) -> Select[Any]:
    """Return the query for how many of them there are."""
    query = select(func.count()).where(EventRow.run_id == run_id)
    return query.where(EventRow.kind == "tool_executed") if calls_only else query


def step_of(row: Any) -> StepLine:
    """Return a row as a line, its JSON as both databases would write it."""
    values = {**row._mapping}
    if values["type"] in _LISTS:
        values["input"] = json.dumps(json.loads(values["input"]), ensure_ascii=False)
    if values["type"] == "approval" and values["output"] is not None:
        values["output"] = _DECIDED.get(values["output"], values["output"])
    return StepLine(**values)


def _log(run_id: str) -> Select[Any]:
    moving = case((EventRow.kind == "state_changed", EventRow.seq))
    seconds = case((EventRow.kind == "tool_executed", number_in(EventRow.body, _SECONDS)))
    shown = (_DETAILS.c[name] for name in ("type", "tool", "input", "output"))
    return (
        select(
            EventRow.seq,
            EventRow.kind,
            EventRow.at,
            *shown,
            seconds.label("duration"),
            func.max(moving).over(order_by=EventRow.seq).label("moved_at"),
        )
        .join(_DETAILS, and_(_DETAILS.c.run_id == run_id, _DETAILS.c.seq == EventRow.seq))
        .where(EventRow.run_id == run_id)
    )
