"""Lists of the history: which rows, in which order.

A window first picks the numbers of its rows, from an index alone where one can tell, and only
then reads the rows: those of runs are wide. A column's empty places come before all values.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    collate,
    func,
    select,
    tuple_,
)

from conversation.errors import BadInput
from conversation.history import RunLine, Sort, ThreadLine, Window
from storage.columns import Stated, Words
from storage.tables import EventRow, RunRow, ThreadRow
from storage.thread_tables import FeedbackRow

LARGEST_WINDOW: Final = 10_000
_LARGEST_OFFSET: Final = 2**62

Row = TypeVar("Row")
Columns = Mapping[str, ColumnElement[Any]]
Mark = tuple[datetime, int]


def columns_of(table: Any, row: type[Any], apart: Columns | None = None, **renamed: str) -> Columns:
    """Return what fills the fields of a row, by their names: columns of a table but for `apart`."""
    known = dict(apart or {})
    names = {name: renamed.get(name, name) for name in row.__dataclass_fields__}
    return {
        name: known[name] if name in known else table.__table__.c[column]
        for name, column in names.items()
    }


@dataclass(frozen=True, slots=True)
class Listing(Generic[Row]):
    """A table as a list of rows to show; `table` has `created_at` and `number`."""

    row: type[Row]
    table: Any
    columns: Columns

    def window(
        self, connection: Connection, keys: Select[Any], sort: Sort, window: Window
    ) -> tuple[Row, ...]:
        """Return a window of the rows whose numbers `keys` selects."""
        return self._rows(connection, self._picked(connection, keys, sort, window), sort)

    def counted(
        self, connection: Connection, keys: Select[Any], sort: Sort, window: Window
    ) -> tuple[tuple[Row, ...], int]:
        """Return a window and how many rows there are in all, found in one go.

        That is quicker where finding the rows takes longer than sorting them.
        """
        picked = self._picked(connection, keys.add_columns(func.count().over()), sort, window)
        found = connection.execute(picked).all()
        if not found:
            return (), count(connection, keys)
        numbers = [number for number, _ in found]
        return self._rows(connection, numbers, sort), found[0][1]

    def marks(
        self, connection: Connection, keys: Select[Any], after: Mark | None, size: int
    ) -> list[Mark]:
        """Return where the oldest `size` rows stand that come after a mark."""
        order = (self.table.created_at, self.table.number)
        if after is not None:
            keys = keys.where(tuple_(*order) > tuple_(*after))
        picked = keys.with_only_columns(*order).order_by(*order).limit(size)
        return [(at, number) for at, number in connection.execute(picked)]

    def at(self, connection: Connection, marks: list[Mark]) -> tuple[Row, ...]:
        """Return the rows that stand at these marks, as far as they are still there."""
        numbers = [number for _, number in marks]
        return self._rows(connection, numbers, Sort(descending=False))

    def _picked(
        self, connection: Connection, keys: Select[Any], sort: Sort, window: Window
    ) -> Select[Any]:
        order = ordered(connection.dialect.name, self.columns, sort, self.table.number)
        return keys.order_by(*order).limit(window.size).offset(offset(window))

    def _rows(self, connection: Connection, numbers: Any, sort: Sort) -> tuple[Row, ...]:
        order = ordered(connection.dialect.name, self.columns, sort, self.table.number)
        query = select(*(column.label(name) for name, column in self.columns.items()))
        query = query.where(self.table.number.in_(numbers)).order_by(*order)
        return tuple(self.row(**line._mapping) for line in connection.execute(query))


@dataclass(frozen=True, slots=True)
class RunKey:
    """A run by its id."""

    run_id: str
    created_at: datetime


THREADS: Final = Listing(
    ThreadLine,
    ThreadRow,
    columns_of(
        ThreadRow, ThreadLine, thread_id="id", assistant_id="last_assistant_id", model="last_model"
    ),
)
_RATING: Final = (
    select(FeedbackRow.rating).where(FeedbackRow.run_id == RunRow.id).correlate(RunRow)
).scalar_subquery()
RUNS: Final = Listing(
    RunLine,
    RunRow,
    columns_of(RunRow, RunLine, {"rating": _RATING}, run_id="id", events="seq"),
)

RUN_KEYS: Final = Listing(RunKey, RunRow, columns_of(RunRow, RunKey, run_id="id"))


def events_of(runs: Sequence[RunKey]) -> Select[Any]:
    """Return the query for the events of runs, run by run."""
    return (
        select(EventRow)
        .join(RunRow, RunRow.id == EventRow.run_id)
        .where(EventRow.run_id.in_([run.run_id for run in runs]))
        .order_by(RunRow.created_at, RunRow.number, EventRow.seq)
    )


def count(connection: Connection, query: Select[Any]) -> int:
    """Return how many rows a query has."""
    return connection.scalar(select(func.count()).select_from(query.subquery())) or 0


def offset(window: Window) -> int:
    """Return how many rows come before a window; `BadInput` for one that can't be."""
    if window.page < 1:
        raise BadInput("page", "Pages count from 1.")
    if not 1 <= window.size <= LARGEST_WINDOW:
        raise BadInput("size", f"A page has 1 to {LARGEST_WINDOW} rows.")
    return min((window.page - 1) * window.size, _LARGEST_OFFSET)


def ordered(
    dialect: str, columns: Columns, sort: Sort, *ties: ColumnElement[Any]
) -> Sequence[ColumnElement[Any]]:
    """Return the order a sort asks for, alike on all databases; `ties` decide what is equal."""
    column = columns.get(sort.column)
    if column is None:
        raise BadInput("sort", f"There is no column '{sort.column}' to sort by.")
    on_server = dialect == "postgresql"
    if on_server and isinstance(column.type, Text | Words | Stated):
        column = collate(column, "C")
    ways = [one.desc() if sort.descending else one.asc() for one in (column, *ties)]
    if on_server and getattr(column, "nullable", True):
        ways[0] = ways[0].nulls_last() if sort.descending else ways[0].nulls_first()
    return ways
