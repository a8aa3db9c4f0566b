"""The writer: batches, savepoints, failures, and an orderly end."""

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Barrier, BrokenBarrierError, Event

import pytest
from sqlalchemy import Connection, Engine, event, func, select, text

from conversation.errors import StoreUnavailable
from storage.engine import located, writing_engine
from storage.writer import TRIES, Writer
from tests.contract.stores import WAIT


class Oops(Exception):
    """What a poisoned job raises."""


def test_commits_to_a_file_are_durable(tmp_path: Path) -> None:
    engine = writing_engine(located("sqlite:///notes.db", tmp_path))

    with engine.connect() as connection:
        names = ("journal_mode", "synchronous", "foreign_keys")
        settings = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]
    engine.dispose()

    assert settings == ["wal", 2, 1]  # 2 is FULL


@pytest.fixture
def engine(bare_url: str) -> Iterator[Engine]:
    """A database with one table."""
    table = (
        "CREATE TABLE notes (note INTEGER PRIMARY KEY,"
        " of_note INTEGER REFERENCES notes DEFERRABLE INITIALLY DEFERRED)"
    )
    with disposed(bare_url) as made:
        with made.begin() as connection:
            connection.execute(text(table))
        yield made


@pytest.fixture
def writer(engine: Engine) -> Iterator[Writer]:
    """A writer on it."""
    made = Writer(engine)
    yield made
    made.close()


@pytest.fixture
def commits(engine: Engine) -> list[None]:
    """Grows with every commit."""
    seen: list[None] = []
    event.listen(engine, "commit", lambda _: seen.append(None))
    return seen


def test_waiting_jobs_are_committed_together(
    writer: Writer, engine: Engine, commits: list[None]
) -> None:
    with Held(writer):
        futures = [writer.submit(noting(n)) for n in range(20)]

    assert [future.result(WAIT) for future in futures] == list(range(20))
    assert notes(engine) == list(range(20))
    assert len(commits) == 2


def test_result_is_told_after_the_commit(writer: Writer, commits: list[None]) -> None:
    told: Future[int] = Future()
    writer.submit(noting(1)).add_done_callback(lambda _: told.set_result(len(commits)))

    assert told.result(WAIT) == 1


def test_poisoned_job_hurts_nobody_else(writer: Writer, engine: Engine) -> None:
    def poisoned(connection: Connection) -> None:
        note(connection, 99)
        raise Oops

    def doubled(connection: Connection) -> None:
        note(connection, 1)

    with Held(writer):
        before = writer.submit(noting(1))
        bad = writer.submit(poisoned)
        worse = writer.submit(doubled)
        after = writer.submit(noting(2))

    assert isinstance(bad.exception(WAIT), Oops)
    assert worse.exception(WAIT) is not None
    assert (before.result(WAIT), after.result(WAIT)) == (1, 2)
    assert notes(engine) == [1, 2]


def test_failed_commit_fails_its_batch_only(writer: Writer, engine: Engine) -> None:
    dangling = "INSERT INTO notes VALUES (2, 77)"
    with Held(writer):
        first = writer.submit(noting(1))
        second = writer.submit(lambda c: c.execute(text(dangling)))

    assert isinstance(first.exception(WAIT), StoreUnavailable)
    assert isinstance(second.exception(WAIT), StoreUnavailable)
    assert writer.submit(noting(3)).result(WAIT) == 3
    assert notes(engine) == [3]


def test_lost_connection_fails_its_batch_only(writer: Writer, engine: Engine) -> None:
    def cut(connection: Connection) -> None:
        note(connection, 2)
        connection.connection.driver_connection.close()  # type: ignore[union-attr]
        note(connection, 3)

    with Held(writer):
        first, second = writer.submit(noting(1)), writer.submit(cut)

    assert first.exception(WAIT)
    assert second.exception(WAIT)
    assert writer.submit(noting(4)).result(WAIT) == 4
    assert notes(engine) == [4]


def test_batches_that_collide_are_done_job_by_job(postgres: str) -> None:
    both_hold_one = Barrier(2)

    def hold(key: int) -> Callable[[Connection], int]:
        def work(connection: Connection) -> int:
            connection.execute(select(func.pg_advisory_xact_lock(key)))
            with suppress(BrokenBarrierError):
                both_hold_one.wait(WAIT)
            return key

        return work

    def want(key: int) -> Callable[[Connection], int]:
        def work(connection: Connection) -> int:
            both_hold_one.abort()
            connection.execute(select(func.pg_advisory_xact_lock(key)))
            return key

        return work

    with disposed(postgres) as first, disposed(postgres) as second:
        writers = Writer(first), Writer(second)
        with Held(writers[0]), Held(writers[1]):
            jobs = [(hold(1), want(2)), (hold(2), want(1))]
            futures = [
                writer.submit(job)
                for writer, batch in zip(writers, jobs, strict=True)
                for job in batch
            ]
        assert [future.result(WAIT) for future in futures] == [1, 2, 2, 1]
        for writer in writers:
            writer.close()


@pytest.mark.parametrize(("times", "done"), [(TRIES - 1, True), (TRIES, False)])
def test_job_that_collides_is_done_again(postgres: str, times: int, done: bool) -> None:
    deadlock = text("DO $$ BEGIN RAISE EXCEPTION 'in the way' USING ERRCODE = '40P01'; END $$")
    left = [None] * times

    def collide(connection: Connection) -> int:
        if left:
            left.pop()
            connection.execute(deadlock)
        return 7

    with disposed(postgres) as engine:
        writer = Writer(engine)
        future = writer.submit(collide)
        failure = future.exception(WAIT)
        writer.close()

    assert failure is None if done else isinstance(failure, StoreUnavailable)
    assert left == []


def test_cancelled_job_is_skipped(writer: Writer, engine: Engine) -> None:
    with Held(writer):
        unwanted = writer.submit(noting(1))
        wanted = writer.submit(noting(2))
        assert unwanted.cancel()

    wanted.result(WAIT)
    assert notes(engine) == [2]


def test_close_commits_what_is_queued(writer: Writer, engine: Engine) -> None:
    futures = [writer.submit(noting(n)) for n in range(600)]

    writer.close()

    assert all(future.done() for future in futures)
    assert len(notes(engine)) == 600


def test_closed_writer_refuses_jobs(writer: Writer) -> None:
    writer.close()

    with pytest.raises(StoreUnavailable):
        writer.submit(noting(1)).result(WAIT)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_forked_child_writes_over_its_own_connection(writer: Writer, engine: Engine) -> None:
    writer.submit(noting(1)).result(WAIT)

    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if writer.submit(noting(2)).result(WAIT) == 2 else 1
            writer.close()
        finally:
            sys.stdout.flush()
            os._exit(code)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert writer.submit(noting(3)).result(WAIT) == 3
    assert notes(engine) == [1, 2, 3]


@contextmanager
def disposed(url: str) -> Iterator[Engine]:
    made = writing_engine(located(url, Path()))
    yield made
    made.dispose()


class Held:
    """Keeps the writer busy inside a job, so that what follows waits and becomes one batch."""

    def __init__(self, writer: Writer) -> None:
        self._go_on, self._busy = Event(), Event()
        writer.submit(self._hold)
        assert self._busy.wait(WAIT)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self._go_on.set()

    def _hold(self, _: Connection) -> None:
        self._busy.set()
        self._go_on.wait(WAIT)


def noting(number: int) -> Callable[[Connection], int]:
    return lambda connection: note(connection, number)


def note(connection: Connection, number: int) -> int:
    connection.execute(text("INSERT INTO notes VALUES (:number, NULL)"), {"number": number})
    return number


def notes(engine: Engine) -> list[int]:
    with engine.connect() as connection:
        return list(connection.scalars(text("SELECT note FROM notes ORDER BY note")))
