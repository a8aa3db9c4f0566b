"""Whole cores with OpenAI-compatible servers: several at once, and those found on this computer."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pytest

from conversation.choice import Choice
from conversation.errors import NotConfigured
from conversation.records import ProviderStatus
from conversation.script import State
from proxies import local_servers
from setup import providers
from setup.core import ParleyCore
from tests.contract.cores import ended, running
from tests.wire.chat_server import Answer, ChatServer, failure
from tests.wire.server import Break, Reply, broken, json_reply
from tests.wire.wires import PRICE, SECRET
from tools.registry import Tools

MODELS = {"object": "list", "data": [{"id": "llama3:8b"}, {"id": "qwen"}]}
FEW = {"object": "list", "data": [{"id": "mixtral"}]}
PATIENCE = 10.0


def get_stock_price(symbol: str) -> str:
    """Return the latest price.

    Args:
        symbol: A ticker.
    """
    return f"{symbol} 1.0"


@pytest.fixture
def first() -> Iterator[ChatServer]:
    with ChatServer() as server:
        server.offers(MODELS)
        yield server


@pytest.fixture
def second() -> Iterator[ChatServer]:
    with ChatServer() as server:
        server.offers(FEW)
        yield server


@pytest.fixture
def serve(tmp_path: Path) -> Callable[..., AbstractContextManager[ParleyCore]]:
    """Have a core with these settings."""

    def serving(**settings: Any) -> AbstractContextManager[ParleyCore]:
        usual = {"tools": Tools(get_stock_price), "provider_max_attempts": 1}
        return running(f"sqlite:///{tmp_path / 'parley.db'}", **usual | settings)

    return serving


@pytest.fixture
def at_port(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have servers looked for at these ports, anew each time a page asks."""
    monkeypatch.setattr(providers, "_LOCAL_KEPT", 0.0)
    monkeypatch.setenv("LOCAL_SERVERS", "on")

    def at(**ports: int) -> None:
        monkeypatch.setattr("setup.roster.LOCAL_SERVERS", ports)
        monkeypatch.setattr("setup.providers.LOCAL_SERVERS", ports)

    return at


def status(
    core: ParleyCore, name: str, holds: Callable[[ProviderStatus | None], bool]
) -> ProviderStatus | None:
    """Ask as a page does until a provider's status is as wanted."""
    latest = time.monotonic() + PATIENCE
    pause = threading.Event()
    while True:
        known = {one.name: one for one in core.providers()}
        if holds(known.get(name)):
            return known.get(name)
        assert time.monotonic() < latest, known.get(name)
        pause.wait(0.02)


def known(core: ParleyCore, name: str) -> ProviderStatus:
    """Wait until a provider's models are known."""
    found = status(core, name, lambda one: one is not None and bool(one.models))
    assert found is not None
    return found


def quiet(core: ParleyCore) -> None:
    """Wait until nobody is being asked."""
    latest = time.monotonic() + PATIENCE
    pause = threading.Event()
    while not core.providers_known():
        assert time.monotonic() < latest
        pause.wait(0.02)


Serve = Callable[..., AbstractContextManager[ParleyCore]]
AtPort = Callable[..., None]


def both(first: ChatServer, second: ChatServer, **more: Any) -> dict[str, Any]:
    return {"compatible_servers": {"one": first.base_url, "two": second.base_url}, **more}


# named in the settings


def test_several_servers_answer_side_by_side(
    serve: Serve, first: ChatServer, second: ChatServer
) -> None:
    settings = both(
        first,
        second,
        compatible_keys={"two": SECRET},
        compatible_tools="two=prompted",
        model_map={"gpt-4o": "two:mixtral"},
    )
    with serve(**settings) as core:
        choices = [Choice(model="one:llama3:8b"), Choice(model="gpt-4o"), Choice(provider="one")]
        runs = [ended(core, core.start("Hello.", choice).id) for choice in choices]

    assert [run.state for run in runs] == [State.COMPLETED] * 3
    assert [(run.spec.provider, run.spec.model) for run in runs] == [
        ("one", "llama3:8b"),
        ("two", "mixtral"),
        ("one", "llama3:8b"),  # the first that it lists
    ]
    keyless, keyed = first.requests[0], second.requests[0]
    assert "authorization" not in keyless.headers
    assert keyed.headers["authorization"] == f"Bearer {SECRET}"
    assert ["tools" in request.body for request in (keyless, keyed)] == [True, False]
    assert "get_stock_price" in str(keyed.body["messages"])


def test_one_server_needs_no_name(serve: Serve, first: ChatServer) -> None:
    with serve(compatible_base_url=first.base_url, compatible_model="qwen") as core:
        choices = [Choice(), Choice(model="compatible:x"), Choice(model="y")]
        runs = [ended(core, core.start("Hello.", choice).id) for choice in choices]

    assert [run.spec.provider for run in runs] == ["compatible"] * 3
    assert [request.body["model"] for request in first.requests] == ["qwen", "x", "y"]


def test_functions_work_there(serve: Serve, first: ChatServer) -> None:
    with serve(compatible_base_url=first.base_url) as core:
        run = ended(core, core.start("Price of AAPL?", Choice(provider="compatible")).id)
        answer = core.store.messages(run.thread_id)[-1].text

    assert answer == "The tools say AAPL 1.0."
    assert first.requests[0].body["tools"][0]["function"]["name"] == PRICE.name


def test_pages_get_what_a_server_lists(serve: Serve, first: ChatServer, second: ChatServer) -> None:
    with serve(**both(first, second, compatible_models={"one": "qwen"})) as core:
        one, two = known(core, "one"), known(core, "two")
        core.providers()

        assert (one.model, two.model) == ("qwen", "mixtral")
        assert status(core, "one", lambda it: it is not None and len(it.models) == 2) is not None
        assert {one.name: one.models for one in core.providers()}["one"] == ("qwen", "llama3:8b")
    assert (len(first.listings), len(second.listings)) == (1, 1)


def test_nobody_waits_for_a_list(serve: Serve, first: ChatServer) -> None:
    first.offers(broken(Break.STALL))
    with serve(compatible_base_url=first.base_url) as core:
        begun = time.monotonic()
        (listed,) = (one for one in core.providers() if one.name == "compatible")
        core.check(Choice(provider="compatible"))

        assert time.monotonic() - begun < 0.5
        assert (listed.models, listed.model, listed.available) == ((), "", True)
        assert not core.providers_known()


def test_server_that_lists_nothing_wants_a_model(serve: Serve, first: ChatServer) -> None:
    first.offers({"object": "list", "data": []})
    with serve(compatible_base_url=first.base_url) as core:
        with pytest.raises(NotConfigured) as caught:
            core.start("Hello.", Choice(provider="compatible"))

        run = ended(core, core.start("Hello.", Choice(model="compatible:mine")).id)

    assert "COMPATIBLE_MODEL" in caught.value.hint
    assert run.state is State.COMPLETED


def test_pages_get_what_is_left_of_a_limit(serve: Serve, first: ChatServer) -> None:
    first.headers = {"x-ratelimit-remaining-requests": "37", "x-ratelimit-limit-requests": "60"}
    with serve(compatible_base_url=first.base_url) as core:
        ended(core, core.start("Hello.", Choice(model="compatible:qwen")).id)
        told = known(core, "compatible").headroom["qwen"]

    assert told.requests is not None
    assert (told.requests.left, told.requests.limit) == (37, 60)


# found on this computer


def test_server_at_its_usual_port_is_found(
    serve: Serve, at_port: AtPort, first: ChatServer
) -> None:
    at_port(ollama=first.port)
    with serve() as core:
        found = known(core, "ollama")
        run = ended(core, core.start("Hello.", Choice(provider="ollama")).id)

    assert (found.label, found.available, found.models) == ("Ollama", True, ("llama3:8b", "qwen"))
    assert next(one.version for one in first.listings) == "HTTP/1.0"
    assert (run.state, run.spec.model) == (State.COMPLETED, "llama3:8b")


def test_server_that_has_gone_is_told(serve: Serve, at_port: AtPort) -> None:
    with ExitStack() as opened:
        with ChatServer() as server:
            server.offers(MODELS)
            at_port(vllm=server.port)
            core = opened.enter_context(serve())
            known(core, "vllm")
            quiet(core)
        gone = status(core, "vllm", lambda one: one is not None and one.offline)
        run = ended(core, core.start("Hello.", Choice(provider="vllm")).id)
        quiet(core)
        again = opened.enter_context(ChatServer(port=server.port))
        again.offers(FEW)
        back = status(core, "vllm", lambda one: one is not None and not one.offline)
        quiet(core)

    assert gone is not None
    assert (gone.available, gone.models) == (False, ("llama3:8b", "qwen"))
    assert run.error is not None
    assert "vLLM can't be reached" in run.error.message
    assert back is not None
    assert back.models == ("mixtral",)


@pytest.mark.parametrize(
    "reply",
    [
        json_reply({"hello": "world"}),
        json_reply([{"id": "llama3"}]),
        json_reply({"data": [{"id": "nomic-embed-text"}]}),
        json_reply(MODELS, status=401),
        Reply(pieces=(b"<html>A page</html>",), kind="text/html"),
        Reply(pieces=(b'{"data": [{"id": "a"',)),
        broken(Break.CUT),
        broken(Break.STALL),
    ],
)
async def test_what_is_no_model_server_is_not_offered(first: ChatServer, reply: Reply) -> None:
    first.offers(reply)
    begun = time.monotonic()

    assert await local_servers.look({"llamacpp": first.port}, {}) == {}
    assert time.monotonic() - begun < 2 * local_servers.PATIENCE


async def test_slow_answer_changes_nothing(first: ChatServer) -> None:
    found = await local_servers.look({"ollama": first.port}, {})
    first.offers(broken(Break.STALL))

    assert found["ollama"].online
    assert await local_servers.look({"ollama": first.port}, found) == found


@pytest.mark.parametrize("how", ["off", "named", "at its address", "as the one"])
def test_server_that_is_named_is_not_found_again(
    serve: Serve, at_port: AtPort, first: ChatServer, how: str
) -> None:
    at_port(ollama=first.port)
    there = f"http://localhost:{first.port}/v1"
    settings: dict[str, dict[str, Any]] = {
        "off": {"local_servers": "off"},
        "named": {"compatible_servers": {"ollama": "http://127.0.0.1:1/v1"}},
        "at its address": {"compatible_servers": {"mine": there}},
        "as the one": {"compatible_base_url": there},
    }
    with serve(**settings[how]) as core:
        core.providers()
        quiet(core)
        names = [one.name for one in core.providers()]

    assert (
        names
        == {
            "off": ["openai", "gemini", "demo"],
            "named": ["openai", "gemini", "ollama", "demo"],
            "at its address": ["openai", "gemini", "mine", "demo"],
            "as the one": ["openai", "gemini", "compatible", "demo"],
        }[how]
    )
    assert all(request.version == "HTTP/1.1" for request in first.listings)


def test_limit_of_a_busy_server_is_waited_for(serve: Serve, first: ChatServer) -> None:
    first.script(failure(429, "rate_limit_exceeded", retry_after="1"), Answer(text="Now."))
    with serve(compatible_base_url=first.base_url, provider_max_attempts=2) as core:
        run = ended(core, core.start("Hello.", Choice(model="compatible:qwen")).id)
        events = [logged.event for logged in core.store.events(run.id)]

    assert run.state is State.COMPLETED
    (retry,) = (event for event in events if event.kind == "retrying")
    assert (retry.code, retry.delay) == ("rate_limited", 1.0)
