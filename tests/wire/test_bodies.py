"""However an answer ends, its body is closed where it was read, never by the garbage collector."""

import gc
import sys
import weakref
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager, suppress
from typing import Any

import pytest

from conversation.errors import ProviderError
from conversation.signals import Saying
from proxies import tape
from proxies.bodies import Body
from tests.wire.server import Break
from tests.wire.wires import Wire

WAITING = {"Response.aiter_bytes", "Response.aiter_raw"}
NOT_JSON = b"data: {this is not JSON}\n\n"
ENDS: dict[str, Callable[[Wire], Any]] = {
    "whole": lambda wire: wire.answer("Well, that is all."),
    "cut": lambda wire: wire.broken("Well, ", Break.CUT),
    "not JSON": lambda wire: wire.broken("Well, ", NOT_JSON),
}


@contextmanager
def abandoned() -> Iterator[list[str]]:
    """Name the generators that close a connection and are left to the garbage collector."""
    names: list[str] = []
    before = sys.get_asyncgen_hooks()

    def finalize(left: Any) -> None:
        if left.ag_code.co_qualname in WAITING:
            names.append(left.ag_code.co_qualname)
        if before.finalizer is not None:
            before.finalizer(left)

    gc.collect()
    sys.set_asyncgen_hooks(finalizer=finalize)
    try:
        yield names
        gc.collect()
    finally:
        sys.set_asyncgen_hooks(finalizer=before.finalizer)


@pytest.mark.parametrize("end", ENDS)
async def test_nothing_of_a_body_is_abandoned_at_the_end(wire: Wire, end: str) -> None:
    wire.server.script(ENDS[end](wire))
    proxy = wire.proxy()

    with abandoned() as names, suppress(ProviderError):
        async for _ in proxy.respond(wire.turn()):
            pass

    assert names == []


async def test_nothing_of_a_body_is_abandoned_when_left(wire: Wire) -> None:
    wire.server.script(wire.broken("Well, ", Break.STALL))
    proxy = wire.proxy()

    with abandoned() as names:
        async with aclosing(proxy.respond(wire.turn())) as signals:
            async for signal in signals:
                if isinstance(signal, Saying):
                    break

    assert names == []


async def test_a_body_that_was_loaded_is_not_abandoned(wire: Wire) -> None:
    proxy = wire.proxy()

    with abandoned() as names:
        async for _ in proxy.respond(wire.turn(stream=False)):
            pass

    assert names == []


@pytest.mark.parametrize("stream", [True, False])
async def test_a_response_is_let_go_of_with_its_attempt(
    openai: Wire, monkeypatch: pytest.MonkeyPatch, stream: bool
) -> None:
    seen: list[weakref.ref[Any]] = []

    def body(response: Any) -> Body:
        seen.append(weakref.ref(response))
        return Body(response)

    monkeypatch.setattr(tape, "Body", body)
    proxy = openai.proxy()
    gc.disable()
    try:
        async for _ in proxy.respond(openai.turn(stream=stream)):
            pass

        assert [response() for response in seen] == [None]
    finally:
        gc.enable()
