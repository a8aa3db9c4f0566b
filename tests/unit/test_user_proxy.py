import asyncio
from datetime import UTC, datetime

import pytest

from conversation.errors import Superseded
from conversation.ports import ToolPolicy
from conversation.records import Opening, Run, RunSpec
from conversation.turns import ToolCall, ToolResult, ToolSpec
from proxies.user_proxy import UserProxy

ONE = ToolCall(call_id="call_1", name="one", arguments="{}")
TWO = ToolCall(call_id="call_2", name="two", arguments="{}")


class FakeTools:
    """Every function ends once all `together` of them have begun."""

    def __init__(self, together: int = 1, trace: list[str] | None = None) -> None:
        self.trace = [] if trace is None else trace
        self._together = asyncio.Barrier(together)
        self.begun = asyncio.Semaphore(0)
        self.cancelled: list[str] = []

    def specs(self) -> tuple[ToolSpec, ...]:
        return ()

    def policy(self, name: str) -> ToolPolicy | None:
        return ToolPolicy(timeout=7) if name == "one" else None

    async def run(self, call: ToolCall) -> ToolResult:
        self.trace.append(f"run {call.name}")
        self.begun.release()
        try:
            await self._together.wait()
        except asyncio.CancelledError:
            self.cancelled.append(call.name)
            raise
        return ToolResult(call_id=call.call_id, output=call.name.upper())


class FakeJournal:
    """Writes down what it is told; refuses the start of the calls in `refuse`."""

    def __init__(self, refuse: str = "", trace: list[str] | None = None) -> None:
        self.trace = [] if trace is None else trace
        self._refuse = refuse

    async def tool_started(self, call: ToolCall) -> None:
        await asyncio.sleep(0)
        if call.name == self._refuse:
            raise Superseded("run_1")
        self.trace.append(f"started {call.name}")

    async def tool_executed(self, call: ToolCall, result: ToolResult) -> None:
        self.trace.append(f"executed {call.name} {result.output}")


class FakeMediator:
    async def set_user_message(self, opening: Opening) -> Run:
        return opening.run


async def test_start_is_reported_before_the_call() -> None:
    trace: list[str] = []

    await UserProxy(FakeTools(trace=trace)).execute_tools([ONE], FakeJournal(trace=trace))

    assert trace == ["started one", "run one", "executed one ONE"]


async def test_all_calls_run_at_the_same_time() -> None:
    journal = FakeJournal()

    await UserProxy(FakeTools(together=2)).execute_tools([ONE, TWO], journal)

    assert sorted(journal.trace[-2:]) == ["executed one ONE", "executed two TWO"]


async def test_refused_report_stops_the_other_calls() -> None:
    tools = FakeTools(together=2)

    with pytest.raises(Superseded):
        await UserProxy(tools).execute_tools([ONE, TWO], FakeJournal(refuse="two"))

    assert tools.trace == ["run one"]
    assert tools.cancelled == ["one"]


async def test_cancellation_stops_all_calls() -> None:
    tools = FakeTools(together=3)
    task = asyncio.create_task(UserProxy(tools).execute_tools([ONE, TWO], FakeJournal()))
    for _ in range(2):
        await tools.begun.acquire()

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(tools.cancelled) == ["one", "two"]


def test_policy_is_that_of_the_tools() -> None:
    user_proxy = UserProxy(FakeTools())

    assert user_proxy.policy("one") == ToolPolicy(timeout=7)
    assert user_proxy.policy("three") is None


async def test_message_goes_to_the_mediator() -> None:
    run = Run(
        id="run_1",
        thread_id="thread_1",
        branch_id="branch_1",
        spec=RunSpec(provider="demo", model="demo"),
        created_at=datetime(2025, 1, 1, tzinfo=UTC),
    )
    opening = Opening(run=run, messages=(), events=())
    user_proxy = UserProxy(FakeTools())

    with pytest.raises(RuntimeError, match="introduce"):
        await user_proxy.send(opening)
    user_proxy.introduce(FakeMediator())
    assert await user_proxy.send(opening) is run
