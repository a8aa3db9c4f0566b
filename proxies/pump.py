"""Reading a stream in a task of its own."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TypeVar

T = TypeVar("T")


async def pumped(source: AsyncIterator[T]) -> AsyncGenerator[T, None]:
    """Yield what `source` yields; leaving, however it happens, cancels the task that reads it.

    For streams whose connection closes only when their reader is cancelled.
    """
    queue: asyncio.Queue[T | None] = asyncio.Queue()
    reader = asyncio.create_task(_fill(queue, source))
    try:
        while (piece := await queue.get()) is not None:
            yield piece
        await reader
    finally:
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)


async def _fill(queue: asyncio.Queue[T | None], source: AsyncIterator[T]) -> None:
    try:
        async for piece in source:
            queue.put_nowait(piece)
    finally:
        queue.put_nowait(None)
