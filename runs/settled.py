"""A log that can tell when nothing is being written to it."""

import asyncio

from conversation.ports import RunLog
from conversation.records import Opening, PendingText, Run, Write


class SettledLog:
    """Passes one run's steps on to the log.

    Whoever interrupts a mediator waits for `settled` first: what is written to the log is then
    what the mediator knows, and no usage is counted twice.
    """

    def __init__(self, log: RunLog) -> None:
        self._log = log
        self._writing = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def settled(self) -> None:
        """Wait until no step is under way; that holds until the caller next awaits anything."""
        while self._writing:
            await self._idle.wait()

    async def accept(self, opening: Opening) -> Run:
        """Begin a run."""
        return await self._log.accept(opening)

    async def write(self, write: Write) -> None:
        """Make one step of the run."""
        self._writing += 1
        self._idle.clear()
        try:
            await self._log.write(write)
        finally:
            self._writing -= 1
            if not self._writing:
                self._idle.set()

    def say(self, text: PendingText) -> None:
        """Pass streamed text on."""
        self._log.say(text)
