"""Messages that wait: in order, and each of them sent by one writer only."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from conversation.errors import NotFound, ThreadBusy
from conversation.ids import new_id
from conversation.ports import Store
from conversation.records import QueuedMessage
from conversation.script import State
from storage.schema import upgrade
from storage.store import open_store
from tests.contract.forks import asked, editing, shown, talk
from tests.contract.stores import WAIT, Clock, begin, move, sql_store

PROCESSES = 3


def queued(clock: Clock, thread_id: str, text: str = "Next", **fields: object) -> QueuedMessage:
    """A message that is to wait."""
    given = {"id": new_id("wait"), "created_at": clock.time} | fields
    return QueuedMessage(thread_id=thread_id, text=text, **given)  # type: ignore[arg-type]


def test_messages_wait_in_the_order_they_came(store: Store, clock: Clock) -> None:
    thread, other = talk(store, clock, "one"), talk(store, clock, "two")
    early = clock.time - timedelta(hours=1)
    first = queued(clock, thread.id, provider="openai", model="gpt-4o", assistant_id="asst_a")
    second = queued(clock, thread.id, "Then", stream=False, created_at=early)

    for message in (first, queued(clock, other.id), second):
        store.enqueue(message).result(WAIT)

    assert store.queue(thread.id) == [first, second]


def test_threads_that_are_not_there_have_no_queue(store: Store, clock: Clock) -> None:
    with pytest.raises(NotFound):
        store.enqueue(queued(clock, "thread_nobody")).result(WAIT)
    with pytest.raises(NotFound):
        store.queue("thread_nobody")
    assert store.queue(talk(store, clock, "one").id) == []


def test_message_is_dropped_once(store: Store, clock: Clock) -> None:
    thread = talk(store, clock, "one")
    message = queued(clock, thread.id)
    store.enqueue(message).result(WAIT)

    assert store.dequeue(message.id).result(WAIT) is True
    assert store.dequeue(message.id).result(WAIT) is False
    assert store.queue(thread.id) == []


def test_accepted_message_leaves_the_queue(store: Store, clock: Clock) -> None:
    thread = talk(store, clock, "one")
    first, second = queued(clock, thread.id), queued(clock, thread.id)
    for message in (first, second):
        store.enqueue(message).result(WAIT)

    store.accept(replace(asked(clock, thread, "Next"), queued_id=first.id)).result(WAIT)

    assert store.queue(thread.id) == [second]
    assert shown(store, thread.id) == ["one", "ONE", "Next"]


@pytest.mark.parametrize("forking", [False, True])
def test_message_that_has_left_changes_nothing(store: Store, clock: Clock, forking: bool) -> None:
    thread = talk(store, clock, "one")
    before = store.messages(thread.id)
    began = editing(store, clock, before[0], "uno") if forking else asked(clock, thread, "Next")

    with pytest.raises(NotFound) as refused:
        store.accept(replace(began, queued_id="queued_gone")).result(WAIT)

    assert (refused.value.what, refused.value.wanted) == ("queued message", "queued_gone")
    assert store.thread(thread.id) == thread
    assert store.messages(thread.id) == before
    assert len(store.runs(thread.id)) == len(store.branches(thread.id)) == 1


def test_message_waits_on_while_the_thread_is_busy(store: Store, clock: Clock) -> None:
    thread = talk(store, clock, "one")
    message = queued(clock, thread.id)
    store.enqueue(message).result(WAIT)
    begin(store, clock, thread)

    with pytest.raises(ThreadBusy):
        store.accept(replace(asked(clock, thread, "Next"), queued_id=message.id)).result(WAIT)

    assert store.queue(thread.id) == [message]


def test_one_of_many_threads_sends_a_message(store: Store, clock: Clock) -> None:
    thread = talk(store, clock, "one")
    message = queued(clock, thread.id)
    store.enqueue(message).result(WAIT)
    began = [replace(asked(clock, thread, "Next"), queued_id=message.id) for _ in range(8)]

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda one: store.accept(one).exception(WAIT), began))

    assert_one_won(outcomes)
    assert shown(store, thread.id) == ["one", "ONE", "Next"]


def test_one_of_many_stores_sends_a_message(url: str, clock: Clock) -> None:
    with ExitStack() as stack:
        stores = [stack.enter_context(sql_store(url, clock)) for _ in range(4)]
        thread = talk(stores[0], clock, "one")

        for _ in range(5):
            message = queued(clock, thread.id)
            stores[0].enqueue(message).result(WAIT)
            with ThreadPoolExecutor(4) as pool:
                outcomes = list(pool.map(sending(clock, message), stores))
            assert_one_won(outcomes)
            run = stores[0].active_run(thread.id)
            assert run
            stores[0].write(move(run, State.READY, State.CANCELLED)).result(WAIT)

        assert shown(stores[0], thread.id) == ["one", "ONE", *["Next"] * 5]


def assert_one_won(outcomes: list[BaseException | None]) -> None:
    """Of those who sent the same message one did, and the others were told that it had left."""
    assert outcomes.count(None) == 1
    assert sum(isinstance(one, NotFound) for one in outcomes) == len(outcomes) - 1


def sending(clock: Clock, message: QueuedMessage) -> Callable[[Store], BaseException | None]:
    """Send what waits, through whichever store."""

    def send(store: Store) -> BaseException | None:
        began = asked(clock, store.thread(message.thread_id), message.text)
        return store.accept(replace(began, queued_id=message.id)).exception(WAIT)

    return send


@pytest.mark.timeout(60)
def test_one_of_several_processes_sends_a_message(tmp_path: Path, clock: Clock) -> None:
    url = f"sqlite:///{tmp_path}/parley.db"
    upgrade(url)
    with sql_store(url, clock) as store:
        thread = talk(store, clock, "one")
        message = queued(clock, thread.id)
        store.enqueue(message).result(WAIT)
        command = [sys.executable, "-m", __spec__.name, url, thread.id, message.id]
        processes = [subprocess.Popen(command) for _ in range(PROCESSES)]  # noqa: S603

        assert sorted(process.wait(50) for process in processes) == [0, *[9] * (PROCESSES - 1)]

        assert store.queue(thread.id) == []
        assert shown(store, thread.id) == ["one", "ONE", "Next"]


def _send(url: str, thread_id: str, queued_id: str) -> int:
    store = open_store(url)
    began = replace(asked(Clock(), store.thread(thread_id), "Next"), queued_id=queued_id)
    lost = store.accept(began).exception(WAIT)
    store.close()
    return 9 if isinstance(lost, NotFound) else int(lost is not None)


if __name__ == "__main__":
    sys.exit(_send(*sys.argv[1:]))
