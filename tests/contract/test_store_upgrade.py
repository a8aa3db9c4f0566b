"""A database of the second schema, upgraded: nothing is lost, and threads take what is new."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from conversation.history import EVERYTHING, Filter, Sort, Window
from conversation.records import Branch, Feedback
from storage.engine import located, writing_engine
from storage.schema import HEAD, Upgrade, upgrade
from storage.store import SqlStore, open_store
from tests.contract.forks import edit, regenerate, shown
from tests.contract.logs import Log, kept_log
from tests.contract.stores import WAIT
from tests.contract.test_history_upgrade import copy_rows, upgrade_to


@pytest.fixture
def log(tmp_path: Path, bare_url: str) -> Iterator[Log]:
    """A log of the newest schema, copied to a database of the second one."""
    with kept_log("sqlite", tmp_path) as kept:
        source = create_engine(f"sqlite:///{tmp_path}/log.db")
        target = writing_engine(located(bare_url, tmp_path))
        with source.connect() as old, target.begin() as new:
            upgrade_to(new, "0002")
            copy_rows(old, new)
        source.dispose()
        target.dispose()
        yield kept


@pytest.fixture
def upgraded(log: Log, bare_url: str) -> Iterator[SqlStore]:
    """The database, upgraded."""
    assert upgrade(bare_url) == Upgrade("0002", HEAD)
    store = open_store(bare_url, now=log.clock)
    yield store
    store.close()


def test_upgrade_keeps_what_there_is(log: Log, upgraded: SqlStore) -> None:
    assert upgraded.threads() == log.store.threads()
    for thread in log.store.threads():
        assert upgraded.messages(thread.id) == log.store.messages(thread.id)
        assert upgraded.runs(thread.id) == log.store.runs(thread.id)
        assert upgraded.branches(thread.id) == [Branch(id=thread.branch_id, thread_id=thread.id)]
    ids = [run.id for run in log.runs.values()]
    assert upgraded.logs(ids) == log.store.logs(ids)
    assert list(upgraded.history().each_run(EVERYTHING)) == list(log.history.each_run(EVERYTHING))


def test_upgraded_thread_is_forked(log: Log, upgraded: SqlStore) -> None:
    thread_id = log.runs["tools"].thread_id
    question = upgraded.messages(thread_id)[2]

    regenerate(upgraded, log.clock, question, "It is 7.")
    edit(upgraded, log.clock, upgraded.messages(thread_id)[0], "Begin again")

    assert shown(upgraded, thread_id) == ["Begin again", "BEGIN AGAIN"]
    first, second, third = upgraded.branches(thread_id)
    upgraded.choose_branch(thread_id, second.id).result(WAIT)
    assert shown(upgraded, thread_id)[2:] == [question.text, "It is 7."]
    assert (first.forked_at, third.parent_id) == (None, first.id)


def test_upgraded_thread_is_pinned_titled_and_rated(log: Log, upgraded: SqlStore) -> None:
    run = log.runs["plain"]
    before = upgraded.thread(run.thread_id)
    assert (before.pinned, before.instructions, before.titled_by) == (False, "", "words")

    assert upgraded.entitle(run.thread_id, "A greeting").result(WAIT)
    upgraded.change_thread(run.thread_id, pinned=True).result(WAIT)
    upgraded.rate(Feedback(run_id=run.id, rating="up", at=log.clock.time)).result(WAIT)

    history = upgraded.history()
    (line,) = history.threads(Filter(pinned=True), Sort(), Window()).rows
    assert (line.thread_id, line.title) == (run.thread_id, "A greeting")
    (rated,) = history.runs(Filter(ratings=frozenset({"up"})), Sort(), Window()).rows
    assert (rated.run_id, rated.rating) == (run.id, "up")
