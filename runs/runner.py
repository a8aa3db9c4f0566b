"""The core's only event loop, in a thread of its own; every door reaches it from outside."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from typing import Any, Final, TypeVar

from conversation.errors import StoreUnavailable

T = TypeVar("T")

_STOP_SECONDS: Final = 5.0


class Runner:
    """A daemon thread with an event loop, from construction to `close`."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._lock = threading.Lock()
        self._calls: set[Future[Any]] = set()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="parley-runner", daemon=True)
        self._thread.start()

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` on the loop and return what it returns; never from the loop itself.

        `StoreUnavailable` when the loop is closed, before or meanwhile.
        """
        if threading.current_thread() is self._thread:
            work.close()
            raise RuntimeError("the event loop can't wait for itself")
        called = self._begin(work)
        try:
            return called.result()
        except CancelledError:
            raise _closed() from None
        finally:
            with self._lock:
                self._calls.discard(called)

    def soon(self, call: Callable[[], None]) -> None:
        """Have `call` called on the loop, unless that is closed; safe in a signal handler."""
        with suppress(RuntimeError):
            self.loop.call_soon_threadsafe(call)

    def close(self) -> None:
        """Stop the loop and end the thread; whoever still waits for a call is told."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(timeout=_STOP_SECONDS)
        with self._lock:
            left = [call for call in self._calls if not call.done()]
        for call in left:
            call.set_exception(_closed())

    def _begin(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        with self._lock:
            if self._closed:
                work.close()
                raise _closed()
            called = asyncio.run_coroutine_threadsafe(work, self.loop)
            self._calls.add(called)
        return called

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
            self._cancel_what_is_left()
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        finally:
            self.loop.close()

    def _cancel_what_is_left(self) -> None:
        tasks = asyncio.all_tasks(self.loop)
        for task in tasks:
            task.cancel()
        if tasks:
            self.loop.run_until_complete(asyncio.wait(tasks, timeout=_STOP_SECONDS))


def _closed() -> StoreUnavailable:
    return StoreUnavailable("Parley has been closed.", hint="Start the program again.")
