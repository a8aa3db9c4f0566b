"""What many runs add up to."""

import json
from datetime import UTC, date, datetime
from typing import Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    case,
    func,
    literal_column,
    select,
)

from conversation.history import (
    Bucket,
    ErrorReason,
    Filter,
    ModelSpeed,
    Overview,
    Spending,
    ToolUse,
)
from storage.expressions import bucket_of
from storage.history_filter import FAILED, fitting, is_limited
from storage.percentiles import Conditions, Values, percentiles
from storage.tables import RunRow, ToolCallRow
from storage.words import parse

MOST_BUCKETS: Final = 100
BUCKETS: Final = (60, 300, 900, 3600, 4 * 3600, 12 * 3600, 86_400, 7 * 86_400, 28 * 86_400)
"""How long a stretch of time may be, in seconds."""

_DAY: Final = 86_400


def overview(connection: Connection, wanted: Filter) -> Overview:
    """Return what the runs that fit add up to."""
    conditions = _found_once(connection, fitting(wanted, connection.dialect.name), wanted)
    first, last, runs = connection.execute(
        select(func.min(RunRow.created_at), func.max(RunRow.created_at), func.count()).where(
            *conditions
        )
    ).one()
    size = bucket_size(wanted.since or first, wanted.until or last)
    return Overview(
        runs=runs,
        bucket_seconds=size,
        over_time=_over_time(connection, conditions, size),
        speed=_speed(connection, conditions),
        spending=_spending(connection, conditions),
        tools=_tools(connection, wanted, conditions),
        errors=_errors(connection, conditions),
    )


def _found_once(connection: Connection, conditions: Conditions, wanted: Filter) -> Conditions:
    """Return conditions that stand for the same runs, without looking a text up each time.

    PostgreSQL is left to itself: it knows how many runs a word is in, and not how many are listed.
    """
    if connection.dialect.name != "sqlite" or not parse(wanted.text):
        return conditions
    numbers = connection.scalars(select(RunRow.number).where(*conditions)).all()
    listed = func.json_each(json.dumps(list(numbers))).table_valued("value")
    return [RunRow.number.in_(select(listed.c.value))]


def bucket_size(start: datetime | None, end: datetime | None) -> int:
    """Return how long a bucket is, so that there are not too many between two times."""
    length = (end - start).total_seconds() if start and end else 0.0
    fitting_sizes = (size for size in BUCKETS if length / size <= MOST_BUCKETS)
    return next(fitting_sizes, BUCKETS[-1])


def _over_time(connection: Connection, conditions: Conditions, size: int) -> tuple[Bucket, ...]:
    start = _bucket(size)
    query = (
        select(start.label("start"), RunRow.state, func.count().label("runs"))
        .where(*conditions)
        .group_by("start", RunRow.state)
        .order_by("start", RunRow.state)
    )
    return tuple(
        Bucket(start=_time(row.start), state=row.state, runs=row.runs)
        for row in connection.execute(query)
    )


def _speed(connection: Connection, conditions: Conditions) -> tuple[ModelSpeed, ...]:
    durations = Values(RunRow.model, RunRow.duration, conditions)
    first_tokens = Values(RunRow.model, RunRow.first_token, conditions)
    query = (
        select(RunRow.model, func.count(), durations.count, first_tokens.count)
        .where(*conditions)
        .group_by(RunRow.model)
    )
    rows = connection.execute(query).all()
    duration = percentiles(connection, durations, {model: count for model, _, count, _ in rows})
    first = percentiles(connection, first_tokens, {model: count for model, *_, count in rows})
    return tuple(
        ModelSpeed(model=model, runs=runs, duration=duration[model], first_token=first[model])
        for model, runs, *_ in sorted(rows, key=lambda row: (-row[1], row[0]))
    )


def _spending(connection: Connection, conditions: Conditions) -> tuple[Spending, ...]:
    query = (
        select(
            _bucket(_DAY).label("day"),
            RunRow.model,
            func.count().label("runs"),
            func.sum(RunRow.input_tokens).label("input_tokens"),
            func.sum(RunRow.output_tokens).label("output_tokens"),
            func.sum(RunRow.cost).label("cost"),
        )
        .where(*conditions)
        .group_by("day", RunRow.model)
    )
    rows = [dict(row._mapping) for row in connection.execute(query)]
    spent = (Spending(**row | {"day": _date(row["day"])}) for row in rows)
    return tuple(sorted(spent, key=lambda one: (one.day, one.model)))


def _tools(connection: Connection, wanted: Filter, conditions: Conditions) -> tuple[ToolUse, ...]:
    of_runs: Conditions = []
    if is_limited(wanted):
        of_runs = [ToolCallRow.run_id.in_(select(RunRow.id).where(*conditions))]
    seconds = Values(ToolCallRow.name, ToolCallRow.seconds, of_runs)
    failed = func.sum(case((ToolCallRow.failed, 1), else_=0))
    query = (
        select(ToolCallRow.name, func.count(), failed, seconds.count)
        .where(*of_runs)
        .group_by(ToolCallRow.name)
    )
    rows = connection.execute(query).all()
    duration = percentiles(connection, seconds, {name: count for name, *_, count in rows})
    return tuple(
        ToolUse(name=name, calls=calls, failed=failures, duration=duration[name])
        for name, calls, failures, _ in sorted(rows, key=lambda row: (-row[1], row[0]))
    )


def _errors(connection: Connection, conditions: Conditions) -> tuple[ErrorReason, ...]:
    code = func.coalesce(RunRow.error_code, RunRow.incomplete_reason, RunRow.state)
    newest = func.row_number().over(
        partition_by=code, order_by=(RunRow.created_at.desc(), RunRow.number.desc())
    )
    ranked = (
        select(
            code.label("code"),
            func.coalesce(RunRow.error_message, "").label("message"),
            RunRow.created_at.label("last"),
            func.count().over(partition_by=code).label("runs"),
            newest.label("place"),
        )
        .where(RunRow.state.in_(FAILED), *conditions)
        .subquery()
    )
    rows = connection.execute(select(ranked).where(ranked.c.place == 1)).all()
    reasons = (
        ErrorReason(code=row.code, runs=row.runs, message=row.message, last=row.last)
        for row in rows
    )
    return tuple(sorted(reasons, key=lambda one: (-one.runs, one.code)))


def _bucket(size: int) -> ColumnElement[int]:
    return bucket_of(RunRow.created_at, literal_column(str(int(size))))


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _date(seconds: int) -> date:
    return _time(seconds).date()
