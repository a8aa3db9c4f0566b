"""Ending when told to: answers under way get their time while the server waits for them.

uvicorn takes nothing new once it hears a signal, and waits for every answer to end. A stream ends
with its run, or when the core lets go of it. So the core is closed from the signal on, not after
all answers, as an application's own end would be. A second signal ends the waiting.
"""

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import FrameType
from typing import Final, Protocol

import uvicorn

_ENDING: Final = (signal.SIGTERM, signal.SIGINT)


class Closing(Protocol):
    """A core, as far as its end goes."""

    def close(self) -> None:
        """Give runs under way their time, and let go of everything."""
        ...

    def hasten(self) -> None:
        """Let `close` wait for no run; from any thread."""
        ...


@asynccontextmanager
async def leaving(opened: Callable[[], Closing | None]) -> AsyncIterator[None]:
    """Within a server's lifespan: close the core, if one was opened, when the server ends."""
    departure = _Departure(opened, asyncio.get_running_loop())
    if threading.current_thread() is threading.main_thread():
        for number in _ENDING:
            departure.hear(number)
    try:
        yield
    finally:
        await departure.done()


class _Departure:
    """How a server's process ends its core."""

    def __init__(
        self, opened: Callable[[], Closing | None], loop: asyncio.AbstractEventLoop
    ) -> None:
        self._opened = opened
        self._loop = loop
        self._closing: asyncio.Task[None] | None = None

    def hear(self, number: int) -> None:
        """Hear of a signal, and pass it on to the server."""
        before = signal.getsignal(number)
        server = getattr(before, "__self__", None)

        def heard(number: int, frame: FrameType | None) -> None:
            self._loop.call_soon_threadsafe(self._told)
            if isinstance(server, uvicorn.Server) and not server.should_exit:
                server.should_exit = True  # it would raise the signal again in the end
            elif callable(before):
                before(number, frame)

        signal.signal(number, heard)

    async def done(self) -> None:
        """Return once the core is closed."""
        self._close()
        if self._closing is not None:
            await self._closing

    def _told(self) -> None:
        core = self._opened()
        if self._closing is not None and core is not None:
            core.hasten()
        self._close()

    def _close(self) -> None:
        core = self._opened()
        if self._closing is None and core is not None:
            self._closing = asyncio.create_task(asyncio.to_thread(core.close))
