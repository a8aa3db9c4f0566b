"""One run's way to the log: steps go there as one that come while another is on its way."""

import asyncio
from collections.abc import Awaitable

from conversation.ports import RunLog
from conversation.records import Opening, PendingText, Run, Write
from runs.joining import can_join, joined


class SettledLog:
    """Passes one run's steps on to the log; lives on the event loop.

    A step waits for what the loop has at hand and for the run's step before it, so that those
    which come meanwhile cost one compare-and-set. Whoever interrupts a mediator waits for
    `settled` first: what is written to the log is then what the mediator knows, and no usage is
    counted twice.
    """

    def __init__(self, log: RunLog) -> None:
        self._log = log
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._next: tuple[Write, asyncio.Future[None]] | None = None

    async def settled(self) -> None:
        """Wait until no step is under way; that holds until the caller next awaits anything."""
        while self._under_way or self._next:
            await self._idle.wait()

    async def accept(self, opening: Opening) -> Run:
        """Begin a run."""
        return await self._log.accept(opening)

    def write(self, write: Write) -> Awaitable[None]:
        """Make one step of the run."""
        if self._next is not None:
            waiting, told = self._next
            if can_join(waiting, write):
                self._next = joined(waiting, write), told
                return asyncio.shield(told)
            self._hand_over()
        loop = asyncio.get_running_loop()
        told = loop.create_future()
        self._next = write, told
        self._idle.clear()
        if not self._under_way:
            loop.call_soon(self._hand_over, told)
        return asyncio.shield(told)

    def say(self, text: PendingText) -> None:
        """Pass streamed text on; the message it belongs to comes first."""
        self._hand_over()
        self._log.say(text)

    def _hand_over(self, only: asyncio.Future[None] | None = None) -> None:
        """Give the log what waits; `only` that step, which may have gone already."""
        if self._next is None or only not in {None, self._next[1]}:
            return
        (step, told), self._next = self._next, None
        self._under_way += 1
        handed = asyncio.ensure_future(self._log.write(step))
        handed.add_done_callback(lambda done: self._written(done, told))

    def _written(self, done: asyncio.Future[None], told: asyncio.Future[None]) -> None:
        self._under_way -= 1
        if not self._under_way:
            self._hand_over()
        if not self._under_way:
            self._idle.set()
        if done.cancelled():
            told.cancel()
        elif error := done.exception():
            told.set_exception(error)
            told.exception()  # nobody may be waiting
        else:
            told.set_result(None)
