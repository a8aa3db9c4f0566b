"""Noticing what other processes commit, on SQLite by looking, on PostgreSQL by listening."""

import sqlite3
import time
from pathlib import Path
from threading import Event, Lock
from typing import Any, Final

from sqlalchemy import Engine

from conversation.ports import ChangeWatch
from storage.engine import sqlite_file
from storage.faults import unavailable
from storage.writer import CHANGES

LOOK: Final = 0.02
"""Seconds between two looks at an SQLite file."""
LISTEN: Final = 0.2
"""Seconds after which a listener sees that it was closed."""


def watch(engine: Engine) -> ChangeWatch:
    """Return a watch on the engine's database, over a connection of its own."""
    file = sqlite_file(engine.url)
    return FileWatch(file) if file else ChannelWatch(engine)


class FileWatch:
    """Looks at SQLite's `data_version`, which changes when another connection commits."""

    def __init__(self, file: Path) -> None:
        self._closed = Event()
        self._lock = Lock()
        try:
            self._connection = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
            self._seen = self._version()
        except sqlite3.Error as error:
            raise unavailable(error) from error

    def wait(self, timeout: float) -> bool:
        """Return True as soon as something was committed since the last call, False in time."""
        until = time.monotonic() + timeout
        while not self._changed():
            left = until - time.monotonic()
            if left <= 0 or self._closed.wait(min(LOOK, left)):
                return False
        return True

    def close(self) -> None:
        """Close the connection."""
        self._closed.set()
        with self._lock:
            self._connection.close()

    def _changed(self) -> bool:
        with self._lock:
            if self._closed.is_set():
                return False
            try:
                before, self._seen = self._seen, self._version()
            except sqlite3.Error as error:
                raise unavailable(error) from error
        return before != self._seen

    def _version(self) -> int:
        found: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
        return found


class ChannelWatch:
    """Listens to PostgreSQL's notifications, one for each batch of any process."""

    def __init__(self, engine: Engine) -> None:
        import psycopg

        self._closed = Event()
        self._lock = Lock()
        self._error = psycopg.Error
        arguments, options = engine.dialect.create_connect_args(engine.url)
        try:
            self._connection: Any = psycopg.connect(*arguments, **options, autocommit=True)
            self._connection.execute(f"LISTEN {CHANGES}")
        except psycopg.Error as error:
            raise unavailable(error) from error

    def wait(self, timeout: float) -> bool:
        """Return True as soon as something was committed since the last call, False in time."""
        until = time.monotonic() + timeout
        while not self._closed.is_set():
            left = until - time.monotonic()
            if self._notified(max(0.0, min(LISTEN, left))):
                return True
            if left <= LISTEN:
                return False
        return False

    def close(self) -> None:
        """Close the connection."""
        self._closed.set()
        with self._lock:
            self._connection.close()

    def _notified(self, timeout: float) -> bool:
        with self._lock:
            if self._closed.is_set():
                return False
            try:
                heard = list(self._connection.notifies(timeout=timeout, stop_after=1))
            except self._error as error:
                raise unavailable(error) from error
        return bool(heard)
