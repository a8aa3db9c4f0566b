"""Which threads a process should look after: messages wait there, and nothing holds them."""

from conversation.ids import new_id
from conversation.ports import Store
from conversation.records import QueuedMessage, Run, Thread
from conversation.script import State
from tests.contract.stores import WAIT, Clock, begin, move

ENDED = frozenset({State.COMPLETED, State.CANCELLED})


def wait(store: Store, clock: Clock, thread_id: str) -> QueuedMessage:
    message = QueuedMessage(
        id=new_id("wait"), thread_id=thread_id, text="Next", created_at=clock.time
    )
    store.enqueue(message).result(WAIT)
    return message


def end(store: Store, run: Run, state: State) -> None:
    store.write(move(run, State.READY, state)).result(WAIT)


def go_on(store: Store, clock: Clock, thread: Thread) -> Run:
    clock.forward(1)
    return begin(store, clock, thread)


def test_threads_wait_behind_the_newest_run_alone(store: Store, clock: Clock) -> None:
    runs = [begin(store, clock) for _ in range(4)]
    done, failed, busy, mended = (store.thread(run.thread_id) for run in runs)
    for run, state in zip(
        runs, (State.CANCELLED, State.ERROR, State.CANCELLED, State.ERROR), strict=True
    ):
        end(store, run, state)
    go_on(store, clock, busy)
    end(store, go_on(store, clock, mended), State.CANCELLED)

    first = {thread.id: wait(store, clock, thread.id) for thread in (mended, failed, busy, done)}
    wait(store, clock, done.id)

    assert store.first_waiting(ENDED) == [first[mended.id], first[done.id]]
    assert store.first_waiting(ENDED, runs[0].id) == [first[done.id]]
    assert store.first_waiting(ENDED, runs[2].id) == []


def test_thread_without_a_queue_waits_for_nothing(store: Store, clock: Clock) -> None:
    end(store, begin(store, clock), State.CANCELLED)

    assert store.first_waiting(ENDED) == []
