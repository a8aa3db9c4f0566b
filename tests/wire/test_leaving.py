"""Who leaves an answer, at whatever moment, closes the connection to the provider."""

import asyncio
from contextlib import aclosing

import pytest

from conversation.ports import AssistantProxy
from conversation.signals import Saying, Sent
from conversation.turns import Turn
from tests.wire.server import Break, broken
from tests.wire.wires import Wire, hear


async def read(proxy: AssistantProxy, turn: Turn, spoken: asyncio.Event) -> None:
    async for signal in proxy.respond(turn):
        if isinstance(signal, Saying):
            spoken.set()


async def left(wire: Wire) -> bool:
    request = wire.server.requests[-1]
    return await asyncio.to_thread(request.client_left.wait, 1.0)


@pytest.mark.parametrize("stream", [True, False])
async def test_cancelling_before_the_first_token_closes(wire: Wire, stream: bool) -> None:
    wire.server.script(broken(Break.STALL))
    proxy = wire.proxy()
    reader = asyncio.create_task(hear(proxy, wire.turn(stream=stream)))
    await asyncio.to_thread(wire.server.await_request)

    reader.cancel()

    assert await left(wire)
    with pytest.raises(asyncio.CancelledError):
        await reader


async def test_cancelling_in_the_middle_closes(wire: Wire) -> None:
    wire.server.script(wire.broken("Well, ", Break.STALL))
    spoken = asyncio.Event()
    reader = asyncio.create_task(read(wire.proxy(), wire.turn(), spoken))
    await spoken.wait()

    reader.cancel()

    assert await left(wire)
    with pytest.raises(asyncio.CancelledError):
        await reader


async def test_leaving_the_loop_closes(wire: Wire) -> None:
    wire.server.script(wire.broken("Well, ", Break.STALL))
    proxy = wire.proxy()

    async with aclosing(proxy.respond(wire.turn())) as signals:
        async for signal in signals:
            if isinstance(signal, Saying):
                break

    assert await left(wire)


async def test_request_goes_out_while_it_is_written_down(wire: Wire) -> None:
    wire.server.script(wire.broken("Well, ", Break.STALL))
    signals = wire.proxy().respond(wire.turn())

    first = await anext(signals)
    await asyncio.to_thread(wire.server.await_request)
    await signals.aclose()

    assert first == Sent()
    assert await left(wire)


async def test_cancelling_a_wait_sends_nothing_more(wire: Wire) -> None:
    wire.server.script(wire.fail(429, "rate_limit_exceeded", **_later(wire)))
    waiting = asyncio.Event()

    async def watch() -> None:
        async for signal in wire.proxy().respond(wire.turn()):
            if type(signal).__name__ == "Retrying":
                waiting.set()

    reader = asyncio.create_task(watch())
    await waiting.wait()
    reader.cancel()

    with pytest.raises(asyncio.CancelledError):
        await reader
    assert len(wire.server.requests) == 1


async def test_a_proxy_goes_on_after_a_cancelled_answer(wire: Wire) -> None:
    wire.server.script(broken(Break.STALL), wire.answer("Still here."))
    proxy = wire.proxy()
    reader = asyncio.create_task(hear(proxy, wire.turn()))
    await asyncio.to_thread(wire.server.await_request)
    reader.cancel()
    await asyncio.wait([reader])

    assert any(signal == Saying("Still ") for signal in await hear(proxy, wire.turn()))


def _later(wire: Wire) -> dict[str, str]:
    return {"retry_after": "60"} if wire.title != "Gemini" else {"retry_delay": "60s"}
