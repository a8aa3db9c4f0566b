"""Both mediators take up a run at any state, and change nothing in one that is lost."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator

import pytest

from conversation.errors import (
    ProviderUnavailable,
    Superseded,
)
from conversation.events import (
    ToolExecuted,
)
from conversation.ports import ToolPolicy
from conversation.records import Run
from conversation.script import State
from conversation.signals import (
    Asking,
    Finished,
    Saying,
    Sent,
    Signal,
)
from conversation.turns import Turn
from tests.contract.scripts import asking, call, drive_to, saying
from tests.stage import Line, ScriptedAssistant, Stage
from tools.registry import Tools


async def _left(stage: Stage, run: Run, lines: list[Line], *, flush: bool = False) -> None:
    """Conduct until the model has said `lines`, then let the executing process die."""
    reached, never = asyncio.Event(), asyncio.Event()

    class Dying(ScriptedAssistant):
        async def respond(self, turn: Turn) -> AsyncGenerator[Signal, None]:
            async for signal in super().respond(turn):
                yield signal
            reached.set()
            await never.wait()

    task = asyncio.create_task(stage.conduct(run.id, Dying(lines)))
    await asyncio.wait_for(reached.wait(), 5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    if flush:
        stage.store.append_texts(tuple(stage.log.said)).result()
    await stage.crash(run.id)


@pytest.mark.parametrize("lines", [0, 1, 2, 3, 4])
async def test_run_left_while_the_model_answered_asks_again(stage: Stage, lines: int) -> None:
    run = await stage.begin()
    await _left(stage, run, saying("Half an answer", " and more")[:lines])

    ended = await stage.conduct(run.id, ScriptedAssistant(saying("A whole answer")))

    assert ended.state is State.COMPLETED
    assert ended.attempt == 2
    assert ("retried" in stage.kinds(run.id)) == (lines > 0)
    said = [m for m in stage.store.messages(run.thread_id) if m.role == "assistant"]
    assert [m.text for m in said if m.status == "completed"] == ["A whole answer"]
    assert [m.incomplete_reason for m in said if m.status != "completed"] == (
        ["superseded"] if lines > 2 else []
    )


async def test_text_of_a_dead_attempt_is_kept(stage: Stage) -> None:
    run = await stage.begin()
    await _left(stage, run, [Sent(), Saying("Half")], flush=True)

    await stage.conduct(run.id, ScriptedAssistant(saying("Whole")))

    said = [m for m in stage.store.messages(run.thread_id) if m.role == "assistant"]
    assert [(m.text, m.status) for m in said] == [("Half", "incomplete"), ("Whole", "completed")]
    assert [step.status for step in stage.store.exchange(run.id).steps] == ["failed", "completed"]


async def test_text_of_a_dead_attempt_is_not_told_to_the_model(stage: Stage) -> None:
    run = await stage.begin()
    await _left(stage, run, [Sent(), Saying("Half")], flush=True)
    await stage.conduct(run.id, ScriptedAssistant(saying("Whole")))
    follow = await stage.begin("More", thread=stage.store.thread(run.thread_id))
    assistant = ScriptedAssistant(saying("More"))

    await stage.conduct(follow.id, assistant)

    assert [said.text for said in assistant.heard[0].messages] == ["Hello", "Whole", "More"]


async def test_text_of_a_dead_attempt_is_no_part_of_its_round(stage: Stage) -> None:
    run = await stage.begin()
    await _left(stage, run, [Sent(), Saying("Half")], flush=True)
    wanting: list[Line] = [Sent(), Saying("Whole"), Asking((call(),)), Finished("tool_calls")]
    assistant = ScriptedAssistant(wanting, saying("Done."))

    await stage.conduct(run.id, assistant)

    assert assistant.heard[1].rounds[0].text == "Whole"


@pytest.mark.parametrize("idempotent", [True, False])
async def test_only_an_idempotent_call_runs_twice(stage: Stage, idempotent: bool) -> None:
    ran: Counter[str] = Counter()
    stuck = asyncio.Event()

    async def once(symbol: str) -> str:
        """Do it.

        Args:
            symbol: A ticker.
        """
        ran[symbol] += 1
        if ran[symbol] == 1:
            stuck.set()
            await asyncio.Event().wait()
        return "done"

    tools = Tools()
    tools.register(once, ToolPolicy(idempotent=idempotent))
    stage = Stage(stage.make, tools)
    run = await stage.begin()
    task = asyncio.create_task(stage.conduct(run.id, ScriptedAssistant(asking(call("once")))))
    await asyncio.wait_for(stuck.wait(), 5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await stage.crash(run.id)
    assistant = ScriptedAssistant(saying("Done."))

    ended = await stage.conduct(run.id, assistant)

    assert ended.state is State.COMPLETED
    assert ran["ACME"] == (2 if idempotent else 1)
    (result,) = assistant.heard[0].rounds[0].results
    assert (result.output == "done") == idempotent
    executed = [e for e in stage.events(run.id) if isinstance(e, ToolExecuted)]
    assert len(executed) == 1


@pytest.mark.parametrize("state", [State.TOOLS_EXECUTED, State.TOOL_OUTPUTS_SUBMITTED])
async def test_outputs_are_not_made_twice(stage: Stage, state: State) -> None:
    run = await stage.begin()
    mediator = stage.restore(run.id)
    await drive_to(mediator, state)
    await stage.crash(run.id)
    assistant = ScriptedAssistant(saying("Done."))

    ended = await stage.conduct(run.id, assistant)

    assert ended.state is State.COMPLETED
    assert stage.kinds(run.id).count("tool_executed") == 1
    assert assistant.heard[0].rounds[0].results[0].output == "42.0"


async def test_run_left_cancelling_is_ended(stage: Stage) -> None:
    run = await stage.begin()
    await stage.restore(run.id, fenced=False).cancel()
    await stage.crash(run.id)

    ended = await stage.conduct(run.id, ScriptedAssistant())

    assert ended.state is State.CANCELLED


async def test_whoever_lost_the_run_changes_nothing(stage: Stage) -> None:
    run = await stage.begin()
    frozen = stage.restore(run.id)
    await stage.crash(run.id)
    before = stage.store.exchange(run.id)

    await frozen.started()
    with pytest.raises(Superseded):
        await frozen.error(ProviderUnavailable("Down."))

    assert stage.store.exchange(run.id) == before


async def test_proxy_is_closed_when_the_run_is_lost(stage: Stage) -> None:
    run = await stage.begin()
    go_on = asyncio.Event()
    assistant = ScriptedAssistant([Sent(), go_on, *saying("Hi")[1:]])
    task = asyncio.create_task(stage.conduct(run.id, assistant))
    await asyncio.wait_for(assistant.asked.wait(), 5)
    await stage.crash(run.id)
    go_on.set()

    with pytest.raises(Superseded):
        await task

    assert assistant.closed == len(assistant.heard)
