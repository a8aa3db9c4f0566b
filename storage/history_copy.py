"""A part of the log as an SQLite file of its own, for any SQL tool; it can't be written to."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    MetaData,
    Table,
    Text,
    and_,
    cast,
    or_,
    select,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateTable

from conversation.history import Filter
from storage.columns import Kept
from storage.history_filter import fitting
from storage.schema import MIGRATIONS
from storage.tables import (
    Base,
    BranchRow,
    EventRow,
    MessageRow,
    RunRow,
    StepRow,
    ThreadRow,
    ToolCallRow,
)
from storage.thread_tables import FeedbackRow

RUNS_AT_ONCE: Final = 200
TABLES: Final = (
    ThreadRow, BranchRow, MessageRow, RunRow, StepRow, ToolCallRow, EventRow, FeedbackRow,
)  # fmt: skip
INDEXES: Final = (("runs", "thread_id"), ("messages", "thread_id"), ("messages", "run_id"))
READ_ONLY: Final = 0o444

Portion = tuple[list[str], list[str], list[str]]
"""The ids of some runs, of the messages that began them, and of their threads."""


def copy(connection: Connection, wanted: Filter, file: Path) -> None:
    """Write the runs that fit, with all that is theirs, to `file`, which is whole or not there."""
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(part)) as target, target:
            target.execute("PRAGMA synchronous=OFF")
            _lay_out(target)
            for portion in _portions(connection, wanted):
                _fill(connection, target, portion)
        part.chmod(READ_ONLY)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def _lay_out(target: sqlite3.Connection) -> None:
    for table in TABLES:
        plain = Table(table.__tablename__, MetaData(), *(_plain(c) for c in _columns(table)))
        target.execute(str(CreateTable(plain).compile(dialect=sqlite.dialect())))
    for name, column in INDEXES:
        target.execute(f"CREATE INDEX ix_{name}_{column} ON {name} ({column})")
    target.execute(f"CREATE VIEW run_details AS {_details()}")


def _details() -> str:
    """Return the query behind the view, as the migration that made it has it."""
    from alembic.script import ScriptDirectory

    first = ScriptDirectory(str(MIGRATIONS)).get_revision("0001")
    query: str = first.module.details("sqlite")
    return query


def _portions(connection: Connection, wanted: Filter) -> Iterator[Portion]:
    query = (
        select(RunRow.number, RunRow.id, RunRow.message_id, RunRow.thread_id)
        .where(*fitting(wanted, connection.dialect.name))
        .order_by(RunRow.number)
    )
    found = connection.execute(query, execution_options={"yield_per": RUNS_AT_ONCE})
    for rows in found.partitions():
        begun_by = [row.message_id for row in rows if row.message_id]
        yield [row.id for row in rows], begun_by, sorted({row.thread_id for row in rows})


def _fill(connection: Connection, target: sqlite3.Connection, portion: Portion) -> None:
    runs, begun_by, threads = portion
    belonging: dict[type[Base], ColumnElement[bool]] = {
        ThreadRow: ThreadRow.id.in_(threads),
        BranchRow: BranchRow.thread_id.in_(threads),
        MessageRow: or_(
            MessageRow.run_id.in_(runs), MessageRow.id.in_(begun_by), _of_no_run(threads)
        ),
        RunRow: RunRow.id.in_(runs),
        StepRow: StepRow.run_id.in_(runs),
        ToolCallRow: ToolCallRow.run_id.in_(runs),
        EventRow: EventRow.run_id.in_(runs),
        FeedbackRow: FeedbackRow.run_id.in_(runs),
    }
    for table, condition in belonging.items():
        columns = _columns(table)
        places = ", ".join("?" * len(columns))
        rows = connection.execute(select(*map(_readable, columns)).where(condition))
        target.executemany(
            f"INSERT OR IGNORE INTO {table.__tablename__} VALUES ({places})",  # noqa: S608
            (tuple(map(_written, row)) for row in rows),
        )


def _of_no_run(threads: list[str]) -> ColumnElement[bool]:
    """Return the condition for messages that API clients gave their threads for any run."""
    own = select(RunRow.message_id).where(
        RunRow.thread_id.in_(threads), RunRow.message_id.is_not(None)
    )
    return and_(
        MessageRow.thread_id.in_(threads), MessageRow.run_id.is_(None), MessageRow.id.not_in(own)
    )


def _columns(table: type[Base]) -> list[Column[Any]]:
    columns: list[Column[Any]] = [*Base.metadata.tables[table.__tablename__].columns]
    return columns


def _plain(column: Column[Any]) -> Column[Any]:
    """Return the column without what ties it to tables that are not copied."""
    key = column.primary_key
    return Column(
        column.name, column.type, primary_key=key, nullable=column.nullable, unique=column.unique
    )


def _readable(column: Column[Any]) -> ColumnElement[Any]:
    return cast(column, Text) if isinstance(column.type, Kept) else column


def _written(value: Any) -> Any:
    return value.strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(value, datetime) else value
