"""Assistants, threads and messages, and the pages of their lists."""

from dataclasses import replace

import pytest
from sqlalchemy import create_engine, insert, update

from conversation.errors import NotFound, StoreUnavailable
from conversation.ids import new_id
from conversation.ports import Store
from conversation.records import Assistant, Page
from conversation.script import State
from conversation.turns import Sampling, ToolSpec
from storage.store import SqlStore
from storage.tables import BranchRow, ThreadRow
from tests.contract.stores import WAIT, Clock, begin, move


def test_assistant_comes_back_whole(store: Store, clock: Clock) -> None:
    wanted = replace(
        _assistant(clock),
        tools=(ToolSpec(name="price", parameters={"type": "object", "b": 1, "a": 2}),),
        sampling=Sampling(temperature=0.5, parallel_tool_calls=False),
        metadata={"team": "red"},
    )

    assert store.save_assistant(wanted) == wanted
    assert store.assistant(wanted.id) == wanted
    assert list(store.assistant(wanted.id).tools[0].parameters) == ["type", "b", "a"]


def test_every_change_makes_a_version(store: Store, clock: Clock) -> None:
    first = store.save_assistant(_assistant(clock))
    clock.forward(10)

    second = store.save_assistant(replace(first, model="other", created_at=clock.time))

    assert second == replace(first, model="other", version=2)
    assert store.assistant(first.id) == second
    assert store.assistant(first.id, 1) == first
    assert store.assistants() == [second]


def test_unknown_assistant_is_not_found(store: Store, clock: Clock) -> None:
    known = store.save_assistant(_assistant(clock))

    for wanted, version in (("asst_unknown", None), (known.id, 2)):
        with pytest.raises(NotFound):
            store.assistant(wanted, version)


def test_assistants_are_found_by_metadata(store: Store, clock: Clock) -> None:
    for number in ("1", "2"):
        labels = {"owner": "me", "number": number, "it's \u00e9": "yes", 'a "b"': "c"}
        store.save_assistant(replace(_assistant(clock), metadata=labels))
    store.save_assistant(_assistant(clock))

    (found,) = store.assistants(metadata={"owner": "me", "number": "2"})

    assert found.metadata["number"] == "2"
    assert len(store.assistants(metadata={'a "b"': "c"})) == 2
    assert len(store.assistants(metadata={"it's \u00e9": "yes"})) == 2
    assert store.assistants(metadata={"owner": "you"}) == []


def test_lists_follow_time_then_insertion(store: Store, clock: Clock) -> None:
    runs = [begin(store, clock) for _ in range(12)]
    clock.forward(-1)
    earliest = begin(store, clock)

    threads = [thread.id for thread in store.threads()]

    assert threads == [run.thread_id for run in (earliest, *runs)]


def test_pages_join_without_gap_or_double(store: Store, clock: Clock) -> None:
    for number in range(7):
        begin(store, clock)
        clock.forward(number % 2)
    everything = [thread.id for thread in store.threads()]

    assert _pages(store, newest_first=False) == everything
    assert _pages(store, newest_first=True) == everything[::-1]


def test_page_after_an_unknown_id_is_not_found(store: Store, clock: Clock) -> None:
    run = begin(store, clock)
    page = Page(after="unknown")

    with pytest.raises(NotFound):
        store.threads(page)
    with pytest.raises(NotFound):
        store.messages(run.thread_id, page)
    elsewhere = begin(store, clock)
    with pytest.raises(NotFound):
        store.runs(run.thread_id, Page(after=elsewhere.id))


def test_messages_are_paged_by_position(store: Store, clock: Clock) -> None:
    run = begin(store, clock)
    for _ in range(3):
        store.write(move(run, State.READY, State.CANCELLED)).result(WAIT)
        run = begin(store, clock, store.thread(run.thread_id))
    ids = [message.id for message in store.messages(run.thread_id)]

    newest = store.messages(run.thread_id, Page(limit=2))
    older = store.messages(run.thread_id, Page(limit=9, after=newest[-1].id))

    assert [message.id for message in newest + older] == ids[::-1]


def test_unknown_thread_has_no_lists(store: Store) -> None:
    for read in (store.thread, store.messages, store.runs, store.active_run):
        with pytest.raises(NotFound):
            read("thread_unknown")


def test_closed_store_answers_nothing(store: Store, clock: Clock) -> None:
    run = begin(store, clock)
    store.close()

    with pytest.raises(StoreUnavailable):
        store.run(run.id)
    with pytest.raises(StoreUnavailable):
        begin(store, clock)


def test_forks_share_what_came_before(sql: SqlStore, clock: Clock, url: str) -> None:
    thread = sql.thread(_talk(sql, clock, messages=4))
    trunk = [message.id for message in sql.messages(thread.id)]

    _fork(url, thread.id, thread.branch_id, position=3)
    assert [message.id for message in sql.messages(thread.id)] == trunk[:2]

    run = begin(sql, clock, sql.thread(thread.id))
    branch = sql.messages(thread.id)
    assert [message.id for message in branch] == [*trunk[:2], run.message_id]
    assert [message.position for message in branch] == [1, 2, 3]
    assert sql.exchange(run.id).messages == tuple(branch)

    _fork(url, thread.id, run.branch_id, position=2)
    assert [message.id for message in sql.messages(thread.id)] == trunk[:1]
    assert [message.id for message in sql.messages(thread.id, Page(limit=5))] == trunk[:1]


def _assistant(clock: Clock) -> Assistant:
    return Assistant(id=new_id("asst"), model="demo", created_at=clock.time)


def _pages(store: Store, *, newest_first: bool) -> list[str]:
    ids: list[str] = []
    while threads := store.threads(
        Page(limit=3, after=ids[-1] if ids else None, newest_first=newest_first)
    ):
        ids += [thread.id for thread in threads]
    return ids


def _talk(store: Store, clock: Clock, *, messages: int) -> str:
    run = begin(store, clock)
    for _ in range(messages - 1):
        store.write(move(run, State.READY, State.CANCELLED)).result(WAIT)
        run = begin(store, clock, store.thread(run.thread_id))
    store.write(move(run, State.READY, State.CANCELLED)).result(WAIT)
    return run.thread_id


def _fork(url: str, thread_id: str, parent: str, *, position: int) -> None:
    engine = create_engine(url)
    branch = {"id": new_id("branch"), "thread_id": thread_id}
    with engine.begin() as connection:
        forked = branch | {"parent_branch_id": parent, "fork_position": position}
        connection.execute(insert(BranchRow), forked)
        connection.execute(
            update(ThreadRow).where(ThreadRow.id == thread_id).values(active_branch_id=branch["id"])
        )
    engine.dispose()
