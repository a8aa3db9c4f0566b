"""Whoever answers a run that waits is told how the answer left it, not what came of that since."""

from dataclasses import replace

import pytest

from conversation.ports import Store, ToolPolicy
from conversation.records import Run, Waiting
from conversation.script import State
from conversation.signals import Asking, Finished
from conversation.turns import ToolSpec
from runs.run_queue import EmbeddedQueue
from tests.contract.processes import Process, process
from tests.contract.scripts import call, price, saying
from tests.stage import ScriptedAssistant
from tools.function import FunctionTool
from tools.registry import Tools


class OfClients(Tools):
    """Offers a function of a client, beside its own."""

    def specs(self) -> tuple[ToolSpec, ...]:
        """Return what there is."""
        return (*super().specs(), ToolSpec(name="ask", runs="client"))


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> list[Process]:
    """Processes in which a run that goes on has ended before anybody is told that it does."""
    processes: list[Process] = []
    go_on = EmbeddedQueue.go_on

    async def to_its_end(queue: EmbeddedQueue, run_id: str, fence: int) -> None:
        await go_on(queue, run_id, fence)
        await processes[0].ended(run_id)

    monkeypatch.setattr(EmbeddedQueue, "go_on", to_its_end)
    return processes


def scripted(*names: str) -> ScriptedAssistant:
    calls = tuple(call(name) for name in names)
    return ScriptedAssistant([Asking(calls), Finished("tool_calls")], saying("Done."))


async def waiting(one: Process, on: Waiting) -> tuple[Run, list[str]]:
    run = await one.begin()
    waits = await one.until(run.id, lambda run: run.waiting == on)
    calls = one.store.exchange(run.id).calls
    return waits, [record.call.call_id for record in calls if record.output is None]


async def test_submission_is_told_as_it_left_the_run(store: Store, hurried: list[Process]) -> None:
    async with process(store, scripted("ask", "ask"), tools=OfClients()) as one:
        hurried.append(one)
        waits, asked = await waiting(one, "client")

        left = await one.control.submit(waits.id, dict.fromkeys(asked, "42"))

        assert left == replace(waits, seq=waits.seq + 2, waiting=None)
        assert left.state is State.REQUIRES_ACTION
        assert store.run(waits.id).state is State.COMPLETED


async def test_decision_is_told_as_it_left_the_run(store: Store, hurried: list[Process]) -> None:
    tools = Tools(FunctionTool(price, ToolPolicy(needs_approval=True)))
    async with process(store, scripted("price", "price"), tools=tools) as one:
        hurried.append(one)
        waits, (first, second) = await waiting(one, "person")

        between = await one.control.decide(waits.id, first, approved=False)
        left = await one.control.decide(waits.id, second, approved=False)

        assert between == replace(waits, seq=waits.seq + 1)
        assert left == replace(waits, seq=waits.seq + 2, waiting=None)
        assert store.run(waits.id).state is State.COMPLETED
