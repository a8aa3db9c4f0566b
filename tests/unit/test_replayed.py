"""Who stands for the user in the run of a replay, and what it remembers."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import Mock

from conversation.errors import NotFound
from conversation.events import Event, Logged, ToolCallsRequested, ToolExecuted
from conversation.records import Branch, Message, RunSpec
from conversation.turns import ToolCall, ToolResult
from proxies.user_proxy import UserProxy
from runs.replayed import user_of
from tests.unit.transcripts import AT, THREAD
from tests.unit.transcripts import asked as question

Telling = list[tuple[Any, list[Event]]]


class Journal:
    """Keeps the outputs of calls."""

    def __init__(self) -> None:
        self.outputs: list[str] = []

    async def tool_started(self, call: ToolCall) -> None:
        pass

    async def tool_executed(self, call: ToolCall, result: ToolResult) -> None:
        self.outputs.append(result.output)


def run_of(run_id: str, thread_id: str, recorded_from: str | None = None) -> Any:
    spec = RunSpec(provider="demo", model="demo", recorded_from=recorded_from)
    return SimpleNamespace(id=run_id, thread_id=thread_id, message_id=None, spec=spec)


def store_of(log: Telling) -> Any:
    """Return a store that has these runs and what their logs tell."""
    logs = {
        run.id: [
            Logged(run_id=run.id, seq=seq, at=AT, event=event) for seq, event in enumerate(told, 1)
        ]
        for run, told in log
    }

    def runs(thread_id: str) -> list[Any]:
        return [run for run, _ in log if run.thread_id == thread_id]

    def written(thread_id: str) -> list[Message]:
        return [replace(question(), id=run.id, run_id=run.id) for run in runs(thread_id)]

    return SimpleNamespace(
        runs=runs,
        events=logs.__getitem__,
        messages=written,
        thread=lambda _: THREAD,
        branches=lambda _: [Branch(id=THREAD.branch_id, thread_id=THREAD.id)],
    )


def call(call_id: str) -> ToolCall:
    return ToolCall(call_id=call_id, name="price", arguments="{}")


def asked(*ids: str) -> ToolCallsRequested:
    return ToolCallsRequested(step_id="step_1", calls=tuple(map(call, ids)))


def had(call_id: str) -> ToolExecuted:
    return ToolExecuted(
        call_id=call_id, name="price", arguments="{}", output=f"of {call_id}", seconds=1
    )


async def outputs(log: Telling, run: Any, calls: int) -> list[str]:
    """Return what the calls of a run get that was begun with this log."""
    user = await user_of(run, cast(Any, None), store_of(log))
    journal = Journal()
    await user.execute_tools(
        [call(f"call_{number}") for number in range(calls)], cast(Any, journal)
    )
    return journal.outputs


async def test_usual_run_has_the_usual_user() -> None:
    usual = UserProxy(cast(Any, None))

    assert await user_of(run_of("run_1", "thread_1"), usual, cast(Any, None)) is usual


async def test_outputs_come_in_the_order_the_calls_were_asked_for() -> None:
    slow_first: list[Event] = [asked("call_1", "call_2"), had("call_2"), had("call_1")]
    again = run_of("run_2", "thread_2", "thread_1")

    assert await outputs([(run_of("run_1", "thread_1"), slow_first)], again, 2) == [
        "of call_1", "of call_2",
    ]  # fmt: skip


async def test_only_replayed_runs_have_had_their_share() -> None:
    told: list[Event] = [asked("call_1"), had("call_1"), asked("call_2"), had("call_2")]
    log: Telling = [
        (run_of("run_1", "thread_1"), told),
        (run_of("run_2", "thread_2"), [asked("call_3"), had("call_3")]),  # somebody went on
    ]
    again = run_of("run_3", "thread_2", "thread_1")

    assert await outputs(log, again, 2) == ["of call_1", "of call_2"]


async def test_source_deleted_while_it_is_read_is_no_fault() -> None:
    told: list[Event] = [asked("call_1"), had("call_1")]
    store = store_of([(run_of("run_1", "thread_1"), told)])
    store.events = Mock(side_effect=NotFound("run", "run_1"))

    user = await user_of(run_of("run_2", "thread_2", "thread_1"), cast(Any, None), store)

    assert user.policy("price")


async def test_what_a_replay_has_had_is_gone() -> None:
    told: list[Event] = [asked("call_1"), had("call_1"), asked("call_2"), had("call_2")]
    again = run_of("run_2", "thread_2", "thread_1")
    log: Telling = [(run_of("run_1", "thread_1"), told), (again, [asked("call_3"), had("call_3")])]

    assert await outputs(log, again, 1) == ["of call_2"]
