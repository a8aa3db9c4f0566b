"""What a store says when its database is in trouble, and that it works again afterwards."""

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, event, make_url, text

from conversation.errors import StoreUnavailable
from conversation.events import StatusChecked
from conversation.script import State
from conversation.text import storable
from storage.columns import to_json
from storage.schema import revision, upgrade
from storage.store import SqlStore, open_store
from tests.contract.stores import WAIT, Clock, begin, move, sql_store

NOBODY = 65534


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """An SQLite database with our schema."""
    made = tmp_path / "parley.db"
    upgrade(f"sqlite:///{made}")
    return made


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that an ordinary user may enter, even when root runs the tests."""
    with tempfile.TemporaryDirectory() as named:
        made = Path(named)
        made.chmod(0o755)
        yield made


def test_locked_database_is_said_and_recovers(url: str, clock: Clock) -> None:
    with sql_store(url, clock, busy_timeout=0.05) as store:
        run = begin(store, clock)
        with locked(url):
            refused = store.write(move(run, State.READY, State.STARTED)).exception(WAIT)
            assert store.run(run.id) == run

        assert isinstance(refused, StoreUnavailable)
        assert refused.message == "The database is locked by another program."
        assert refused.__cause__ is not None
        store.write(move(run, State.READY, State.STARTED)).result(WAIT)


def test_write_protected_database_is_said_and_recovers(folder: Path, clock: Clock) -> None:
    file = folder / "parley.db"
    url = f"sqlite:///{file}"
    upgrade(url)

    with protected(folder, file), pytest.raises(StoreUnavailable) as refused:
        open_store(url)

    assert "can only be read" in refused.value.message
    assert str(folder) not in refused.value.message
    with sql_store(url, clock) as store:
        assert begin(store, clock).seq == 2


def test_full_disk_is_said_and_recovers(file: Path, clock: Clock) -> None:
    with sql_store(f"sqlite:///{file}", clock) as store:
        run = begin(store, clock)
        long = StatusChecked(status="x" * 1_000_000)
        with limited(store):
            refused = store.write(move(run, State.READY, State.READY, long)).exception(WAIT)

        assert isinstance(refused, StoreUnavailable)
        assert refused.message == "The disk is full."
        store.write(move(run, State.READY, State.READY, long)).result(WAIT)
        assert store.run(run.id).seq == 3


def test_folder_that_can_not_be_written_is_said(folder: Path) -> None:
    with protected(folder):
        for url in (f"sqlite:///{folder}/parley.db", f"sqlite:///{folder}/deeper/parley.db"):
            with pytest.raises(StoreUnavailable) as refused:
                upgrade(url)
            assert str(folder) not in refused.value.message


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" * 90])
def test_file_that_is_no_database_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "parley.db").write_bytes(content)

    with pytest.raises(StoreUnavailable, match="file is"):
        open_store("sqlite:///parley.db", root=tmp_path)


def test_url_that_makes_no_sense_is_said() -> None:
    with pytest.raises(StoreUnavailable, match="URL"):
        open_store("no url: secret")


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://me:secret@host/db"])
def test_databases_that_will_not_do_are_refused(url: str) -> None:
    with pytest.raises(StoreUnavailable) as refused:
        open_store(url)

    assert "secret" not in refused.value.message


def test_unreachable_server_is_said_without_secrets() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(StoreUnavailable) as refused:
            revision(f"postgresql+psycopg://me:secret@127.0.0.1:{port}/parley")

    assert refused.value.message == "The database server can't be reached."


def test_unknown_database_is_said(postgres: str) -> None:
    missing = make_url(postgres).set(database="parley_test_missing")

    with pytest.raises(StoreUnavailable):
        open_store(missing.render_as_string(hide_password=False))


def test_store_recovers_from_a_restarted_server(postgres: str, clock: Clock) -> None:
    with sql_store(postgres, clock) as store:
        run = begin(store, clock)

        cut_connections(postgres)

        store.write(move(run, State.READY, State.STARTED)).result(WAIT)
        assert store.run(run.id).state == State.STARTED


def test_watch_says_that_its_server_is_gone(postgres: str, clock: Clock) -> None:
    with sql_store(postgres, clock) as store, closing(store.watch_changes()) as watch:
        cut_connections(postgres)

        with pytest.raises(StoreUnavailable):
            watch.wait(WAIT)


def test_characters_no_database_takes_are_replaced() -> None:
    assert storable("a\0b\ud83d\u00e9") == "a\ufffdb\ufffd\u00e9"
    assert to_json({"a": "\0", "b": "\\u0000", "c": "\ud83d"}) == (
        '{"a": "\ufffd", "b": "\\\\u0000", "c": "\ufffd"}'
    )


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Hold the lock that writers need, as another program."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE runs SET seq = seq"))
        yield
    engine.dispose()


@contextmanager
def limited(store: SqlStore) -> Iterator[None]:
    """Let the database file grow no more, as on a full disk."""

    def limit(connection: Any, *_: Any) -> None:
        connection.execute("PRAGMA max_page_count = 1").close()

    def lift(connection: Any, *_: Any) -> None:
        connection.execute("PRAGMA max_page_count = 1073741823").close()

    engine = store._engine
    event.listen(engine, "checkout", limit)
    yield
    event.remove(engine, "checkout", limit)
    event.listen(engine, "checkout", lift)


@contextmanager
def protected(*paths: Path) -> Iterator[None]:
    """Take the right to write away, from root too by being nobody for a while."""
    before = [path.stat().st_mode for path in paths]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)
        for path, mode in zip(paths, before, strict=True):
            path.chmod(mode)


def cut_connections(url: str) -> None:
    import psycopg

    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
