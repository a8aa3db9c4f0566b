"""Whole exchanges over each provider's wire: what the mediator asks for, providers accept."""

import pytest

from conversation.records import Run
from conversation.script import State
from conversation.turns import Sampling, ToolChoice
from mediator.mediator_state_machine import MediatorStateMachine
from tests.stage import Stage
from tests.wire.wires import Wire
from tools.registry import Tools


def get_stock_price(symbol: str) -> float:
    """Return the latest price.

    Args:
        symbol: A ticker.
    """
    return {"AAPL": 1.0, "MSFT": 2.0}[symbol]


@pytest.fixture
def stage() -> Stage:
    return Stage(MediatorStateMachine, Tools(get_stock_price))


async def exchange(stage: Stage, wire: Wire, **spec: object) -> Run:
    """Conduct a run that asks for two prices."""
    run = await stage.begin("Prices of AAPL and MSFT?", model=wire.model, **spec)
    ended = await stage.conduct(run.id, wire.proxy())
    assert wire.server.rejections == []
    return ended


def outputs(stage: Stage, run: Run) -> list[str | None]:
    return [record.output for record in stage.store.exchange(run.id).calls]


@pytest.mark.parametrize("stream", [True, False])
async def test_first_of_two_calls_goes_back_alone(wire: Wire, stage: Stage, stream: bool) -> None:
    wire.server.script(wire.answer("Let me see.", "AAPL", "MSFT"))

    ended = await exchange(stage, wire, sampling=Sampling(parallel_tool_calls=False), stream=stream)

    assert ended.state is State.COMPLETED
    assert outputs(stage, ended) == ["1.0"]
    assert len(wire.server.requests) == 2


async def test_forced_call_is_forced_in_the_first_request_only(wire: Wire, stage: Stage) -> None:
    await exchange(stage, wire, tool_choice=ToolChoice(name="get_stock_price"))

    bodies = [request.body for request in wire.server.requests]
    forced = [bool({"tool_choice", "toolConfig"} & body.keys()) for body in bodies]
    assert forced == [True, False]


async def test_rest_of_the_budget_goes_over_the_wire(wire: Wire, stage: Stage) -> None:
    ended = await exchange(stage, wire, max_completion_tokens=1000)

    assert ended.usage.output == 20
    bodies = [request.body for request in wire.server.requests]
    assert [_limit(body) for body in bodies] == [1000, 990]


async def test_steps_tell_what_the_provider_counted(wire: Wire, stage: Stage) -> None:
    ended = await exchange(stage, wire)

    told = [step.usage for step in stage.store.exchange(ended.id).steps]
    assert [(usage.input, usage.output) for usage in told if usage] == [(20, 10), (20, 10)]


async def test_used_up_budget_ends_the_exchange(wire: Wire, stage: Stage) -> None:
    ended = await exchange(stage, wire, max_completion_tokens=10)

    assert ended.incomplete_reason == "max_completion_tokens"
    assert outputs(stage, ended) == []
    assert len(wire.server.requests) == 1


def _limit(body: dict[str, object]) -> object:
    config = body.get("generationConfig")
    if isinstance(config, dict):
        return config["maxOutputTokens"]
    return body.get("max_output_tokens") or body.get("max_tokens")
