"""What somebody changes stays, whatever a run or somebody else writes at the same time."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from conversation.errors import NotFound, Outdated
from conversation.ids import new_id
from conversation.ports import Store
from conversation.records import Assistant, Message, Run
from conversation.script import State
from tests.contract.stores import WAIT, Clock, answer, begin, move, sql_store, to_running

CHANGES = ("name", "description", "instructions", "model")


def test_run_leaves_a_messages_metadata_alone(store: Store, clock: Clock) -> None:
    run, message = _writing(store, clock)
    store.change_message(message.id, metadata={"a": "b"}).result(WAIT)

    _complete(store, run, message, clock)

    kept = store.message(message.id)
    assert (kept.text, kept.status, kept.metadata) == ("All of it.", "completed", {"a": "b"})


def test_metadata_taken_from_a_message_stays_away(store: Store, clock: Clock) -> None:
    run, message = _writing(store, clock, metadata={"by": "run"})
    assert store.message(message.id).metadata == {"by": "run"}
    store.change_message(message.id, metadata={}).result(WAIT)

    _complete(store, run, message, clock)

    assert store.message(message.id).metadata == {}


def test_metadata_outlives_what_closes_a_run(store: Store, clock: Clock) -> None:
    run, message = _writing(store, clock)
    store.change_message(message.id, metadata={"a": "b"}).result(WAIT)

    store.write(move(run, State.RUNNING, State.ERROR)).result(WAIT)

    kept = store.message(message.id)
    assert (kept.status, kept.metadata) == ("incomplete", {"a": "b"})


def test_run_leaves_its_own_and_its_threads_metadata_alone(store: Store, clock: Clock) -> None:
    run, message = _writing(store, clock)
    store.set_run(run.id, metadata={"a": "b"}).result(WAIT)
    store.set_thread(run.thread_id, metadata={"c": "d"}).result(WAIT)
    store.set_thread(run.thread_id, resources={"e": 1}).result(WAIT)
    store.change_thread(run.thread_id, title="Mine", pinned=True).result(WAIT)

    _complete(store, run, message, clock)

    thread = store.thread(run.thread_id)
    assert store.run(run.id).metadata == {"a": "b"}
    assert (thread.metadata, thread.resources) == ({"c": "d"}, {"e": 1})
    assert (thread.title, thread.pinned) == ("Mine", True)


def test_change_to_an_older_version_is_refused(store: Store, clock: Clock) -> None:
    first = store.save_assistant(_assistant(clock))
    second = store.save_assistant(replace(first, name="x"))

    with pytest.raises(Outdated) as refused:
        store.save_assistant(replace(first, description="y"))

    assert (refused.value.what, refused.value.wanted) == ("assistant", first.id)
    assert store.assistant(first.id) == second
    with pytest.raises(NotFound):
        store.assistant(first.id, 3)


def test_one_of_many_changes_to_a_version_is_made(store: Store, clock: Clock) -> None:
    first = store.save_assistant(_assistant(clock))

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda name: _changed(store, first, name), CHANGES))

    assert outcomes.count(True) == 1
    made: dict[str, Any] = {CHANGES[outcomes.index(True)]: "x"}
    assert store.assistant(first.id) == replace(first, version=2, **made)


def test_one_of_many_stores_changes_a_version(url: str, clock: Clock) -> None:
    with ExitStack() as stack:
        stores = [stack.enter_context(sql_store(url, clock)) for _ in CHANGES]
        kept = stores[0].save_assistant(_assistant(clock))

        for _ in range(5):
            with ThreadPoolExecutor(len(stores)) as pool:
                outcomes = list(pool.map(_changed, stores, [kept] * len(stores), CHANGES))
            assert outcomes.count(True) == 1
            kept = stores[0].assistant(kept.id)

        assert kept.version == 6


def _changed(store: Store, read: Assistant, name: str) -> bool:
    change: dict[str, Any] = {name: "x"}
    try:
        store.save_assistant(replace(read, **change))
    except Outdated:
        return False
    return True


def _writing(
    store: Store, clock: Clock, *, metadata: dict[str, str] | None = None
) -> tuple[Run, Message]:
    """A run that is writing a message."""
    run = begin(store, clock)
    to_running(store, run)
    message = answer(run, clock, metadata=metadata or {})
    store.write(move(run, State.RUNNING, State.RUNNING, messages=(message,))).result(WAIT)
    return run, message


def _complete(store: Store, run: Run, message: Message, clock: Clock) -> None:
    """End a run with its message, as it knows it."""
    whole = replace(message, text="All of it.", status="completed", ended_at=clock.time)
    store.write(move(run, State.RUNNING, State.COMPLETED, messages=(whole,))).result(WAIT)


def _assistant(clock: Clock) -> Assistant:
    return Assistant(id=new_id("asst"), model="demo", created_at=clock.time)
