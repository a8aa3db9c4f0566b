"""Rows as records and records as rows."""

from collections.abc import Collection, Sequence
from dataclasses import fields
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Executable, Row
from sqlalchemy.dialects import postgresql, sqlite

from conversation.events import Logged
from conversation.records import (
    Branch,
    CallRecord,
    Message,
    Run,
    RunError,
    Step,
    StoredItem,
    Thread,
    Usage,
)
from conversation.turns import ProviderItem, ToolCall
from storage.tables import Base, BranchRow, MessageRow, StepRow

Values = dict[str, Any]

_PLAIN_RUN: Final = tuple(
    field.name for field in fields(Run) if field.name not in ("usage", "error")
)


def columns_of(table: type[Base], record: type[Any]) -> list[ColumnElement[Any]]:
    """Return the columns that hold the fields of a record."""
    return [table.__table__.c[field.name] for field in fields(record)]


MESSAGE: Final = columns_of(MessageRow, Message)
STEP: Final = columns_of(StepRow, Step)
BRANCH: Final = tuple(BranchRow.__table__.c)


def values_of(record: Any) -> Values:
    """Return a record's fields by name."""
    return {field.name: getattr(record, field.name) for field in fields(record)}


def message_of(row: Row[*tuple[Any, ...]]) -> Message:
    """Return a row of `MESSAGE` as a record."""
    return Message(**row._mapping)


def step_of(row: Row[*tuple[Any, ...]]) -> Step:
    """Return a row of `STEP` as a record."""
    return Step(**row._mapping)


def thread_of(row: Any) -> Thread:
    """Return a row of threads as a record."""
    return Thread(
        id=row.id,
        branch_id=row.active_branch_id,
        title=row.title,
        titled_by=row.titled_by,
        pinned=row.pinned,
        instructions=row.instructions,
        resources=row.resources,
        metadata=row.metadata,
        project_id=row.project_id,
        created_at=row.created_at,
    )


def branch_of(row: Any) -> Branch:
    """Return a row of `BRANCH` as a record."""
    values = dict(row._mapping)
    return Branch(parent_id=values.pop("parent_branch_id"), **values)


def branch_values(branch: Branch) -> Values:
    """Return a branch as a row."""
    values = values_of(branch)
    return values | {"parent_branch_id": values.pop("parent_id")}


def run_values(run: Run) -> Values:
    """Return a run as a row."""
    usage = usage_values(run.usage)
    error = error_values(run.error) if run.error else {}
    known = {name: getattr(run, name) for name in _PLAIN_RUN}
    spec = run.spec
    return known | usage | error | {
        "provider": spec.provider,
        "model": spec.model,
        "assistant_id": spec.assistant_id,
    }  # fmt: skip


def run_of(row: Any) -> Run:
    """Return a row of runs as a record."""
    usage = Usage(
        input=row.input_tokens,
        output=row.output_tokens,
        cached=row.cached_tokens,
        reasoning=row.reasoning_tokens,
    )
    error = RunError(
        code=row.error_code or "", message=row.error_message or "", hint=row.error_hint or ""
    )
    plain = {name: getattr(row, name) for name in _PLAIN_RUN}
    return Run(**plain, usage=usage, error=error if row.error_code else None)


def usage_values(usage: Usage) -> Values:
    """Return tokens, as columns of runs."""
    return {f"{what}_tokens": count for what, count in values_of(usage).items()}


def error_values(error: RunError) -> Values:
    """Return why a run failed, as columns of runs."""
    return {f"error_{what}": text for what, text in values_of(error).items()}


def call_of(row: Any) -> CallRecord:
    """Return a row of tool calls as a record."""
    call = ToolCall(call_id=row.call_id, name=row.name, arguments=row.arguments, ref=row.ref)
    rest = {
        field.name: getattr(row, field.name) for field in fields(CallRecord) if field.name != "call"
    }
    return CallRecord(call=call, **rest)


def call_values(record: CallRecord) -> Values:
    """Return a tool call as a row."""
    values = values_of(record)
    return values | values_of(values.pop("call"))


def item_of(row: Any) -> StoredItem:
    """Return a row of items as a record."""
    item = ProviderItem(provider=row.provider, body=row.body)
    return StoredItem(run_id=row.run_id, round=row.round, position=row.position, item=item)


def item_values(record: StoredItem) -> Values:
    """Return a provider's item as a row."""
    values = values_of(record)
    return values | values_of(values.pop("item"))


def event_of(row: Any) -> Logged:
    """Return a row of events as a record."""
    return Logged(run_id=row.run_id, seq=row.seq, at=row.at, event=row.body)


def event_values(line: Logged) -> Values:
    """Return a line of the log as a row."""
    return {
        "run_id": line.run_id,
        "seq": line.seq,
        "at": line.at,
        "kind": line.event.kind,
        "body": line.event,
    }


def inserting(dialect: str, table: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """Return an `INSERT` that can say what to do about a row that is there already."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def put(
    connection: Connection,
    table: type[Base],
    rows: Sequence[Values],
    *,
    leaving: Collection[str] = (),
    **given: Any,
) -> None:
    """Add rows, or replace those of the same key but for the columns in `leaving`.

    `given` holds only for those that are added.
    """
    if rows:
        changed = tuple(name for name in rows[0] if name not in leaving)
        more = tuple(given.items())
        connection.execute(_putting(connection.dialect.name, table, changed, more), list(rows))


@cache  # there are a few; making one takes longer than executing it
def _putting(
    dialect: str, table: type[Base], changed: tuple[str, ...], given: tuple[tuple[str, Any], ...]
) -> Executable:
    columns = table.__table__.c
    key = ["id"] if "id" in columns else [column.name for column in table.__table__.primary_key]
    statement = inserting(dialect, table).values(**dict(given))
    replaced = [name for name in changed if name in columns and name not in key]
    changes = {name: statement.excluded[name] for name in replaced}
    return statement.on_conflict_do_update(index_elements=key, set_=changes)
