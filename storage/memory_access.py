"""How the parts of the store in memory read and change its rows: under one lock."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Condition
from typing import TypeVar

from conversation.errors import StoreUnavailable
from storage.memory_rows import Rows

Result = TypeVar("Result")


class MemoryAccess:
    """Rows, a lock, and a count of what was written."""

    def __init__(self, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._rows = Rows()
        self._changed = Condition()
        self._commits = 0
        self._closed = False

    def close(self) -> None:
        """Refuse what comes later."""
        self._closed = True

    @contextmanager
    def _open(self) -> Iterator[None]:
        with self._changed:
            if self._closed:
                raise StoreUnavailable("The store is closed.")
            yield

    def _since(self, dead_after: float) -> datetime:
        return self._now() - timedelta(seconds=dead_after)

    def _write(self, work: Callable[[], Result]) -> Future[Result]:
        future: Future[Result] = Future()
        try:
            with self._open():
                result = work()
                self._commits += 1
                self._changed.notify_all()
        except Exception as error:  # noqa: BLE001 (it belongs to the caller)
            future.set_exception(error)
        else:
            future.set_result(result)
        return future


class CountWatch:
    """Waits for the store's count of commits to rise."""

    def __init__(self, changed: Condition, commits: Callable[[], int]) -> None:
        self._changed = changed
        self._commits = commits
        self._seen = commits()
        self._closed = False

    def wait(self, timeout: float) -> bool:
        """Return True as soon as something was committed since the last call, False in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._commits() != self._seen, timeout)
            before, self._seen = self._seen, self._commits()
            return before != self._seen and not self._closed

    def close(self) -> None:
        """Wake whoever waits."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
