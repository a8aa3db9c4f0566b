"""No key is in anything that is kept, however it goes out and whatever comes back."""

from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

import pytest
from google.oauth2.credentials import Credentials

from conversation.ports import AssistantProxy
from conversation.signals import Requested, Responded
from mediator.mediator_basic import MediatorBasic
from proxies import gemini
from proxies.redact import HIDDEN
from proxies.retry import RetryPolicy
from tests.stage import Stage
from tests.wire.server import Reply, json_reply
from tests.wire.wires import QUICK, SECRET, Wire, hear

ONCE = RetryPolicy(attempts=1)
TOKEN = "ya29.c.verysecrettoken"  # noqa: S105
ODD = "0dd/key+with=signs%and-more"


@pytest.fixture
def stage() -> Stage:
    return Stage(MediatorBasic)


async def everything(stage: Stage, wire: Wire, proxy: AssistantProxy, **spec: Any) -> str:
    """Return all that is in the log, the requests and the responses of an exchange."""
    run = await stage.begin(provider=wire.title.lower(), model=wire.model, **spec)
    ended = await stage.conduct(run.id, proxy)
    rows = stage.store.model_calls(run.id)
    assert rows
    return str([*map(asdict, rows), *stage.events(run.id), ended, *stage.log.writes])


def came(wire: Wire, secret: str) -> bool:
    """Tell whether the server was sent the secret at all."""
    return any(secret in str((one.path, one.headers)) for one in wire.server.requests)


def echo(wire: Wire, secret: str, status: int, kind: str) -> Reply:
    """Return an error that quotes the key, in its middle and at its end."""
    if kind == "json":
        error = {"message": f"Incorrect key {secret}: {secret}", "keys": [secret], secret: secret}
        return json_reply({"error": error, "headers": f"Bearer {secret}"}, status=status)
    page = f"<html>{secret} {'x ' * 40_000} key={secret}</html>"
    return Reply(pieces=(page.encode(),), status=status, kind="text/html")


@pytest.mark.parametrize("stream", [True, False])
async def test_key_that_goes_out_is_not_kept(stage: Stage, wire: Wire, stream: bool) -> None:
    told = await everything(stage, wire, wire.proxy(), stream=stream)

    assert came(wire, SECRET)
    assert SECRET not in told


@pytest.mark.parametrize("key", [SECRET, ODD])
@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("kind", ["json", "text"])
@pytest.mark.parametrize("status", [200, 400, 401, 500])
async def test_key_that_comes_back_is_not_kept(
    stage: Stage, wire: Wire, key: str, stream: bool, kind: str, status: int
) -> None:
    wire.server.script(echo(wire, key, status, kind))

    told = await everything(stage, wire, wire.proxy(api_key=key, retry=ONCE), stream=stream)

    assert came(wire, key)
    assert key not in told
    assert HIDDEN in told or (status == 200 and stream)


@pytest.mark.parametrize("stream", [True, False])
async def test_key_that_a_model_says_is_not_kept(wire: Wire, stream: bool) -> None:
    wire.server.script(wire.answer(f"Your key is {SECRET} and {SECRET}."))

    heard = [signal async for signal in wire.proxy().respond(wire.turn(stream=stream))]

    (response,) = (signal.response or "" for signal in heard if isinstance(signal, Responded))
    assert SECRET not in response
    assert f"Your key is {HIDDEN} and {HIDDEN}." in response


async def test_key_that_a_message_says_is_not_kept(wire: Wire) -> None:
    heard = [signal async for signal in wire.proxy().respond(wire.turn(f"I use {SECRET}."))]

    (request,) = (signal.request for signal in heard if isinstance(signal, Requested))
    assert SECRET not in request
    assert f"I use {HIDDEN}." in request


@pytest.mark.parametrize("stream", [True, False])
async def test_key_in_an_address_is_not_kept(stage: Stage, wire: Wire, stream: bool) -> None:
    """A gateway may want its own key in the query, and quotes the address it does not know."""
    gate = "g4te-key-123456"
    base_url = f"{wire.server.base_url}?key={gate}".replace("://", "://me:pa55word-99@")
    proxy = wire.proxy(base_url=base_url, retry=ONCE)

    told = await everything(stage, wire, proxy, stream=stream)

    assert came(wire, gate)
    assert gate not in told
    assert "pa55word-99" not in told
    assert SECRET not in told


async def test_key_in_a_piece_of_a_stream_is_not_kept(stage: Stage, wire: Wire) -> None:
    wire.server.script(wire.broken("Well, ", f"data: {{oh no {SECRET}\n\n".encode()))

    told = await everything(stage, wire, wire.proxy(), stream=True)

    assert "oh no" in told
    assert SECRET not in told


@pytest.fixture
async def vertex(gemini_: Wire) -> AsyncIterator[AssistantProxy]:
    proxy = gemini.connect(
        base_url=gemini_.server.base_url,
        vertexai=True,
        project="a-project",
        location="global",
        credentials=Credentials(token=TOKEN),  # type: ignore[no-untyped-call]
        retry=QUICK,
    )
    yield proxy
    await proxy.aclose()


async def test_token_of_the_machine_is_not_kept(
    stage: Stage, gemini_: Wire, vertex: AssistantProxy
) -> None:
    gemini_.server.script(echo(gemini_, TOKEN, 401, "json"))

    told = await everything(stage, gemini_, vertex)

    assert came(gemini_, TOKEN)
    assert TOKEN not in told
    assert "projects/a-project/locations/global" in told


async def test_key_goes_on_being_sent(wire: Wire) -> None:
    await hear(wire.proxy(), wire.turn())

    assert came(wire, SECRET)
