"""Following one run from outside: a cursor on its log, and a way to wait for what is new."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import Self

from conversation.events import Logged, StateChanged
from conversation.ports import Cursor, Feed, TextDelta, Update
from conversation.script import TERMINAL, State


class Follower:
    """Reads a run as it grows; use it as a context manager, in one thread or one task.

    Many may follow the same run. A follower that was away reads on where it was.
    """

    def __init__(self, feed: Feed, run_id: str, cursor: Cursor | None = None) -> None:
        self.run_id = run_id
        self.cursor = cursor or Cursor()
        self.state: State | None = None
        self._feed = feed
        self._news = threading.Event()
        self._news.set()  # what happened before is news, too
        self._awake: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None
        self._open = ExitStack()

    def __enter__(self) -> Self:
        self._open.enter_context(self._feed.watch(self.run_id, self._notify))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    @property
    def ended(self) -> bool:
        """Whether the run's end has been read."""
        return self.state in TERMINAL

    def wait(self, timeout: float) -> bool:
        """Block until there may be news; False when `timeout` seconds passed without."""
        return self._news.wait(timeout)

    async def arrival(self) -> None:
        """Wait until there may be news, on any event loop."""
        loop, awake = asyncio.get_running_loop(), asyncio.Event()
        self._awake = (loop, awake)
        if not self._news.is_set():
            await awake.wait()
        self._awake = None

    async def until(self, so: Callable[[], bool]) -> None:
        """Wait until that is so, looking when there may be news, which are still to be taken."""
        try:
            self._news.clear()
            while not so():
                await self.arrival()
                self._news.clear()
        finally:
            self._news.set()

    def take(self) -> tuple[Logged | TextDelta, ...]:
        """Return what is new, in order, and move on; `NotFound` for an unknown run."""
        self._news.clear()
        return self._moved(self._feed.read(self.run_id, self.cursor))

    def take_known(self) -> tuple[Logged | TextDelta, ...] | None:
        """Return what is new, at once; None: `take` has to read the log."""
        return self._taken(self._feed.read_known)

    def take_text(self) -> tuple[Logged | TextDelta, ...] | None:
        """Return more text of the message that was read last, at once; None: `take` has to read."""
        return self._taken(self._feed.read_text)

    def _taken(
        self, read: Callable[[str, Cursor], Update | None]
    ) -> tuple[Logged | TextDelta, ...] | None:
        self._news.clear()
        update = read(self.run_id, self.cursor)
        if update is None:
            self._news.set()
            return None
        return self._moved(update)

    def _moved(self, update: Update) -> tuple[Logged | TextDelta, ...]:
        self.cursor = update.cursor
        for piece in update.news:
            if isinstance(piece, Logged) and isinstance(piece.event, StateChanged):
                self.state = piece.event.after
        return update.news

    def _notify(self) -> None:
        if self._news.is_set():
            return  # whoever waits has been woken and has yet to read: one call per token is dear
        self._news.set()
        waiting = self._awake
        if waiting is not None:
            loop, awake = waiting
            with suppress(RuntimeError):  # a loop that has closed waits for nothing
                loop.call_soon_threadsafe(awake.set)
