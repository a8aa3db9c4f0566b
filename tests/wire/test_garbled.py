"""An answer with any value garbled is heard as far as it goes, or fails with an error of ours."""

import json
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from conversation.errors import ProviderError
from conversation.signals import Asking, Item, Refusing, Saying, Signal, Used
from proxies.retry import RetryPolicy
from tests.wire.server import ProviderServer, Reply, Request
from tests.wire.wires import PRICE, Wire

ONCE = RetryPolicy(attempts=1)
GARBAGE: tuple[Any, ...] = (None, 5, -1, 1.5, "x", "", True, [], {}, [None], [5], {"a": 1}, [[]])
TIMES = 60


def places(value: Any, *above: str | int) -> Iterator[tuple[str | int, ...]]:
    """Yield the ways to all that is in a JSON value."""
    yield above
    if isinstance(value, list):
        value = dict(enumerate(value))
    for name, part in value.items() if isinstance(value, dict) else ():
        yield from places(part, *above, name)


def garbled(value: Any, random: Random) -> Any:
    """Return a JSON value with garbage somewhere."""
    garbage = random.choice(GARBAGE)
    *above, last = random.choice([*places(value)]) or (None,)
    if last is None:
        return garbage
    inner = value
    for name in above:
        inner = inner[name]
    inner[last] = garbage
    return value


def garbled_piece(piece: bytes, random: Random) -> bytes:
    """Return a piece of an answer, an event or the whole, with garbage in its JSON."""
    head, data, body = piece.rpartition(b"data: ")
    try:
        return head + data + json.dumps(garbled(json.loads(body), random)).encode() + b"\n\n"
    except ValueError:  # it has none
        return piece


@pytest.fixture
def garbling(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> Random:
    """Have one piece of each answer garbled by what this draws."""
    random = Random()  # noqa: S311 - nothing secret
    perform = type(wire.server).perform

    def garble(server: ProviderServer[Any], answer: Any, request: Request) -> Reply:
        reply = perform(server, answer, request)
        at = random.randrange(len(reply.pieces))
        piece = garbled_piece(bytes(reply.pieces[at]), random)  # type: ignore[arg-type]
        return replace(reply, pieces=(*reply.pieces[:at], piece, *reply.pieces[at + 1 :]))

    monkeypatch.setattr(type(wire.server), "perform", garble)
    return random


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("seed", range(3))
async def test_garbage_is_never_passed_on(
    wire: Wire, garbling: Random, seed: int, stream: bool
) -> None:
    garbling.seed(seed)
    proxy = wire.proxy(retry=ONCE)
    turn = wire.turn(tools=(PRICE,), stream=stream)

    heard = 0
    for number in range(TIMES):
        wire.server.script(wire.answer("Let me see.", "AAPL", "MSFT"))
        try:
            async for signal in proxy.respond(replace(turn, model=f"{wire.model}-{number}")):
                assert sound(signal), signal
                heard += isinstance(signal, Asking)
        except ProviderError:
            wire.server.forget()
    assert heard > TIMES / 10  # most of an answer is of no importance


def sound(signal: Signal) -> bool:
    match signal:
        case Saying(text) | Refusing(text):
            return isinstance(text, str)
        case Asking(calls):
            texts = [text for call in calls for text in (call.name, call.arguments, call.ref or "")]
            return all(isinstance(text, str) for text in texts)
        case Used():
            counts = (signal.input, signal.output, signal.cached, signal.reasoning)
            return all(type(count) is int and count >= 0 for count in counts)
        case Item(item):
            return bool(json.dumps(item.body))
        case _:
            return True
