"""Beginning runs and moving them: the same in every store."""

from dataclasses import replace

import pytest

from conversation.errors import NotFound, Superseded, ThreadBusy
from conversation.events import (
    Cancelled,
    StatusChecked,
    TriggerRefused,
)
from conversation.ports import Store
from conversation.records import (
    Usage,
)
from conversation.script import OPEN, TERMINAL, State, Trigger
from tests.contract.stores import (
    WAIT,
    Clock,
    answer,
    begin,
    move,
    opening,
    to_running,
)


def test_accepted_run_is_ready_and_logged(store: Store, clock: Clock) -> None:
    wanted = opening(clock)

    run, lines = store.accept(wanted).result(WAIT)

    assert run == replace(wanted.run, state=State.READY, seq=2)
    assert store.run(run.id) == run
    assert store.events(run.id) == lines
    assert [(line.seq, line.at, line.event) for line in lines] == [
        (seq, clock.time, event) for seq, event in enumerate(wanted.events, 1)
    ]
    assert wanted.thread
    assert store.thread(run.thread_id) == replace(wanted.thread, title="Hello")
    assert store.messages(run.thread_id) == [replace(wanted.messages[0], position=1)]


def test_busy_thread_refuses_another_run(store: Store, clock: Clock) -> None:
    run = begin(store, clock)
    thread = store.thread(run.thread_id)

    with pytest.raises(ThreadBusy) as refused:
        begin(store, clock, thread)

    assert (refused.value.thread_id, refused.value.run_id) == (thread.id, run.id)
    assert store.runs(thread.id) == [run]
    assert len(store.messages(thread.id)) == 1


def test_thread_goes_on_after_its_run_ended(store: Store, clock: Clock) -> None:
    run = begin(store, clock)
    store.write(move(run, State.READY, State.CANCELLED)).result(WAIT)

    second = begin(store, clock, store.thread(run.thread_id))

    assert store.active_run(run.thread_id) == second
    assert [message.position for message in store.messages(run.thread_id)] == [1, 2]


def test_unknown_thread_is_not_found(store: Store, clock: Clock) -> None:
    stranger = opening(clock).thread

    with pytest.raises(NotFound):
        begin(store, clock, stranger)


def test_unknown_run_is_not_found(store: Store, clock: Clock) -> None:
    run = opening(clock).run

    with pytest.raises(NotFound):
        store.write(move(run, State.READY, State.STARTED)).result(WAIT)
    for read in (store.run, store.events, store.exchange, store.texts):
        with pytest.raises(NotFound):
            read(run.id)


def test_loser_of_compare_and_set_is_told(store: Store, clock: Clock) -> None:
    run = begin(store, clock)
    store.write(move(run, State.READY, State.CANCELLING)).result(WAIT)

    late = store.write(move(run, State.READY, State.STARTED))

    assert isinstance(late.exception(WAIT), Superseded)
    assert store.run(run.id).state == State.CANCELLING
    assert len(store.events(run.id)) == 3


def test_stale_fence_changes_nothing(store: Store, clock: Clock) -> None:
    run = begin(store, clock)
    store.register_worker("worker_new").result(WAIT)
    claimed = store.claim(run.id, "worker_new", dead_after=10).result(WAIT)
    message = answer(run, clock)

    stale = move(run, State.READY, State.STARTED, fence=run.fence, messages=(message,))

    with pytest.raises(Superseded):
        store.write(stale).result(WAIT)
    assert store.run(run.id) == claimed
    assert store.texts(run.id) == []
    assert len(store.events(run.id)) == 2


def test_write_on_an_old_seq_changes_nothing(store: Store, clock: Clock) -> None:
    run = begin(store, clock)
    store.write(move(run, State.READY, State.READY, seq=run.seq)).result(WAIT)

    with pytest.raises(Superseded):
        store.write(move(run, State.READY, State.CANCELLED, seq=run.seq)).result(WAIT)

    assert store.run(run.id) == replace(run, seq=run.seq + 1)


def test_current_fence_moves_the_run(store: Store, clock: Clock) -> None:
    run = begin(store, clock, fence=3, attempt=1, worker_id="worker_one")
    clock.forward(2)

    (line,) = store.write(move(run, State.READY, State.STARTED, fence=3)).result(WAIT)

    assert (line.seq, line.at) == (3, clock.time)
    after = store.run(run.id)
    assert after == replace(run, state=State.STARTED, seq=3, started_at=clock.time)


def test_start_is_noted_once(store: Store, clock: Clock) -> None:
    run = begin(store, clock)
    to_running(store, run)
    first = store.run(run.id).started_at
    clock.forward(5)

    store.write(move(run, State.RUNNING, State.STARTED)).result(WAIT)

    assert store.run(run.id).started_at == first


@pytest.mark.parametrize("ending", sorted(TERMINAL))
def test_terminal_run_never_changes(store: Store, clock: Clock, ending: State) -> None:
    run = begin(store, clock)
    store.write(move(run, State.READY, ending)).result(WAIT)
    before = (store.exchange(run.id), store.events(run.id))

    for to in (ending, State.RUNNING, State.CANCELLED, State.COMPLETED):
        for event in (StatusChecked(status="late"), Cancelled()):
            with pytest.raises(Superseded):
                store.write(move(run, ending, to, event)).result(WAIT)

    assert (store.exchange(run.id), store.events(run.id)) == before


def test_refused_trigger_is_logged_even_at_the_end(store: Store, clock: Clock) -> None:
    run = begin(store, clock)
    store.write(move(run, State.READY, State.CANCELLED)).result(WAIT)
    before = store.run(run.id)
    refused = TriggerRefused(trigger=Trigger.CANCEL, state=State.CANCELLED)
    clock.forward(9)
    with pytest.raises(Superseded):
        late = move(run, State.CANCELLED, State.CANCELLED, refused, usage=Usage(input=1))
        store.write(late).result(WAIT)

    (line,) = store.write(move(run, State.CANCELLED, State.CANCELLED, refused)).result(WAIT)

    assert line.event == refused
    assert store.run(run.id) == replace(before, seq=before.seq + 1)


def test_events_are_read_from_a_place_on(store: Store, clock: Clock) -> None:
    run = begin(store, clock)
    to_running(store, run)

    assert [line.seq for line in store.events(run.id, after=2)] == [3, 4]
    assert store.events(run.id, after=4) == []


def test_every_open_state_can_be_left(store: Store, clock: Clock) -> None:
    for state in sorted(OPEN - {State.NEW, State.READY}):
        run = begin(store, clock)
        store.write(move(run, State.READY, state)).result(WAIT)
        store.write(move(run, state, State.ERROR)).result(WAIT)
        assert store.run(run.id).state == State.ERROR
