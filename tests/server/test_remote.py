"""One Parley answers through the API of another, each with a log of its own."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from conversation.choice import Choice
from conversation.ports import Core
from conversation.script import State
from setup.core import ParleyCore
from tests.contract.cores import ENDLESS, ended, running, speaking, when
from tools.registry import Tools
from tools.stocks import stock_tools

REMOTE = Choice(provider="remote")
PRICE = {"symbol": "AAPL", "price": 227.5, "currency": "USD", "source": "sample data"}


@pytest.fixture
def near(address: str, tmp_path: Path) -> Iterator[ParleyCore]:
    """A Parley whose models are all at the other one."""
    tools = Tools(*stock_tools("sample"))
    with running(
        f"sqlite:///{tmp_path}/near.db",
        tools=tools,
        remote_base_url=f"{address}/v1",
        remote_model="demo",
    ) as core:
        yield core


def texts(core: Core, thread_id: str) -> list[str]:
    return [message.text for message in core.store.messages(thread_id)]


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "polled"])
def test_functions_run_here_and_the_model_there(
    near: ParleyCore, core: ParleyCore, stream: bool
) -> None:
    before = {thread.id for thread in core.store.threads()}

    run = ended(near, near.start("What does AAPL cost?", REMOTE, stream=stream).id)

    (call,) = near.store.exchange(run.id).calls
    assert run.state is State.COMPLETED
    assert (call.call.name, call.failed) == ("get_stock_price", False)
    assert call.output == json.dumps(PRICE, separators=(",", ":"))
    assert f"{PRICE['price']:.2f}" in texts(near, run.thread_id)[-1]
    when(core, lambda: {thread.id for thread in core.store.threads()} == before)


def test_conversation_goes_on_there_with_all_that_was_said(near: ParleyCore) -> None:
    first = ended(near, near.start("My name is Ada.", REMOTE).id)

    second = near.start("What is my name?", REMOTE, thread_id=first.thread_id)

    assert ended(near, second.id).state is State.COMPLETED
    assert "Ada" in texts(near, first.thread_id)[-1]


def test_stop_here_stops_the_run_there(near: ParleyCore, core: ParleyCore) -> None:
    before = {thread.id for thread in core.store.threads()}
    run = near.start(ENDLESS, REMOTE)
    speaking(near, run.id)

    near.cancel(run.id)

    assert ended(near, run.id).state is State.CANCELLED
    when(core, lambda: {thread.id for thread in core.store.threads()} == before)


def test_models_are_those_of_the_other(near: ParleyCore) -> None:
    def listed() -> tuple[str, ...]:
        (remote,) = (status for status in near.providers() if status.name == "remote")
        return remote.models

    when(near, lambda: "gpt-4o" in listed())
    assert "demo" in listed()
