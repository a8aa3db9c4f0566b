"""A database of the third schema, upgraded: what was written before API clients still loads."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, text

from conversation.ids import new_id
from conversation.records import Assistant, Page
from conversation.script import State
from conversation.turns import ToolSpec
from storage.engine import located, writing_engine
from storage.schema import HEAD, Upgrade, upgrade
from storage.store import SqlStore, open_store
from tests.contract.logs import Log, kept_log
from tests.contract.stores import WAIT, bare_thread, move, typed
from tests.contract.test_history_upgrade import copy_rows, upgrade_to

ADDED = {
    "assistant_versions.body": ("hosted", "resources", "answer"),
    "runs.spec": (
        "asked_model", "hosted", "tool_choice", "answer", "max_prompt_tokens",
        "max_completion_tokens",
    ),
}  # fmt: skip
"""What the JSON of older versions did not have."""


def take_away(target: Connection) -> None:
    """Leave in bodies what older versions wrote."""
    for place, names in ADDED.items():
        table, column = place.split(".")
        found = target.execute(text(f"SELECT CAST({column} AS TEXT) FROM {table}"))  # noqa: S608
        for (before,) in found.all():
            body = json.loads(before)
            after = json.dumps({name: body[name] for name in body if name not in names})
            value = "CAST(:after AS JSON)" if target.dialect.name == "postgresql" else ":after"
            change = (
                f"UPDATE {table} SET {column} = {value}"  # noqa: S608
                f" WHERE CAST({column} AS TEXT) = :before"
            )
            assert len(after) < len(before)
            target.execute(text(change), {"after": after, "before": before})


@pytest.fixture
def log(tmp_path: Path, bare_url: str) -> Iterator[Log]:
    """A log of the newest schema, copied to a database of the third one."""
    with kept_log("sqlite", tmp_path) as kept:
        kept.store.save_assistant(
            Assistant(
                id=new_id("asst"),
                model="demo",
                tools=(ToolSpec(name="price"),),
                metadata={"a": "b"},
                created_at=kept.clock.time,
            )
        )
        source = create_engine(f"sqlite:///{tmp_path}/log.db")
        target = writing_engine(located(bare_url, tmp_path))
        with source.connect() as old, target.begin() as new:
            upgrade_to(new, "0003")
            copy_rows(old, new)
            take_away(new)
        source.dispose()
        target.dispose()
        yield kept


@pytest.fixture
def upgraded(log: Log, bare_url: str) -> Iterator[SqlStore]:
    """The database, upgraded."""
    assert upgrade(bare_url) == Upgrade("0003", HEAD)
    store = open_store(bare_url, now=log.clock)
    yield store
    store.close()


def test_upgrade_keeps_what_there_is(log: Log, upgraded: SqlStore) -> None:
    assert upgraded.threads() == log.store.threads()
    assert upgraded.assistants() == log.store.assistants() != []
    for thread in log.store.threads():
        assert upgraded.messages(thread.id) == log.store.messages(thread.id)
        assert upgraded.runs(thread.id) == log.store.runs(thread.id)
        for run in log.store.runs(thread.id):
            assert upgraded.exchange(run.id) == log.store.exchange(run.id)
            assert upgraded.steps(run.id, Page(newest_first=False)) == log.store.steps(run.id)


def test_upgraded_thread_takes_what_api_clients_bring(log: Log, upgraded: SqlStore) -> None:
    run = log.runs["plain"]
    thread = upgraded.set_thread(run.thread_id, resources={"a": [1]}).result(WAIT)
    upgraded.add_message(typed(thread, log.clock, "More")).result(WAIT)
    upgraded.add_thread(bare_thread(log.clock)).result(WAIT)
    (assistant,) = upgraded.assistants()
    upgraded.remove_assistant(assistant.id).result(WAIT)
    waiting = log.runs["open"]
    upgraded.write(move(waiting, State.READY, State.CANCELLED)).result(WAIT)

    assert upgraded.thread(run.thread_id).resources == {"a": [1]}
    assert upgraded.messages(run.thread_id)[-1].text == "More"
    assert len(upgraded.threads()) == len(log.store.threads()) + 1
    assert (upgraded.assistants(), upgraded.keys()) == ([], [])
