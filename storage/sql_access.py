"""How the parts of the store on a database read and write it."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from conversation.errors import StoreUnavailable
from storage.faults import store_errors
from storage.writer import Writer

Result = TypeVar("Result")
Clock = Callable[[], datetime]
Due = Callable[[Any, str, int], None]
"""Told of a run that somebody is to execute from its last event on.

It is told in the transaction that makes it so; the connection is the driver's.
"""


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


class SqlAccess:
    """Two engines: one for readers, in the caller's thread, and one for the writer."""

    def __init__(
        self, reader: Engine, writer: Engine, *, now: Clock = utc_now, due: Due | None = None
    ) -> None:
        self._reader = reader
        self._engine = writer
        self._writer = Writer(writer)
        self._now = now
        self._due = due
        self._closed = False

    def close(self) -> None:
        """Finish what is queued and close."""
        self._closed = True
        self._writer.close()
        self._engine.dispose()
        self._reader.dispose()

    def _write(self, work: Callable[[Connection], Result]) -> Future[Result]:
        return self._writer.submit(work)

    def _is_due(self, connection: Connection, run_id: str, seq: int) -> None:
        if self._due:
            self._due(connection.connection.driver_connection, run_id, seq)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        if self._closed:
            raise StoreUnavailable("The store is closed.")
        with store_errors(), self._reader.connect() as connection:
            yield connection

    def _since(self, dead_after: float) -> datetime:
        return self._now() - timedelta(seconds=dead_after)
