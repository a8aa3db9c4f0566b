"""The writer: one thread per store commits all waiting jobs together.

A disk is asked for durability once per batch, not once per job. A job that raises is undone
alone: its batch is begun anew then, with a savepoint for each. When the database fails, all of
the batch fails. Results are told only after the commit.
A batch that collided with another process's (each held what the other wanted next, and the server
undid one of them) is done again job by job, and a job a few times; so it must bear that.
"""

import os
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from threading import Lock, Thread, current_thread
from typing import Any, Final, Generic, TypeVar
from weakref import WeakSet

from sqlalchemy import Connection, Engine

from conversation.errors import StoreUnavailable
from storage.faults import is_collision, is_outage, unavailable

Result = TypeVar("Result")

BATCH: Final = 256
TRIES: Final = 4
CHANGES: Final = "parley_changes"
"""The channel on which PostgreSQL tells other processes of every commit."""


@dataclass(frozen=True, slots=True)
class Job(Generic[Result]):
    """What is to be done inside the transaction, and whom to tell."""

    work: Callable[[Connection], Result]
    future: "Future[Result]"


class Writer:
    """Runs jobs in its own thread, started at the first; `close` finishes what is queued."""

    _lock: Lock
    _queue: SimpleQueue[Job[Any] | None]
    _thread: Thread | None
    _closed: bool

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.start_anew()
        _writers.add(self)

    def start_anew(self) -> None:
        """Forget jobs and thread, which are another process's after a fork."""
        self._lock = Lock()
        self._queue = SimpleQueue()
        self._thread = None
        self._closed = False

    def submit(self, work: Callable[[Connection], Result]) -> "Future[Result]":
        """Queue `work`; its future is done once what it wrote is durable."""
        future: Future[Result] = Future()
        with self._lock:
            if self._closed:
                future.set_exception(StoreUnavailable("The store is closed."))
                return future
            self._queue.put(Job(work, future))
            if self._thread is None:
                self._thread = Thread(target=self._run, name="parley-writer", daemon=True)
                self._thread.start()
        return future

    def close(self) -> None:
        """Commit what is queued and stop; later jobs are refused."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        if self._thread is not None and self._thread is not current_thread():
            self._thread.join()

    def _run(self) -> None:
        going = True
        while going:
            batch = self._waiting()
            going = batch[-1] is not None
            jobs = [job for job in batch if job and job.future.set_running_or_notify_cancel()]
            if jobs:
                self._settle(jobs)

    def _waiting(self) -> list[Job[Any] | None]:
        batch = [self._queue.get()]
        try:
            while batch[-1] is not None and len(batch) < BATCH:
                batch.append(self._queue.get_nowait())
        except Empty:
            pass
        return batch

    def _settle(self, jobs: list[Job[Any]], tries: int = TRIES) -> None:
        try:
            tell = self._commit(jobs)
        except _InDoubt as doubt:
            tell = [_failing(job, unavailable(doubt.error, in_doubt=True)) for job in jobs]
        except Exception as error:  # noqa: BLE001 (the jobs' owners are told, the thread lives on)
            if tries > 1 and is_collision(error):
                tell = [partial(self._settle, [job], tries - 1) for job in jobs]
            else:
                tell = [_failing(job, unavailable(error)) for job in jobs]
        for told in tell:
            told()

    def _commit(self, jobs: list[Job[Any]]) -> list[Callable[[], None]]:
        """Commit all of them, without savepoints unless a job turns out to need one."""
        try:
            return self._commit_by(jobs, _do)
        except _Failed as failed:
            if len(jobs) == 1:
                return [_failing(jobs[0], failed.error)]
        return self._commit_by(jobs, _attempt)

    def _commit_by(
        self, jobs: list[Job[Any]], do: Callable[[Connection, Job[Any]], Callable[[], None]]
    ) -> list[Callable[[], None]]:
        served = self._engine.dialect.name == "postgresql"
        written = False
        try:
            with self._engine.begin() as connection:
                tell = [do(connection, job) for job in jobs]
                if served:
                    connection.exec_driver_sql(f"NOTIFY {CHANGES}")
                written = True
        except Exception as error:
            if served and written and is_outage(error) and not is_collision(error):
                raise _InDoubt(error) from error
            raise
        return tell


class _InDoubt(Exception):
    """A server was lost at the commit: it may have heard of it, and may not."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


class _Failed(Exception):
    """A job that did not wrap itself in a savepoint has failed, and takes its batch along."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


def _do(connection: Connection, job: Job[Any]) -> Callable[[], None]:
    try:
        result = job.work(connection)
    except Exception as error:
        if is_outage(error):
            raise
        raise _Failed(error) from error
    return lambda: job.future.set_result(result)


def _attempt(connection: Connection, job: Job[Any]) -> Callable[[], None]:
    savepoint = connection.begin_nested()
    try:
        result = job.work(connection)
    except Exception as error:
        if is_outage(error):
            raise
        savepoint.rollback()
        return _failing(job, error)
    savepoint.commit()
    return lambda: job.future.set_result(result)


def _failing(job: Job[Any], error: Exception) -> Callable[[], None]:
    return lambda: job.future.set_exception(error)


_writers: WeakSet[Writer] = WeakSet()


def _start_anew() -> None:
    for writer in list(_writers):
        writer.start_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)
