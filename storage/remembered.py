"""Answers that are kept for a moment, and only so many of them."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Answer = TypeVar("Answer")


class Remembered(Generic[Key, Answer]):
    """Up to `size` answers, each for `seconds`, if it took at least `worth` seconds to get."""

    def __init__(
        self,
        size: int,
        seconds: float,
        *,
        worth: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._size = size
        self._seconds = seconds
        self._worth = worth
        self._clock = clock
        self._lock = Lock()
        self._forgotten = 0
        self._known: OrderedDict[Key, tuple[float, Answer]] = OrderedDict()

    def get(self, key: Key, find: Callable[[], Answer]) -> Answer:
        """Return the answer known for `key`, or the one that `find` returns."""
        with self._lock:
            until, answer = self._known.get(key, (0.0, None))
            forgotten = self._forgotten
        started = self._clock()
        if answer is not None and started < until:
            return answer
        answer = find()
        ended = self._clock()
        if ended - started >= self._worth:
            self._keep(key, ended + self._seconds, answer, forgotten)
        return answer

    def forget(self) -> None:
        """Forget all of them, and what is being found."""
        with self._lock:
            self._forgotten += 1
            self._known.clear()

    def _keep(self, key: Key, until: float, answer: Answer, forgotten: int) -> None:
        with self._lock:
            if forgotten != self._forgotten:
                return
            self._known[key] = (until, answer)
            self._known.move_to_end(key)
            while len(self._known) > self._size:
                self._known.popitem(last=False)
