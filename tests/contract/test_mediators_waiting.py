"""Both mediators wait for a person or a client, and go on when they have answered."""

import pytest

from conversation.errors import (
    BadInput,
    Superseded,
)
from conversation.ids import new_id
from conversation.ports import ToolPolicy
from conversation.records import Run
from conversation.script import State
from conversation.turns import ToolCall, ToolSpec
from mediator.answers import decide, submit_outputs
from tests.contract.scripts import asking, call, price, saying
from tests.stage import ScriptedAssistant, Stage, opening
from tools.registry import Tools


@pytest.fixture
def asking_first(stage: Stage) -> Stage:
    tools = Tools()
    tools.register(price, ToolPolicy(needs_approval=True))
    return Stage(stage.make, tools)


async def test_call_that_needs_a_person_waits_and_keeps_nothing(asking_first: Stage) -> None:
    stage = asking_first
    run = await stage.begin()

    waiting = await stage.conduct(run.id, ScriptedAssistant(asking()))

    assert (waiting.state, waiting.waiting) == (State.REQUIRES_ACTION, "person")
    assert waiting.worker_id is None
    assert stage.kinds(run.id)[-1] == "approval_requested"


@pytest.mark.parametrize("approved", [True, False])
async def test_decision_lets_the_run_go_on(asking_first: Stage, approved: bool) -> None:
    stage = asking_first
    run = await stage.begin()
    wanted = call()
    await stage.conduct(run.id, ScriptedAssistant(asking(wanted)))

    ready = await decide(stage.restore(run.id, fenced=False), wanted.call_id, approved=approved)
    await stage.crash(run.id)
    assistant = ScriptedAssistant(saying("Done."))
    ended = await stage.conduct(run.id, assistant)

    assert ready
    assert ended.state is State.COMPLETED
    (result,) = assistant.heard[0].rounds[0].results
    assert result.output == "42.0" if approved else "declined" in result.output
    assert ("tool_started" in stage.kinds(run.id)) == approved


async def test_of_two_quick_decisions_one_is_told_to_look_again(asking_first: Stage) -> None:
    stage = asking_first
    run = await stage.begin()
    first, second = call(), call()
    await stage.conduct(run.id, ScriptedAssistant(asking(first, second)))
    one, other = (stage.restore(run.id, fenced=False) for _ in range(2))

    assert not await decide(one, first.call_id, approved=True)
    with pytest.raises(Superseded):
        await decide(other, second.call_id, approved=True)
    assert await decide(stage.restore(run.id, fenced=False), second.call_id, approved=True)


async def test_decision_about_a_call_that_waits_for_none_is_refused(stage: Stage) -> None:
    run = await stage.begin()

    with pytest.raises(BadInput, match="does not wait"):
        await decide(stage.restore(run.id, fenced=False), new_id("call"), approved=True)


@pytest.fixture
async def at_client(stage: Stage) -> tuple[Stage, Run, ToolCall, ToolCall]:
    theirs = ToolSpec(name="theirs", runs="client")
    start = opening(tools=(*stage.tools.specs(), theirs))
    await stage.log.accept(start)
    one, other = call("theirs", "{}"), call("theirs", "{}")
    run = await stage.conduct(start.run.id, ScriptedAssistant(asking(one, call(), other)))
    return stage, run, one, other


async def test_calls_of_a_client_wait_while_ours_have_run(
    at_client: tuple[Stage, Run, ToolCall, ToolCall],
) -> None:
    stage, run, one, other = at_client

    assert (run.state, run.waiting) == (State.REQUIRES_ACTION, "client")
    open_calls = [r.call for r in stage.store.exchange(run.id).calls if r.output is None]
    assert {c.call_id for c in open_calls} == {one.call_id, other.call_id}


async def test_outputs_of_a_client_let_the_run_go_on(
    at_client: tuple[Stage, Run, ToolCall, ToolCall],
) -> None:
    stage, run, one, other = at_client

    outputs = {one.call_id: "1", other.call_id: "2"}
    assert await submit_outputs(stage.restore(run.id, fenced=False), outputs)
    await stage.crash(run.id)
    assistant = ScriptedAssistant(saying("Done."))
    ended = await stage.conduct(run.id, assistant)

    assert ended.state is State.COMPLETED
    assert [r.output for r in assistant.heard[0].rounds[0].results] == ["1", "42.0", "2"]


@pytest.mark.parametrize("which", ["one", "none", "more", "twice"])
async def test_outputs_that_are_not_those_awaited_change_nothing(
    at_client: tuple[Stage, Run, ToolCall, ToolCall], which: str
) -> None:
    stage, run, one, other = at_client
    right = {one.call_id: "1", other.call_id: "2"}
    wrong = {
        "one": {one.call_id: "1"}, "none": {}, "more": {**right, new_id("call"): "3"},
        "twice": right,
    }  # fmt: skip
    if which == "twice":
        await submit_outputs(stage.restore(run.id, fenced=False), right)
    before = stage.store.run(run.id).seq

    with pytest.raises(BadInput, match="tool outputs"):
        await submit_outputs(stage.restore(run.id, fenced=False), wrong[which])

    assert stage.store.run(run.id).seq == before


async def test_run_waits_on_for_a_person_when_the_client_has_answered(asking_first: Stage) -> None:
    stage, theirs, ours = asking_first, call("theirs", "{}"), call()
    start = opening(tools=(*stage.tools.specs(), ToolSpec(name="theirs", runs="client")))
    await stage.log.accept(start)
    run = await stage.conduct(start.run.id, ScriptedAssistant(asking(theirs, ours)))

    ready = await submit_outputs(stage.restore(run.id, fenced=False), {theirs.call_id: "1"})

    assert (ready, stage.store.run(run.id).waiting) == (False, "person")
    assert await decide(stage.restore(run.id, fenced=False), ours.call_id, approved=True)
    assert stage.store.run(run.id).waiting is None


async def test_no_outputs_can_be_given_to_a_run_that_awaits_none(stage: Stage) -> None:
    run = await stage.crash((await stage.begin()).id, "worker_1")

    with pytest.raises(BadInput, match="tool outputs"):
        await submit_outputs(stage.restore(run.id, fenced=False), {})

    assert stage.store.run(run.id) == run  # its worker still has it
