"""Where blocking functions run: a bounded number of threads that nothing else depends on."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from threading import Thread
from typing import TypeVar

from tools.failures import ToolFailed

T = TypeVar("T")


class Threads:
    """Runs blocking functions, each in a daemon thread of its own; belongs to one event loop.

    `places` bounds how many are waited for at a time. Python can't stop a thread, so whoever
    gives up on one (time-out, cancellation) abandons it: its place is free at once, and the
    program can end without it. Too many abandoned threads that still hang are an error.
    """

    def __init__(self, size: int = 8, most_abandoned: int = 32) -> None:
        self.places = asyncio.Semaphore(size)
        self._most_abandoned = most_abandoned
        self._left: list[Thread] = []

    @property
    def abandoned(self) -> int:
        """How many threads nobody waits for any more but are still running."""
        self._left = [thread for thread in self._left if thread.is_alive()]
        return len(self._left)

    async def run(self, function: Callable[[], T]) -> T:
        """Return what `function`, which must not raise, returns. Take one of `places` first."""
        if self.abandoned >= self._most_abandoned:
            raise ToolFailed("Too many functions hang; no more can be run until some end.")
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()
        context = copy_context()
        thread = Thread(target=lambda: future.set_result(context.run(function)), daemon=True)
        self._start(thread)
        try:
            return await asyncio.wrap_future(future)
        finally:
            if not future.done():
                self._left.append(thread)

    @staticmethod
    def _start(thread: Thread) -> None:
        try:
            thread.start()
        except RuntimeError as error:
            raise ToolFailed("This computer can't start another thread now.") from error
