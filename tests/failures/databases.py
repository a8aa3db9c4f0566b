"""Failures of the database: at the start, at sending, and in the middle of an answer."""

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final

from sqlalchemy import event

from conversation.errors import ParleyError
from conversation.script import State
from storage.schema import upgrade
from storage.store import SqlStore
from tests.contract.cores import WAIT, built, ended, speaking
from tests.failures.failure import NO_PROVIDER, Act, Failure, Outcome
from tests.failures.stage import Stage

Trouble = Callable[[Stage], AbstractContextManager[None]]

_COUNTING: Final = "count to 600"
_HINT: Final = "Check that the database is reachable and its file and folder can be written."
_OTHER_FILE: Final = "Put a copy that is whole in its place, or name another in DATABASE_URL."
_MEND: Final = "Put another file or another Parley there, then start again"


@contextmanager
def locked(stage: Stage) -> Iterator[None]:
    """Hold the lock that writers need, as another program."""
    lock = sqlite3.connect(stage.folder / "parley.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        lock.execute("ROLLBACK")
        lock.close()


def set_so(there: str, gone: str) -> Trouble:
    """Have each connection of a writer begin with a statement, and later with another."""

    @contextmanager
    def trouble(stage: Stage) -> Iterator[None]:
        statement = there

        def begin(connection: Any, *_: Any) -> None:
            connection.execute(statement).close()

        store = stage.core.store
        assert isinstance(store, SqlStore)
        event.listen(store._engine, "checkout", begin)
        yield
        statement = gone

    return trouble


full = set_so("PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1073741823")
read_only = set_so("PRAGMA query_only = ON", "PRAGMA query_only = OFF")


def at_sending(trouble: Trouble) -> Act:
    """Send a message while there is trouble; one that is long, for there may be a little room."""

    def act(stage: Stage, text: str) -> Outcome:
        with trouble(stage):
            return stage.ask(text)

    return act


def in_mid_answer(trouble: Trouble) -> Act:
    """Let there be trouble in the middle of an answer, until the run has met it."""

    def act(stage: Stage, text: str) -> Outcome:
        met = threading.Event()
        run = stage.core.start(text, stage.choice, thread_id=stage.thread_id)
        stage.thread_id = run.thread_id
        speaking(stage.core, run.id)
        with _heard(f"run {run.id} waits for the database", met), trouble(stage):
            assert met.wait(WAIT)
        return ended(stage.core, run.id)

    return act


@contextmanager
def _heard(text: str, told: threading.Event) -> Iterator[None]:
    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if text in record.getMessage():
                told.set()

    handler, logger = Listening(), logging.getLogger("runs")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def at_start(content: bytes = b"", revision: str = "") -> Act:
    """Start on a file with this content, or on a database of this revision; leave it as it is."""

    def act(stage: Stage, _: str) -> Outcome:
        file = stage.folder / "other.db"
        url = f"sqlite:///{file}"
        if revision:
            upgrade(url)
            connection = sqlite3.connect(file)
            connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
            connection.commit()
            connection.close()
        else:
            file.write_bytes(content)
        before = file.read_bytes()
        try:
            built(url).close()
        except ParleyError as error:
            assert file.read_bytes() == before
            return error
        raise AssertionError("it has started")

    return act


def _at_start(what: str, says: str, act: Act, hint: str = _HINT) -> Failure:
    return Failure(
        what=what,
        state=None,
        says=says,
        code="store_unavailable",
        hint=hint,
        can=_MEND,
        on=NO_PROVIDER,
        given=lambda _: {},
        act=act,
    )


def _at_sending(what: str, says: str, trouble: Trouble, hint: str = _HINT) -> Failure:
    return Failure(
        what=what,
        state=None,
        says=says,
        code="store_unavailable",
        hint=hint,
        on=NO_PROVIDER,
        text="A long message. " * 20_000,
        given=lambda _: {"database_busy_seconds": 0.1},
        act=at_sending(trouble),
    )


def _in_mid_answer(what: str, trouble: Trouble) -> Failure:
    return Failure(
        what=what,
        state=State.COMPLETED,
        says="The model wrote: 1, 2,",
        can="Nothing: the answer goes on once the database can be written again",
        on=NO_PROVIDER,
        text=_COUNTING,
        given=lambda _: {"database_busy_seconds": 0.1, "demo_delay_seconds": 0.001},
        act=in_mid_answer(trouble),
    )


DATABASES: Final = (
    _at_sending(
        "Another program has locked the database when a message is sent",
        "The database is locked by another program.",
        locked,
        "Close the other program or wait for it, then try again.",
    ),
    _in_mid_answer("Another program has locked the database in the middle of an answer", locked),
    _at_sending(
        "The disk is full when a message is sent",
        "The disk is full.",
        full,
        "Make room on the disk, then try again.",
    ),
    _in_mid_answer("The disk is full in the middle of an answer", full),
    _at_sending(
        "The database is write-protected when a message is sent",
        "The database can only be read",
        read_only,
    ),
    _in_mid_answer("The database is write-protected in the middle of an answer", read_only),
    _at_start(
        "The database's file is no database",
        "The database file is not a database.",
        at_start(b"no database at all" * 100),
        _OTHER_FILE,
    ),
    _at_start(
        "The database's file is damaged",
        "The database file is not a database.",
        at_start(b"SQLite format 3\0" * 90),
        _OTHER_FILE,
    ),
    _at_start(
        "The database was made by a newer Parley",
        "The database has schema 9999, newer than",
        at_start(revision="9999"),
        "Update Parley.",
    ),
    _at_start(
        "The database was made by an older Parley",
        "The database has the older schema 0001; this Parley needs",
        at_start(revision="0001"),
        "python -m setup.db_setup",
    ),
)
