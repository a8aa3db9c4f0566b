"""The tables of the distributed queue: procrastinate's own schema and migrations.

procrastinate does not note how far it was migrated. We do, as a comment on its main table; tables
without one are another program's, which then migrates them.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import psycopg
from procrastinate.schema import SchemaManager
from psycopg import sql

from conversation.errors import StoreUnavailable

_TABLE: Final = "procrastinate_jobs"
_LOCK: Final = 7_270_540
_FOREIGN: Final = ""
_STATE: Final = (
    "SELECT to_regclass(%(table)s) IS NOT NULL,"
    " coalesce(obj_description(to_regclass(%(table)s), 'pg_class'), '')"
)


def prepare(connect: Mapping[str, Any]) -> None:
    """Make the tables, or migrate them; safe when two do so at once, and quick when it is done."""
    try:
        with psycopg.connect(**connect, autocommit=True) as connection:
            if _version(connection) in {newest(), _FOREIGN}:
                return
            # Before the transaction: one that had begun would not see what is made meanwhile.
            connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
            with connection.transaction():
                _upgrade(connection, _version(connection))
    except psycopg.Error as error:
        raise StoreUnavailable(
            "The tables of the queue of runs can't be made.",
            hint="Let the database's owner run `python -m setup.db_setup`, or set "
            "RUN_QUEUE=embedded.",
        ) from error


def newest() -> str:
    """Return the name of the last migration that there is."""
    return _migrations()[-1].stem


def _migrations() -> list[Path]:
    return sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))


def _version(connection: psycopg.Connection) -> str | None:
    """Return the last migration that was made; None where there are no tables."""
    row = connection.execute(_STATE, {"table": _TABLE}).fetchone()
    return str(row[1]) if row and row[0] else None


def _upgrade(connection: psycopg.Connection, version: str | None) -> None:
    if version is None:
        _execute(connection, SchemaManager.get_schema())
    elif version != _FOREIGN:
        for migration in _migrations():
            if migration.stem > version:
                _execute(connection, migration.read_text())
    else:
        return
    noted = sql.SQL("COMMENT ON TABLE {} IS {}")
    connection.execute(noted.format(sql.Identifier(_TABLE), sql.Literal(newest())))


def _execute(connection: psycopg.Connection, script: str) -> None:
    connection.execute(script.encode())
