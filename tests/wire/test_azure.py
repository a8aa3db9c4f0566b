"""Azure OpenAI: the API it shares with OpenAI, and its older one, by date."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from conversation.choice import Choice
from conversation.errors import UnknownModel
from conversation.script import State
from conversation.signals import Item
from conversation.turns import Said, Turn
from proxies import openai_chat, openai_responses
from setup.core import ParleyCore
from tests.contract.cores import ended, running
from tests.wire.chat_server import ChatServer
from tests.wire.openai_server import Answer, Call, OpenAIServer, failure
from tests.wire.wires import PRICE, QUICK, SECRET, hear, hear_until_failure, round_of, text_of

TURN = Turn(model="my-gpt", messages=(Said(role="user", text="Hello."),))


@pytest.fixture
def responses(openai_thread: OpenAIServer) -> Iterator[OpenAIServer]:
    openai_thread.forget()
    yield openai_thread


@pytest.fixture
def chat(chat_thread: ChatServer) -> Iterator[ChatServer]:
    chat_thread.forget()
    yield chat_thread


def root(server: OpenAIServer | ChatServer) -> str:
    return server.base_url.removesuffix("/v1")


async def test_dated_version_is_asked_at_its_deployment(chat: ChatServer) -> None:
    proxy = openai_chat.connect_azure(
        endpoint=root(chat), api_key=SECRET, api_version="2024-10-21", retry=QUICK
    )

    heard = await hear(proxy, TURN)
    listed = await proxy.models()
    await proxy.aclose()

    (request,) = chat.requests
    assert request.path == "/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21"
    assert request.headers["api-key"] == SECRET
    assert "You said: Hello." in text_of(heard)
    assert (listed, chat.listings) == ((), [])


async def test_its_items_are_its_own(responses: OpenAIServer) -> None:
    responses.script(Answer(reasoning=True, calls=(Call("get_stock_price", {"symbol": "A"}),)))
    proxy = openai_responses.connect(
        name="azure",
        label="Azure OpenAI",
        api_key=SECRET,
        base_url=f"{root(responses)}/openai/v1",
        retry=QUICK,
    )
    turn = Turn(model="my-gpt", messages=TURN.messages, tools=(PRICE,))

    heard = await hear(proxy, turn)
    again = Turn(
        model="my-gpt", messages=TURN.messages, tools=(PRICE,), rounds=(round_of(heard, "1.0"),)
    )
    answer = await hear(proxy, again)
    await proxy.aclose()

    assert {one.item.provider for one in heard if isinstance(one, Item)} == {"azure"}
    assert text_of(answer) == "The tools say 1.0."
    assert [item["type"] for item in responses.requests[1].body["input"][1:]] == [
        "reasoning", "function_call", "function_call_output",
    ]  # fmt: skip


async def test_its_failures_bear_its_name(responses: OpenAIServer) -> None:
    responses.script(failure(404, "DeploymentNotFound", "The API deployment does not exist."))
    proxy = openai_responses.connect(
        name="azure", label="Azure OpenAI", api_key=SECRET, base_url=responses.base_url, retry=QUICK
    )

    _, error = await hear_until_failure(proxy, TURN)
    await proxy.aclose()

    assert type(error) is UnknownModel
    assert str(error).startswith("Azure OpenAI does not know this model")


@pytest.mark.parametrize(
    ("version", "path"),
    [
        (None, "/openai/v1/responses"),
        ("v1", "/openai/v1/responses"),
        ("preview", "/openai/v1/responses?api-version=preview"),
    ],
)
def test_old_names_reach_azure_where_there_is_no_openai(
    responses: OpenAIServer, tmp_path: Path, version: str | None, path: str
) -> None:
    with azure(tmp_path, root(responses), version) as core:
        named = ended(core, core.start("Hello.", Choice(provider="openai", model="gpt-4o")).id)
        usual = ended(core, core.start("Hello.", Choice(provider="openai")).id)
        asked = core.providers()

    assert [run.state for run in (named, usual)] == [State.COMPLETED] * 2
    assert [run.spec.provider for run in (named, usual)] == ["azure"] * 2
    assert [request.path for request in responses.requests] == [path] * 2
    assert [request.body["model"] for request in responses.requests] == ["gpt-4o", "my-gpt"]
    assert responses.requests[0].headers["authorization"] == f"Bearer {SECRET}"
    assert [one.name for one in asked if one.available] == ["azure", "demo"]


def test_dated_azure_answers_old_names(chat: ChatServer, tmp_path: Path) -> None:
    with azure(tmp_path, root(chat), "2024-10-21") as core:
        run = ended(core, core.start("Hello.", Choice(model="gpt-4o")).id)

    assert (run.state, run.spec.provider) == (State.COMPLETED, "azure")
    assert chat.requests[0].path.startswith("/openai/deployments/gpt-4o/chat/completions?")


def azure(folder: Path, endpoint: str, version: str | None) -> AbstractContextManager[ParleyCore]:
    return running(
        f"sqlite:///{folder / 'azure.db'}",
        azure_openai_endpoint=endpoint,
        azure_openai_api_key=SECRET,
        azure_openai_model="my-gpt",
        openai_api_version=version,
    )
