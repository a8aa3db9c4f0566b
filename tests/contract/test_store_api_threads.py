"""Threads and messages that come without a run, and what API clients change."""

from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, func, select

from conversation.errors import NotFound, ThreadBusy
from conversation.history import EVERYTHING, Filter, Sort, Window
from conversation.ports import Store
from conversation.records import ContentPart, PendingText, Thread
from conversation.script import State
from storage.search_table import SearchRow
from storage.store import SqlStore
from storage.tables import DeltaRow
from tests.contract.forks import go_on, regenerate, shown, talk
from tests.contract.stores import (
    WAIT,
    Clock,
    answer,
    bare_thread,
    begin,
    move,
    opening,
    sql_store,
    to_running,
    typed,
)

ALL = Window(size=100)
PARTS = (
    ContentPart(kind="text", text="What is this?"),
    ContentPart(kind="image_url", url="https://example.org/a.png", detail="low"),
    ContentPart(kind="image_file", file_id="file-1"),
    ContentPart(kind="text", text="And that?"),
)
ATTACHMENTS = ({"file_id": "file-2", "tools": [{"type": "file_search"}]},)
RESOURCES = {"file_search": {"vector_store_ids": ["vs_1"]}, "a \u00e9": None}


def begun(store: Store, clock: Clock, *texts: str, **fields: Any) -> Thread:
    """A thread with messages and no run."""
    thread = bare_thread(clock, **fields)
    messages = tuple(typed(thread, clock, text) for text in texts)
    return store.add_thread(thread, messages).result(WAIT)


def test_thread_without_a_run_keeps_everything(store: Store, clock: Clock) -> None:
    thread = bare_thread(
        clock, title="Hello", metadata={"a": "b"}, resources=RESOURCES, project_id="proj_1"
    )
    first = typed(thread, clock, "one", parts=PARTS, attachments=ATTACHMENTS, metadata={"c": "d"})
    second = typed(thread, clock, "two", role="assistant")

    assert store.add_thread(thread, (first, second)).result(WAIT) == thread

    assert store.thread(thread.id) == thread
    wanted = [replace(first, position=1), replace(second, position=2)]
    assert store.messages(thread.id) == wanted
    assert store.message(first.id) == wanted[0]
    assert [branch.id for branch in store.branches(thread.id)] == [thread.branch_id]
    assert (store.runs(thread.id), store.active_run(thread.id)) == ([], None)


def test_message_goes_to_the_end_of_the_active_branch(store: Store, clock: Clock) -> None:
    thread = talk(store, clock, "one", "two")
    regenerate(store, clock, store.messages(thread.id)[0], "Another")
    message = typed(thread, clock, "three", attachments=ATTACHMENTS)

    added = store.add_message(message).result(WAIT)

    branch_id = store.thread(thread.id).branch_id
    assert branch_id != thread.branch_id
    assert added == replace(message, branch_id=branch_id, position=3)
    assert store.messages(thread.id)[-1] == added
    assert shown(store, thread.id) == ["one", "Another", "three"]


def test_what_a_user_says_first_becomes_the_title(store: Store, clock: Clock) -> None:
    thread = begun(store, clock, title="")

    store.add_message(typed(thread, clock, "Hello.", role="assistant")).result(WAIT)
    assert store.thread(thread.id).title == ""
    for text in ("Price\nof ACME?", "And now?"):
        store.add_message(typed(thread, clock, text)).result(WAIT)

    titled = store.thread(thread.id)
    assert (titled.title, titled.titled_by) == ("Price of ACME?", "words")


def test_run_sees_the_messages_added_before_it(store: Store, clock: Clock) -> None:
    thread = begun(store, clock, "one")
    store.add_message(typed(thread, clock, "two")).result(WAIT)

    run = begin(store, clock, thread)

    assert [message.text for message in store.exchange(run.id).messages] == ["one", "two", "Hello"]


def test_messages_are_refused_while_a_run_is_under_way(store: Store, clock: Clock) -> None:
    thread = begun(store, clock, "one")
    (message,) = store.messages(thread.id)
    run = begin(store, clock, thread)
    before = store.messages(thread.id)

    for job in (
        store.add_message(typed(thread, clock, "two")),
        store.remove_message(message.id),
    ):
        with pytest.raises(ThreadBusy) as refused:
            job.result(WAIT)
        assert (refused.value.thread_id, refused.value.run_id) == (thread.id, run.id)
    assert store.messages(thread.id) == before

    store.write(move(run, State.READY, State.CANCELLED)).result(WAIT)
    store.add_message(typed(thread, clock, "two")).result(WAIT)
    store.remove_message(message.id).result(WAIT)
    assert shown(store, thread.id) == ["Hello", "two"]


@pytest.mark.timeout(60)
def test_no_run_slips_in_before_an_added_message(url: str, clock: Clock) -> None:
    """One store begins and ends runs, the other adds messages whenever it may."""
    with ExitStack() as stack:
        first, second = (stack.enter_context(sql_store(url, clock)) for _ in range(2))
        thread = begun(first, clock)
        for _ in range(25):
            run = first.accept(opening(clock, thread))
            added = second.add_message(typed(thread, clock, "added"))
            accepted = run.result(WAIT)[0]
            lost = added.exception(WAIT)
            told = [message.text for message in first.exchange(accepted.id).messages]
            if lost is None:
                assert told[-2:] == ["added", "Hello"]
            else:
                assert isinstance(lost, ThreadBusy)
                assert lost.run_id == accepted.id
            first.write(move(accepted, State.READY, State.CANCELLED)).result(WAIT)
        positions = [message.position for message in first.messages(thread.id)]
        assert positions == list(range(1, len(positions) + 1))


def test_message_gets_other_metadata_even_while_a_run_is_under_way(
    store: Store, clock: Clock
) -> None:
    run = begin(store, clock)
    (message,) = store.messages(run.thread_id)

    changed = store.change_message(message.id, metadata={"a": "b"}).result(WAIT)

    assert changed == replace(message, metadata={"a": "b"})
    assert store.message(message.id) == changed


def test_removed_message_is_gone(store: Store, clock: Clock) -> None:
    thread = begun(store, clock, "one", "two", "three")
    second = store.messages(thread.id)[1]

    store.remove_message(second.id).result(WAIT)

    assert shown(store, thread.id) == ["one", "three"]
    with pytest.raises(NotFound):
        store.message(second.id)
    with pytest.raises(NotFound):
        store.remove_message(second.id).result(WAIT)
    added = store.add_message(typed(thread, clock, "four")).result(WAIT)
    assert added.position == 4


def test_removed_message_leaves_no_text_behind(sql: SqlStore, clock: Clock, url: str) -> None:
    run = begin(sql, clock)
    to_running(sql, run)
    said = answer(run, clock)
    sql.write(move(run, State.RUNNING, State.RUNNING, messages=(said,))).result(WAIT)
    piece = PendingText(run_id=run.id, fence=0, message_id=said.id, offset=0, text="Hello, too")
    sql.append_texts((piece,)).result(WAIT)
    sql.write(move(run, State.RUNNING, State.CANCELLED)).result(WAIT)
    assert sql.history().hits(Filter(text="hello"), ALL).total == 2

    for message in sql.messages(run.thread_id):
        sql.remove_message(message.id).result(WAIT)

    assert sql.history().hits(Filter(text="hello"), ALL).total == 0
    engine = create_engine(url)
    with engine.connect() as connection:
        for table in (DeltaRow, SearchRow):
            assert connection.scalar(select(func.count()).select_from(table)) == 0
    engine.dispose()
    assert sql.run(run.id).state == State.CANCELLED


def test_what_takes_a_removed_messages_place_is_not_shared_by_forks(
    store: Store, clock: Clock
) -> None:
    thread = talk(store, clock, "one", "two")
    trunk = store.messages(thread.id)
    regenerate(store, clock, trunk[2], "Another")
    fork = store.thread(thread.id).branch_id
    store.choose_branch(thread.id, thread.branch_id).result(WAIT)
    for message in trunk[1:]:
        store.remove_message(message.id).result(WAIT)

    go_on(store, clock, thread.id, "three")

    assert shown(store, thread.id) == ["one", "three", "THREE"]
    store.choose_branch(thread.id, fork).result(WAIT)
    assert shown(store, thread.id) == ["one", "Another"]


def test_thread_changes_what_is_given(store: Store, clock: Clock) -> None:
    thread = begun(store, clock, metadata={"a": "b"}, resources=RESOURCES)

    labelled = store.set_thread(thread.id, metadata={"c": "d"}).result(WAIT)
    emptied = store.set_thread(thread.id, resources={}).result(WAIT)
    unchanged = store.set_thread(thread.id).result(WAIT)

    assert labelled == replace(thread, metadata={"c": "d"})
    assert emptied == unchanged == store.thread(thread.id) == replace(labelled, resources={})


def test_run_gets_other_metadata_at_any_state(store: Store, clock: Clock) -> None:
    run = begin(store, clock)
    changed = store.set_run(run.id, metadata={"a": "b"}).result(WAIT)
    assert changed == replace(run, metadata={"a": "b"}) == store.run(run.id)

    store.write(move(run, State.READY, State.CANCELLED)).result(WAIT)

    assert store.run(run.id).metadata == {"a": "b"}
    store.set_run(run.id, metadata={}).result(WAIT)
    assert (store.run(run.id).metadata, store.run(run.id).state) == ({}, State.CANCELLED)


def test_what_is_not_there_is_not_found(store: Store, clock: Clock) -> None:
    nowhere = bare_thread(clock)
    for job in (
        store.add_message(typed(nowhere, clock, "one")),
        store.change_message("msg_unknown", metadata={}),
        store.remove_message("msg_unknown"),
        store.set_thread("thread_unknown", metadata={}),
        store.set_thread("thread_unknown"),
        store.set_run("run_unknown", metadata={}),
    ):
        with pytest.raises(NotFound):
            job.result(WAIT)


def test_added_message_is_activity_of_its_thread(sql: SqlStore, clock: Clock) -> None:
    thread = begun(sql, clock, "one", title="Added")
    idle = begun(sql, clock)
    clock.forward(60)
    sql.add_message(typed(thread, clock, "two")).result(WAIT)
    history = sql.history()

    removed = history.remove_older(clock.time - timedelta(seconds=1))

    assert removed.thread_ids == (idle.id,)
    (line,) = history.threads(EVERYTHING, Sort(), ALL).rows
    assert (line.thread_id, line.title, line.runs) == (thread.id, "Added", 0)
    assert line.last_activity == clock.time
    assert history.delete_threads([thread.id]).messages == 2
    assert sql.threads() == []
