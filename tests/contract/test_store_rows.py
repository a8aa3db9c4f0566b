"""What a step writes besides its events, and what a run's end closes."""

from dataclasses import replace

import pytest

from conversation.events import (
    ToolCallsRequested,
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
from conversation.script import State
from conversation.turns import ProviderItem, ToolCall
from tests.contract.stores import (
    WAIT,
    Clock,
    answer,
    begin,
    move,
    to_running,
    writing_step,
)


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


def _call(run: Run, step: Step, position: int) -> CallRecord:
    call = ToolCall(
        call_id=new_id("call"), name="price", arguments='{"symbol": "ACME"}', ref="fc_1"
    )
    return CallRecord(run_id=run.id, step_id=step.id, position=position, call=call)
