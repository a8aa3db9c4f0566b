"""The store on SQLite or PostgreSQL: reads in the caller's thread, writes through the writer."""

from collections.abc import Collection, Mapping
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from conversation.events import Logged
from conversation.ports import ChangeWatch
from conversation.records import (
    Assistant,
    Exchange,
    Message,
    Opening,
    Page,
    PendingText,
    Run,
    Thread,
    Write,
)
from conversation.script import State
from storage import assistants, reading, schema, texts, watching, workers, writing
from storage.engine import BUSY_TIMEOUT, READERS, located, reading_engine, writing_engine
from storage.history import SqlHistory
from storage.rules import goes_on
from storage.sql_access import Clock, Due, utc_now
from storage.sql_api import SqlApi
from storage.sql_threads import SqlThreads


def open_store(
    url: str,
    *,
    root: Path = Path(),
    busy_timeout: float = BUSY_TIMEOUT,
    readers: int = READERS,
    now: Clock = utc_now,
    due: Due | None = None,
) -> "SqlStore":
    """Open the database at `url`; a relative SQLite path starts at `root`.

    `due` is told of runs that nobody executes yet, but somebody is to.
    Raises `StoreUnavailable` when it can't be reached or its schema is not the one we know.
    """
    where = located(url, root)
    reader = reading_engine(where, busy_timeout=busy_timeout, readers=readers)
    try:
        schema.check(reader)
    except BaseException:
        reader.dispose()
        raise
    writer = writing_engine(where, busy_timeout=busy_timeout, may_freeze=True)
    return SqlStore(reader, writer, now=now, due=due)


class SqlStore(SqlThreads, SqlApi):
    """`conversation.ports.Store` on SQLite or PostgreSQL."""

    def save_assistant(self, assistant: Assistant) -> Assistant:
        """Create it, or make a new version when its id is known."""
        return self._write(lambda c: assistants.save(c, assistant, self._now())).result()

    def assistant(self, assistant_id: str, version: int | None = None) -> Assistant:
        """Return the newest (or the named) version."""
        with self._reading() as connection:
            return assistants.find(connection, assistant_id, version)

    def assistants(
        self,
        page: Page | None = None,
        *,
        metadata: Mapping[str, str] | None = None,
        project_id: str | None = None,
    ) -> list[Assistant]:
        """Return assistants, only those that carry all of `metadata`."""
        with self._reading() as connection:
            return assistants.find_all(connection, page, metadata, project_id)

    def thread(self, thread_id: str) -> Thread:
        """Return a thread."""
        with self._reading() as connection:
            return reading.thread(connection, thread_id)

    def threads(
        self,
        page: Page | None = None,
        *,
        metadata: Mapping[str, str] | None = None,
        project_id: str | None = None,
    ) -> list[Thread]:
        """Return threads by their creation."""
        with self._reading() as connection:
            return reading.threads(connection, page, metadata, project_id)

    def messages(
        self, thread_id: str, page: Page | None = None, *, run_id: str | None = None
    ) -> list[Message]:
        """Return the active branch's messages."""
        with self._reading() as connection:
            return reading.messages(connection, thread_id, page, run_id)

    def run(self, run_id: str) -> Run:
        """Return a run."""
        with self._reading() as connection:
            return reading.run(connection, run_id)

    def runs(self, thread_id: str, page: Page | None = None) -> list[Run]:
        """Return a thread's runs."""
        with self._reading() as connection:
            return reading.runs(connection, thread_id, page)

    def active_run(self, thread_id: str) -> Run | None:
        """Return the run that is under way on the thread."""
        with self._reading() as connection:
            return reading.active_run(connection, thread_id)

    def exchange(self, run_id: str) -> Exchange:
        """Return a run with all its rows."""
        with self._reading() as connection:
            return reading.exchange(connection, run_id)

    def events(self, run_id: str, *, after: int = 0) -> list[Logged]:
        """Return the run's events with `seq > after`."""
        with self._reading() as connection:
            return reading.events(connection, run_id, after)

    def texts(self, run_id: str) -> list[Message]:
        """Return the run's own messages, one in progress with what was flushed."""
        with self._reading() as connection:
            reading.run(connection, run_id)
            return texts.of_run(connection, run_id)

    def accept(self, opening: Opening) -> Future[tuple[Run, list[Logged]]]:
        """Begin a run."""

        def begin(connection: Connection) -> tuple[Run, list[Logged]]:
            lines = writing.accept(connection, opening, self._now())
            if opening.run.worker_id is None:
                self._is_due(connection, opening.run.id, len(lines))
            return replace(opening.run, state=State.READY, seq=len(lines)), lines

        return self._write(begin)

    def write(self, write: Write) -> Future[list[Logged]]:
        """Make one step of a run."""

        def make(connection: Connection) -> list[Logged]:
            lines = writing.write(connection, write, self._now())
            if goes_on(write):
                self._is_due(connection, write.run_id, lines[-1].seq)
            return lines

        return self._write(make)

    def append_texts(self, pending: tuple[PendingText, ...]) -> Future[None]:
        """Keep streamed text."""
        return self._write(lambda c: texts.append(c, pending, self._now()))

    def sweep_texts(self, *, ended_before: datetime) -> Future[int]:
        """Remove streamed text of messages that were final by then."""
        return self._write(lambda c: texts.sweep(c, ended_before))

    def register_worker(self, worker_id: str) -> Future[None]:
        """Enter a process that executes runs."""
        return self._write(lambda c: workers.register(c, worker_id, self._now()))

    def worker_alive(self, worker_id: str) -> Future[None]:
        """Renew a worker's sign of life."""
        return self._write(lambda c: workers.renew(c, worker_id, self._now()))

    def remove_worker(self, worker_id: str) -> Future[None]:
        """Strike a worker off."""
        return self._write(lambda c: workers.remove(c, worker_id))

    def remove_dead_workers(self) -> Future[int]:
        """Strike off workers whose process is gone for certain."""
        return self._write(lambda c: workers.remove_dead(c, self._now()))

    def claim(
        self, run_id: str, worker_id: str, *, dead_after: float, fence: int | None = None
    ) -> Future[Run]:
        """Take an open run over."""
        return self._write(
            lambda c: workers.claim(c, run_id, worker_id, self._since(dead_after), fence)
        )

    def orphans(
        self, *, providers: Collection[str], dead_after: float, limit: int = 100
    ) -> list[str]:
        """Return open runs of these providers that nobody executes and that wait for nobody."""
        with self._reading() as connection:
            return workers.orphans(connection, providers, self._since(dead_after), limit)

    def expired(self, *, now: datetime, dead_after: float, limit: int = 100) -> list[Run]:
        """Return open runs past their `expires_at` that no living worker executes."""
        with self._reading() as connection:
            return workers.expired(connection, now, self._since(dead_after), limit)

    def executing(self, worker_id: str) -> dict[str, tuple[str, int]]:
        """Return `{run_id: (state, fence)}` of the open runs this worker has."""
        with self._reading() as connection:
            return workers.executing(connection, worker_id)

    def executed_by(self, run_id: str, *, dead_after: float) -> str | None:
        """Return the living worker that has the run, if any."""
        with self._reading() as connection:
            return workers.executed_by(connection, run_id, self._since(dead_after))

    def watch_changes(self) -> ChangeWatch:
        """Return a watch on what any process commits."""
        return watching.watch(self._reader)

    def history(self) -> SqlHistory:
        """Return the read models of what is kept here; they are of use until it is closed."""
        return SqlHistory(self._reading, self._write)
