"""Deleting threads: nothing of theirs is left, nothing of others is touched."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, func, select, text

from conversation.errors import NotFound, ThreadBusy
from conversation.history import EVERYTHING, Filter, Removed, Sort, Window
from conversation.ids import new_id
from conversation.records import (
    Feedback,
    ModelCall,
    PendingText,
    QueuedMessage,
    StoredItem,
)
from conversation.script import State
from conversation.turns import ProviderItem
from storage import deletion
from storage.store import SqlStore
from storage.tables import Base
from tests.contract.forks import edit, regenerate
from tests.contract.logs import Called, Said, begin, exchange, new_thread
from tests.contract.stores import WAIT, Clock, answer, move, opening, to_running

ALL = Window(size=100)


def counted(url: str) -> dict[str, int]:
    """How many rows there are in each table, and in the word index."""
    engine = create_engine(url)
    with engine.connect() as connection:
        counts = {
            name: connection.scalar(select(func.count()).select_from(table)) or 0
            for name, table in Base.metadata.tables.items()
        }
        if engine.dialect.name == "sqlite":
            indexed = text("SELECT count(*) FROM search_index WHERE search_index MATCH 'hello'")
            counts["search_index"] = connection.scalar(indexed) or 0
    engine.dispose()
    return counts


def rich_thread(store: SqlStore, clock: Clock) -> str:
    """A thread with rows in every table."""
    thread = new_thread(clock, "Rich")
    exchange(store, clock, thread=thread, calls=(Called(),))
    run = begin(store, clock, Said(question="hello again"), thread)
    to_running(store, run)
    message = answer(run, clock)
    item = StoredItem(
        run_id=run.id, round=0, position=0, item=ProviderItem(provider="openai", body={"a": 1})
    )
    asked = ModelCall(
        run_id=run.id, number=1, provider="openai", request="{}", started_at=clock.time
    )
    written = {"messages": (message,), "items": (item,), "model_calls": (asked,)}
    store.write(move(run, State.RUNNING, State.RUNNING, **written)).result(WAIT)
    piece = PendingText(run_id=run.id, fence=0, message_id=message.id, offset=0, text="Half")
    store.append_texts((piece,)).result(WAIT)
    store.write(move(run, State.RUNNING, State.CANCELLED)).result(WAIT)
    store.rate(Feedback(run_id=run.id, rating="down", at=clock.time)).result(WAIT)
    edit(store, clock, store.messages(thread.id)[0], "hello once more")
    regenerate(store, clock, store.messages(thread.id)[0], "Hello to you")
    waiting = QueuedMessage(
        id=new_id("wait"), thread_id=thread.id, text="And then", created_at=clock.time
    )
    store.enqueue(waiting).result(WAIT)
    return thread.id


def test_deletion_leaves_nothing_behind(sql: SqlStore, clock: Clock, url: str) -> None:
    exchange(sql, clock)
    before = counted(url)
    thread_id = rich_thread(sql, clock)
    added = {name: count - before[name] for name, count in counted(url).items()}
    expected = {"assistants", "assistant_versions", "workers", "preferences"}
    expected |= {"api_keys", "requests_once"}
    assert {name for name, count in added.items() if count == 0} == expected

    removed = sql.history().delete_threads([thread_id, "thread_nobody", thread_id])

    assert counted(url) == before
    assert removed == Removed(
        threads=1,
        messages=added["messages"],
        runs=4,
        events=added["events"],
        thread_ids=(thread_id,),
    )
    with pytest.raises(NotFound):
        sql.thread(thread_id)


def test_retention_leaves_nothing_behind(sql: SqlStore, clock: Clock, url: str) -> None:
    before = counted(url)
    thread_id = rich_thread(sql, clock)

    removed = sql.history().remove_older(clock.time + timedelta(seconds=1))

    assert removed.thread_ids == (thread_id,)
    assert counted(url) == before


def test_deletion_is_seen_at_once(sql: SqlStore, clock: Clock) -> None:
    run = exchange(sql, clock)
    history = sql.history()
    assert history.overview(EVERYTHING).runs == 1
    assert history.choices().models == ("gpt-4o",)

    history.delete_threads([run.thread_id])

    assert history.overview(EVERYTHING).runs == 0
    assert history.choices().models == ()
    assert history.hits(Filter(text="hello"), ALL).total == 0
    assert history.threads(EVERYTHING, Sort(), ALL).total == 0


def test_busy_threads_are_not_deleted(sql: SqlStore, clock: Clock, url: str) -> None:
    idle, busy = exchange(sql, clock), begin(sql, clock, Said())
    before = counted(url)

    with pytest.raises(ThreadBusy) as refused:
        sql.history().delete_threads([idle.thread_id, busy.thread_id])

    assert (refused.value.thread_id, refused.value.run_id) == (busy.thread_id, busy.id)
    assert counted(url) == before


def test_thread_that_becomes_busy_meanwhile_stays(
    sql: SqlStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = exchange(sql, clock)
    thread = sql.thread(run.thread_id)
    look = deletion.known

    def look_too_early(*given: object) -> object:
        found = look(*given)  # type: ignore[arg-type]
        sql.accept(opening(clock, thread)).result(WAIT)
        return found

    monkeypatch.setattr(deletion, "known", look_too_early)

    with pytest.raises(ThreadBusy):
        sql.history().delete_threads([thread.id])

    assert len(sql.runs(thread.id)) == 2


def test_nobody_begins_on_a_deleted_thread(sql: SqlStore, clock: Clock) -> None:
    thread = sql.thread(exchange(sql, clock).thread_id)
    sql.history().delete_threads([thread.id])

    with pytest.raises(NotFound):
        sql.accept(opening(clock, thread)).result(WAIT)


def test_old_threads_are_removed_oldest_first(sql: SqlStore, clock: Clock) -> None:
    waiting = begin(sql, clock, Said())
    old = [exchange(sql, clock) for _ in range(3)]
    later = clock.time + timedelta(microseconds=1)
    clock.forward(60)
    revived = exchange(sql, clock, thread=sql.thread(old[0].thread_id))
    history = sql.history()

    first = history.remove_older(later, limit=1)
    second = history.remove_older(later)

    assert first.thread_ids == (old[1].thread_id,)
    assert second.thread_ids == (old[2].thread_id,)
    assert history.remove_older(later) == Removed()
    left = {line.thread_id for line in history.each_thread(EVERYTHING)}
    assert left == {waiting.thread_id, revived.thread_id}


def test_thread_that_is_revived_meanwhile_stays(
    sql: SqlStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = exchange(sql, clock)
    later = clock.time + timedelta(seconds=1)
    clock.forward(60)
    look = deletion.older

    def look_too_early(*given: object) -> object:
        found = look(*given)  # type: ignore[arg-type]
        sql.accept(opening(clock, sql.thread(run.thread_id))).result(WAIT)
        return found

    monkeypatch.setattr(deletion, "older", look_too_early)

    assert sql.history().remove_older(later) == Removed()
    assert len(sql.runs(run.thread_id)) == 2


def test_what_fits_is_removed_in_bounded_jobs() -> None:
    most = deletion.EVENTS_AT_ONCE
    threads = [("a", most), ("b", 1), ("c", most - 1), ("d", 1), ("e", 3 * most), ("f", 0)]

    assert list(deletion.portions(threads)) == [["a"], ["b", "c"], ["d"], ["e"], ["f"]]
    many = [(str(number), 0) for number in range(2 * deletion.THREADS_AT_ONCE + 1)]
    assert [len(ids) for ids in deletion.portions(many)] == [
        deletion.THREADS_AT_ONCE, deletion.THREADS_AT_ONCE, 1,
    ]  # fmt: skip
    assert list(deletion.portions([])) == []


def test_many_threads_go_in_several_jobs(
    sql: SqlStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion, "EVENTS_AT_ONCE", 8)
    ids = [exchange(sql, clock).thread_id for _ in range(3)]

    removed = sql.history().delete_threads(ids)

    assert (removed.threads, set(removed.thread_ids)) == (3, set(ids))


def test_log_is_read_while_it_is_written(sql: SqlStore, clock: Clock) -> None:
    history = sql.history()
    asks: tuple[Callable[[], object], ...] = (
        lambda: history.runs(EVERYTHING, Sort(), ALL),
        lambda: history.threads(EVERYTHING, Sort(), ALL),
        lambda: history.hits(Filter(text="hello"), ALL),
        lambda: sql.history().overview(EVERYTHING),
        lambda: list(history.each_event(EVERYTHING)),
    )

    def write() -> None:
        for _ in range(5):
            exchange(sql, clock)

    with ThreadPoolExecutor(len(asks) + 1) as pool:
        writing = pool.submit(write)
        for one in [pool.submit(ask) for ask in asks * 5]:
            one.result(60)
        writing.result(60)

    for thread in history.each_thread(EVERYTHING):
        assert thread.events == 8
    assert sql.history().overview(EVERYTHING).runs == 5
