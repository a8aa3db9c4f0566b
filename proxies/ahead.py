"""Sending a request while it is still being written down that it is sent."""

import asyncio
from collections.abc import AsyncGenerator

from conversation.signals import Sent, Signal


async def sent(signals: AsyncGenerator[Signal, None]) -> AsyncGenerator[Signal, None]:
    """Yield `Sent`, then what `signals` yields; these begin at once, whoever takes their time.

    Leaving, however it happens, ends them, too.
    """
    first = asyncio.ensure_future(anext(signals))
    try:
        yield Sent()
        try:
            yield await first
        except StopAsyncIteration:
            return
        async for signal in signals:
            yield signal
    finally:
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await signals.aclose()
