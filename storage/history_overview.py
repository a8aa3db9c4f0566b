"""What many runs add up to.

Percentiles are by nearest rank: the p-th is the smallest of the values that at least p percent of
them do not exceed. So it is always one of them, and both databases find the same one.
"""

from datetime import UTC, date, datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Subquery,
    case,
    func,
    literal,
    literal_column,
    select,
)

from conversation.history import (
    Bucket,
    ErrorReason,
    Filter,
    ModelSpeed,
    Overview,
    Percentiles,
    Spending,
    ToolUse,
)
from storage.expressions import bucket_of
from storage.history_filter import FAILED, fitting, is_limited
from storage.tables import RunRow, ToolCallRow

MOST_BUCKETS: Final = 100
BUCKETS: Final = (60, 300, 900, 3600, 4 * 3600, 12 * 3600, 86_400, 7 * 86_400, 28 * 86_400)
"""How long a stretch of time may be, in seconds."""

_DAY: Final = 86_400
_WANTED: Final = (50, 95, 99)

Conditions = list[ColumnElement[bool]]


def overview(connection: Connection, wanted: Filter) -> Overview:
    """Return what the runs that fit add up to."""
    conditions = fitting(wanted, connection.dialect.name)
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
    runs = select(RunRow.model.label("name"), func.count()).where(*conditions).group_by("name")
    counts = dict(connection.execute(runs).tuples().all())
    duration = _percentiles(connection, _values(RunRow.model, RunRow.duration, conditions))
    first = _percentiles(connection, _values(RunRow.model, RunRow.first_token, conditions))
    return tuple(
        ModelSpeed(
            model=name,
            runs=count,
            duration=duration.get(name, NONE),
            first_token=first.get(name, NONE),
        )
        for name, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))
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
    query = (
        select(
            ToolCallRow.name,
            func.count(),
            func.sum(case((ToolCallRow.failed, 1), else_=0)),
        )
        .where(*of_runs)
        .group_by(ToolCallRow.name)
    )
    used = {name: (calls, failed) for name, calls, failed in connection.execute(query)}
    durations = _percentiles(connection, _values(ToolCallRow.name, ToolCallRow.seconds, of_runs))
    return tuple(
        ToolUse(name=name, calls=calls, failed=failed, duration=durations.get(name, NONE))
        for name, (calls, failed) in sorted(used.items(), key=lambda one: (-one[1][0], one[0]))
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


NONE: Final = Percentiles(p50=None, p95=None, p99=None)


def _values(
    name: ColumnElement[str] | Any, value: ColumnElement[float] | Any, conditions: Conditions
) -> Subquery:
    """Return the query for values by name, each with its rank and how many there are."""
    return (
        select(
            name.label("name"),
            value.label("value"),
            func.row_number().over(partition_by=name, order_by=value).label("place"),
            func.count().over(partition_by=name).label("among"),
        )
        .where(value.is_not(None), *conditions)
        .subquery()
    )


def _percentiles(connection: Connection, ranked: Subquery) -> dict[str, Percentiles]:
    at_rank = (
        func.max(case((ranked.c.place == _rank(percent, ranked.c.among), ranked.c.value)))
        for percent in _WANTED
    )
    query: Select[Any] = select(ranked.c.name, *at_rank).group_by(ranked.c.name)
    return {
        name: Percentiles(p50=p50, p95=p95, p99=p99)
        for name, p50, p95, p99 in connection.execute(query)
    }


def _rank(percent: int, among: ColumnElement[int]) -> ColumnElement[int]:
    """Return `percent` of a number, rounded up."""
    return (among * literal(percent) + literal(99)) // literal(100)


def _bucket(size: int) -> ColumnElement[int]:
    return bucket_of(RunRow.created_at, literal_column(str(int(size))))


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _date(seconds: int) -> date:
    return _time(seconds).date()
