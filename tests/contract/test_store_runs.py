"""Beginning runs and moving them: the same in every store."""

from dataclasses import replace

import pytest

from conversation.errors import NotFound, Superseded, ThreadBusy
from conversation.events import (
    Cancelled,
    StatusChecked,
    ToolCallsRequested,
    TriggerRefused,
    UsageRecorded,
)
from conversation.ids import new_id
from conversation.ports import Store
from conversation.records import (
    CallRecord,
    Run,
    RunError,
    Step,
    StepStatus,
    StoredItem,
    Usage,
)
from conversation.script import OPEN, TERMINAL, State, Trigger
from conversation.turns import ProviderItem, ToolCall
from tests.contract.stores import (
    WAIT,
    Clock,
    answer,
    begin,
    move,
    opening,
    to_running,
    writing_step,
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
    assert store.thread(run.thread_id) == wanted.thread
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
@pytest.mark.parametrize("to", [State.RUNNING, State.CANCELLED, State.COMPLETED])
def test_terminal_run_never_changes(store: Store, clock: Clock, ending: State, to: State) -> None:
    run = begin(store, clock)
    store.write(move(run, State.READY, ending)).result(WAIT)
    before = (store.exchange(run.id), store.events(run.id))

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

    (line,) = store.write(move(run, State.CANCELLED, State.CANCELLED, refused)).result(WAIT)

    assert line.event == refused
    assert store.run(run.id) == replace(before, seq=before.seq + 1)


def test_events_are_read_from_a_place_on(store: Store, clock: Clock) -> None:
    run = begin(store, clock)
    to_running(store, run)

    assert [line.seq for line in store.events(run.id, after=2)] == [3, 4]
    assert store.events(run.id, after=4) == []


def test_usage_adds_up(store: Store, clock: Clock) -> None:
    run = begin(store, clock)
    to_running(store, run)
    used = Usage(input=10, output=4, cached=2, reasoning=1)
    event = UsageRecorded(input=10, output=4, cached=2, reasoning=1)

    for _ in range(2):
        store.write(move(run, State.RUNNING, State.RUNNING, event, usage=used)).result(WAIT)

    assert store.run(run.id).usage == used + used


def test_failure_is_kept_with_the_run(store: Store, clock: Clock) -> None:
    run = begin(store, clock)
    error = RunError(code="rate_limited", message="Too many requests.", hint="Wait.")
    clock.forward(1)

    store.write(move(run, State.READY, State.ERROR, error=error)).result(WAIT)

    after = store.run(run.id)
    assert (after.error, after.ended_at, after.ended) == (error, clock.time, True)


def test_exchange_has_all_rows_of_its_run(store: Store, clock: Clock) -> None:
    run = begin(store, clock)
    to_running(store, run)
    step = Step(id=new_id("step"), run_id=run.id, round=1, kind="tool_calls", created_at=clock.time)
    calls = tuple(_call(run, step, position) for position in range(2))
    item = StoredItem(
        run_id=run.id, round=1, position=0,
        item=ProviderItem(provider="openai", body={"type": "reasoning", "b": [1, None]}),
    )  # fmt: skip
    asked = ToolCallsRequested(step_id=step.id, calls=tuple(call.call for call in calls))

    store.write(
        move(run, State.RUNNING, State.REQUIRES_ACTION, asked,
             steps=(step,), calls=calls, items=(item,))
    ).result(WAIT)  # fmt: skip

    kept = store.exchange(run.id)
    assert (kept.steps, kept.calls, kept.items) == ((step,), calls, (item,))
    assert [message.text for message in kept.messages] == ["Hello"]
    assert store.events(run.id)[-1].event == asked


def test_rows_of_the_same_key_are_replaced(store: Store, clock: Clock) -> None:
    run = begin(store, clock)
    to_running(store, run)
    message, text = answer(run, clock), "All of it."
    step = writing_step(run, message, clock)
    draft = {"messages": (message,), "steps": (step,)}
    store.write(move(run, State.RUNNING, State.RUNNING, **draft)).result(WAIT)
    whole = replace(message, text=text, status="completed", ended_at=clock.time)
    done = replace(step, status="completed", ended_at=clock.time)

    store.write(move(run, State.RUNNING, State.COMPLETED, messages=(whole,), steps=(done,))).result(
        WAIT
    )

    kept = store.exchange(run.id)
    assert kept.messages[-1] == replace(whole, position=2)
    assert kept.steps == (done,)


def test_outputs_are_added_to_calls(store: Store, clock: Clock) -> None:
    run = begin(store, clock)
    to_running(store, run)
    step = Step(id=new_id("step"), run_id=run.id, round=1, kind="tool_calls", created_at=clock.time)
    call = _call(run, step, 0)
    asking = move(run, State.RUNNING, State.REQUIRES_ACTION, steps=(step,), calls=(call,))
    store.write(asking).result(WAIT)
    known = replace(call, output="42", seconds=0.5, approved=True, ended_at=clock.time)

    store.write(move(run, State.REQUIRES_ACTION, State.REQUIRES_ACTION, calls=(known,))).result(
        WAIT
    )

    assert store.exchange(run.id).calls == (known,)


def test_released_run_waits_without_a_worker(store: Store, clock: Clock) -> None:
    run = begin(store, clock, worker_id="worker_one")
    to_running(store, run)

    store.write(
        move(run, State.RUNNING, State.REQUIRES_ACTION, release=True, waiting="client")
    ).result(WAIT)

    after = store.run(run.id)
    assert (after.worker_id, after.waiting) == (None, "client")


def test_remark_leaves_whom_the_run_waits_for(store: Store, clock: Clock) -> None:
    run = begin(store, clock)
    to_running(store, run)
    waiting = move(run, State.RUNNING, State.REQUIRES_ACTION, release=True, waiting="person")
    store.write(waiting).result(WAIT)

    store.write(move(run, State.REQUIRES_ACTION, State.REQUIRES_ACTION)).result(WAIT)
    assert store.run(run.id).waiting == "person"

    store.write(move(run, State.REQUIRES_ACTION, State.TOOLS_EXECUTED)).result(WAIT)
    assert store.run(run.id).waiting is None


@pytest.mark.parametrize(
    ("ending", "reason", "step_status"),
    [
        (State.CANCELLED, "run_cancelled", "cancelled"),
        (State.ERROR, "run_failed", "failed"),
        (State.EXPIRED, "run_expired", "expired"),
        (State.INCOMPLETE, "content_filter", "completed"),
        (State.COMPLETED, "superseded", "completed"),
    ],
)
def test_end_closes_what_is_open(
    store: Store, clock: Clock, ending: State, reason: str, step_status: StepStatus
) -> None:
    run = begin(store, clock, worker_id="worker_one")
    to_running(store, run)
    message = answer(run, clock, text="Half an")
    step = writing_step(run, message, clock)
    draft = {"messages": (message,), "steps": (step,)}
    store.write(move(run, State.RUNNING, State.RUNNING, **draft)).result(WAIT)
    clock.forward(3)

    cut = "content_filter" if ending == State.INCOMPLETE else None
    store.write(move(run, State.RUNNING, ending, incomplete_reason=cut)).result(WAIT)

    kept = store.exchange(run.id)
    assert kept.run.worker_id is None
    assert kept.messages[-1] == replace(
        message, position=2, status="incomplete", incomplete_reason=reason, ended_at=clock.time
    )
    assert kept.steps == (replace(step, status=step_status, ended_at=clock.time),)


def test_every_open_state_can_be_left(store: Store, clock: Clock) -> None:
    for state in sorted(OPEN - {State.NEW, State.READY}):
        run = begin(store, clock)
        store.write(move(run, State.READY, state)).result(WAIT)
        store.write(move(run, state, State.ERROR)).result(WAIT)
        assert store.run(run.id).state == State.ERROR


def _call(run: Run, step: Step, position: int) -> CallRecord:
    call = ToolCall(
        call_id=new_id("call"), name="price", arguments='{"symbol": "ACME"}', ref="fc_1"
    )
    return CallRecord(run_id=run.id, step_id=step.id, position=position, call=call)
