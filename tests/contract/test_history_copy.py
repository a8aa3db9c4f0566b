"""Copies of the log: SQLite files that any tool opens and nobody changes."""

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from conversation.history import EVERYTHING, Filter
from conversation.records import Feedback
from conversation.script import State
from storage import history_copy
from storage.store import SqlStore
from tests.contract.forks import edit, talk
from tests.contract.logs import Log, kept_log
from tests.contract.stores import DATABASES, WAIT, Clock

SHOWN = "SELECT run_id, seq, type, tool, input, output FROM run_details ORDER BY run_id, seq"


@pytest.fixture(params=DATABASES, scope="module")
def log(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Log]:
    """The log on each kind of database."""
    with kept_log(request.param, tmp_path_factory.mktemp("log")) as kept:
        yield kept


def rows(file: Path, query: str) -> list[Any]:
    """What a tool sees that only reads."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchall()


def test_copy_has_what_fits_and_no_more(log: Log, tmp_path: Path) -> None:
    file = tmp_path / "some.db"
    wanted = Filter(tools=frozenset({"price"}), assistants=frozenset({"asst_a"}))

    log.history.copy(wanted, file)

    run = log.runs["tools"]
    assert rows(file, "SELECT id, thread_id, duration, cost > 0 FROM runs") == [
        (run.id, run.thread_id, 5.0, 1)
    ]
    assert rows(file, "SELECT id, title FROM threads") == [(run.thread_id, "Shares")]
    assert rows(file, "SELECT role, text FROM messages ORDER BY position") == [
        ("user", "What is ACME worth?"),
        ("assistant", "Hi there"),
    ]
    assert rows(file, "SELECT name, failed FROM tool_calls ORDER BY position") == [
        ("price", 0),
        ("buy", 1),
    ]
    assert rows(file, "SELECT count(*) FROM steps") == [(1,)]
    assert rows(file, "SELECT created_at FROM runs") == [("2026-03-01 12:01:03.000000",)]
    assert rows(file, "SELECT json_extract(spec, '$.model') FROM runs") == [("gpt-4o",)]


def test_copy_shows_the_log_in_the_view(log: Log, tmp_path: Path) -> None:
    file = tmp_path / "all.db"

    log.history.copy(EVERYTHING, file)

    copied = rows(file, SHOWN)
    assert len(copied) == sum(line.events for line in log.history.each_run(EVERYTHING))
    steps = log.store.events(log.runs["again"].id)
    assert [row[1] for row in copied if row[0] == log.runs["again"].id] == [s.seq for s in steps]
    assert {row[2] for row in copied} >= {"submit_user_msg", "execute_tool", "error"}
    assert len(rows(file, "SELECT * FROM runs")) == len(log.runs)
    assert rows(file, "SELECT count(*) FROM threads") == [(len(log.runs) - 1,)]


def test_copy_is_made_in_portions(
    log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.history.copy(EVERYTHING, tmp_path / "at once.db")
    monkeypatch.setattr(history_copy, "RUNS_AT_ONCE", 3)

    log.history.copy(EVERYTHING, tmp_path / "portions.db")

    for table in ("threads", "messages", "runs", "steps", "tool_calls", "events"):
        query = f"SELECT * FROM {table} ORDER BY 1, 2"  # noqa: S608 - ours
        assert rows(tmp_path / "portions.db", query) == rows(tmp_path / "at once.db", query) != []


def test_copy_opens_in_other_tools(log: Log, tmp_path: Path) -> None:
    file = tmp_path / "some.db"
    log.history.copy(Filter(states=frozenset({State.ERROR})), file)

    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        found = connection.execute(text("SELECT input, output FROM run_details WHERE type='error'"))
        assert [tuple(row) for row in found] == [("rate_limited", "It said rate_limited.")]
    engine.dispose()


def test_copy_is_one_file_that_is_not_written_to(log: Log, tmp_path: Path) -> None:
    file = tmp_path / "some.db"
    log.history.copy(Filter(thread_id="thread_nobody"), file)
    log.history.copy(EVERYTHING, file)

    assert stat.S_IMODE(file.stat().st_mode) == 0o444
    assert list(tmp_path.iterdir()) == [file]
    tables = rows(file, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    assert [name for (name,) in tables] == [
        "branches", "events", "feedback", "messages", "runs", "steps", "threads", "tool_calls",
    ]  # fmt: skip


def test_copy_has_branches_and_ratings(sql: SqlStore, clock: Clock, tmp_path: Path) -> None:
    thread = talk(sql, clock, "one")
    run = edit(sql, clock, sql.messages(thread.id)[0], "uno")
    rated = Feedback(run_id=run.id, rating="down", comment="No", at=clock.time)
    sql.rate(rated).result(WAIT)
    file = tmp_path / "some.db"

    sql.history().copy(Filter(ratings=frozenset({"down"})), file)

    assert rows(file, "SELECT run_id, rating, comment FROM feedback") == [(run.id, "down", "No")]
    assert rows(file, "SELECT text FROM messages ORDER BY position") == [("uno",), ("UNO",)]
    branches = "SELECT id, parent_branch_id, fork_position FROM branches ORDER BY fork_position"
    assert rows(file, branches) == [
        (thread.branch_id, None, None),
        (run.branch_id, thread.branch_id, 1),
    ]


def test_copy_that_fails_leaves_nothing(log: Log, tmp_path: Path) -> None:
    folder = tmp_path / "taken"
    folder.mkdir()

    with pytest.raises(OSError, match="taken"):
        log.history.copy(EVERYTHING, folder)

    assert list(tmp_path.iterdir()) == [folder]
