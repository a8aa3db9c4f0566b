"""Steps of a run tell what their answers used, and end as the run does."""

import asyncio

import pytest

from conversation.errors import ProviderUnavailable
from conversation.ports import Store
from conversation.records import Step, Usage
from conversation.script import State
from conversation.signals import Asking, Finished, Saying, Sent, Used
from mediator.mediator import Mediator
from tests.contract.scripts import MEDIATORS, STOP, call, drive_to, price
from tests.stage import Line, ScriptedAssistant, Stage
from tools.registry import Tools


@pytest.fixture(params=MEDIATORS)
def kept(request: pytest.FixtureRequest, store: Store) -> Stage:
    """Set up a stage with each mediator on each store."""
    return Stage(request.param, Tools(price), store)


def steps(stage: Stage, run_id: str) -> list[Step]:
    return sorted(
        stage.store.exchange(run_id).steps, key=lambda step: (step.round, step.created_at)
    )


async def test_usage_goes_to_the_last_step_of_its_answer(kept: Stage) -> None:
    run = await kept.begin()
    first: list[Line] = [
        Sent(), Saying("Let me see."), Asking((call(),)), Used(input=20, output=8),
        Finished("tool_calls"),
    ]  # fmt: skip
    last: list[Line] = [Saying("42."), Used(input=30, output=2, cached=9, reasoning=1), STOP]

    await kept.conduct(run.id, ScriptedAssistant(first, last))

    told = {(step.round, step.kind): step.usage for step in steps(kept, run.id)}
    assert told == {
        (0, "message_creation"): None,
        (0, "tool_calls"): Usage(input=20, output=8),
        (1, "message_creation"): Usage(input=30, output=2, cached=9, reasoning=1),
    }


async def test_usage_of_a_cut_answer_is_its_steps(kept: Stage) -> None:
    run = await kept.begin()
    cut: list[Line] = [Sent(), Saying("It is"), Used(output=16), Finished("max_tokens")]

    await kept.conduct(run.id, ScriptedAssistant(cut))

    assert [step.usage for step in steps(kept, run.id)] == [Usage(output=16)]


async def fail(mediator: Mediator) -> None:
    await mediator.error(ProviderUnavailable("Down."))


async def stop(mediator: Mediator) -> None:
    await mediator.cancel()
    await mediator.cancelled()


@pytest.mark.parametrize(
    ("end", "status"),
    [(fail, "failed"), (stop, "cancelled"), (Mediator.expire, "expired")],
)
async def test_open_tool_calls_end_as_the_run_does(kept: Stage, end: object, status: str) -> None:
    run = await kept.begin()
    await drive_to(kept.restore(run.id), State.REQUIRES_ACTION)
    (before,) = steps(kept, run.id)
    assert (before.status, before.ended_at) == ("in_progress", None)

    await end(kept.restore(run.id))  # type: ignore[operator]

    (step,) = steps(kept, run.id)
    assert step.status == status
    assert step.ended_at is not None
    assert step.usage is None


async def test_run_stopped_while_a_function_runs_closes_its_step(kept: Stage) -> None:
    stuck, running = asyncio.Event(), asyncio.Event()

    async def wait() -> str:
        """Wait."""
        running.set()
        await stuck.wait()
        return "done"

    stage = Stage(kept.make, Tools(wait), kept.store)
    run = await stage.begin()
    asking: list[Line] = [Sent(), Asking((call("wait", "{}"),)), Finished("tool_calls")]
    task = asyncio.create_task(stage.conduct(run.id, ScriptedAssistant(asking)))
    await asyncio.wait_for(running.wait(), 5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    await stop(stage.restore(run.id))

    (step,) = steps(stage, run.id)
    assert (step.status, step.ended_at is not None) == ("cancelled", True)
