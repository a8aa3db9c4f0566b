"""Engines: how Parley talks to SQLite and PostgreSQL.

SQLite: write-ahead log, durable commits, foreign keys. The driver's own transactions are off:
it begins them late, so that two writers read, both write and one update is lost. Whoever writes
begins IMMEDIATE and waits for its turn.
"""

import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from weakref import WeakSet

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from conversation.errors import StoreUnavailable
from storage.columns import to_json

BUSY_TIMEOUT: Final = 10.0
CONNECT_TIMEOUT: Final = 10
READERS: Final = 8
ONE_MOMENT: Final = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
"""How PostgreSQL is asked for what SQLite's readers have anyway."""
DRIVERS: Final = {
    "sqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
}

_PRIMARY_CODE: Final = 0xFF
_LOOK_AGAIN: Final = 0.01

_engines: WeakSet[Engine] = WeakSet()


def located(url: str, root: Path) -> URL:
    """Return `url` with a relative SQLite path resolved from `root`."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreUnavailable("The database URL can't be read.") from error
    family = parsed.drivername.partition("+")[0]
    if family not in DRIVERS:
        raise StoreUnavailable(f"Parley keeps its data in SQLite or PostgreSQL, not in '{family}'.")
    parsed = parsed.set(drivername=DRIVERS[family])
    if family != "sqlite":
        return parsed
    if parsed.database in (None, "", ":memory:"):
        raise StoreUnavailable("The database URL names no file: threads can't share memory.")
    return parsed.set(database=str(root / str(parsed.database)))


def server_arguments(url: str, root: Path) -> dict[str, Any]:
    """Return what the driver of PostgreSQL is given to connect as the store does."""
    where = located(url, root)
    _, arguments = where.get_dialect()().create_connect_args(where)
    return {**arguments, "connect_timeout": CONNECT_TIMEOUT}


def sqlite_file(url: URL) -> Path | None:
    """Return the file of an SQLite database; None for other databases."""
    if url.get_backend_name() != "sqlite":
        return None
    return Path(url.database or "")


def writing_engine(
    url: URL, *, busy_timeout: float = BUSY_TIMEOUT, may_freeze: bool = False
) -> Engine:
    """Return an engine for writers; on SQLite each of its transactions begins IMMEDIATE.

    One that `may_freeze` is given up by PostgreSQL when it stands still in a transaction, before
    those whom it holds up give up: its process is frozen, or its computer gone.
    """
    engine = _engine(url, busy_timeout, pool_size=2)
    if sqlite_file(url):
        event.listen(engine, "begin", _begin_immediate)
    elif may_freeze:
        event.listen(engine, "connect", _end_when_idle(busy_timeout / 2))
    return engine


def reading_engine(
    url: URL, *, busy_timeout: float = BUSY_TIMEOUT, readers: int = READERS
) -> Engine:
    """Return an engine for at most `readers` readers, each of which sees one moment only."""
    engine = _engine(url, busy_timeout, pool_size=readers, **ONE_MOMENT)
    if sqlite_file(url):
        event.listen(engine, "begin", _begin)
    return engine


def _engine(url: URL, busy_timeout: float, pool_size: int, **server_options: Any) -> Engine:
    on_file = sqlite_file(url) is not None
    arguments = {"timeout": busy_timeout} if on_file else {"connect_timeout": CONNECT_TIMEOUT}
    engine = create_engine(
        url,
        connect_args=arguments,
        json_serializer=to_json,
        pool_size=pool_size,
        max_overflow=0,
        pool_pre_ping=not on_file,
        hide_parameters=True,
        execution_options={} if on_file else server_options,
    )
    set_up = _set_up_file if on_file else _set_up_server
    event.listen(engine, "connect", set_up(busy_timeout))
    _engines.add(engine)
    return engine


def _set_up_file(busy_timeout: float) -> Callable[[Any, Any], None]:
    def set_up(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        _write_ahead(connection, busy_timeout)
        for setting in ("synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {setting}").close()

    return set_up


def _write_ahead(connection: sqlite3.Connection, patience: float) -> None:
    """Turn the write-ahead log on, waiting for others at a first start: SQLite itself does not."""
    until = time.monotonic() + patience
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").close()
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & _PRIMARY_CODE == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > until:
                raise
            time.sleep(_LOOK_AGAIN)
        else:
            return


def _set_up_server(busy_timeout: float) -> Callable[[Any, Any], None]:
    def set_up(connection: Any, _record: Any) -> None:
        connection.execute(f"SET lock_timeout = {round(busy_timeout * 1000)}")
        connection.commit()

    return set_up


def _end_when_idle(seconds: float) -> Callable[[Any, Any], None]:
    def set_up(connection: Any, _record: Any) -> None:
        limit = max(1, round(seconds * 1000))
        connection.execute(f"SET idle_in_transaction_session_timeout = {limit}")
        connection.commit()

    return set_up


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _forget_connections() -> None:
    for engine in list(_engines):
        engine.dispose(close=False)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_connections)
