"""What is found out in the background and kept for a while; any thread may ask."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

from setup.tasks import Tasks

logger: Final = logging.getLogger(__name__)

Found = tuple[Any, float]
"""A value, and for how many seconds it need not be looked for again."""

Find = Callable[[], Coroutine[Any, Any, Found]]

_AFTER_A_FAULT: Final = 60.0


@dataclass(frozen=True, slots=True)
class _Kept:
    value: Any
    until: float


class Lookups:
    """Values by name. They are found on `loop`; without one nothing is ever looked for."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._loop = loop
        self._clock = clock
        self._tasks = Tasks()
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}
        self._under_way: dict[str, threading.Event] = {}

    def get(self, name: str, default: Any = None) -> Any:
        """Return what was found last, however long ago."""
        kept = self._kept.get(name)
        return default if kept is None else kept.value

    def ask(self, name: str, find: Find) -> None:
        """Have a value looked for unless it is, or what was found is fresh; returns at once."""
        with self._lock:
            if self._loop is None or name in self._under_way or self._is_fresh(name):
                return
            self._under_way[name] = threading.Event()
        try:
            self._loop.call_soon_threadsafe(self._begin, name, find)
        except RuntimeError:  # the loop is closed
            self._over(name)

    def wait(self, name: str, seconds: float) -> Any:
        """Return what is being looked for, or what there is after so many seconds."""
        with self._lock:
            found = self._under_way.get(name)
        if found is not None:
            found.wait(seconds)
        return self.get(name)

    @property
    def settled(self) -> bool:
        """Tell whether nothing is looked for just now."""
        return not self._under_way

    async def close(self) -> None:
        """Look for nothing more."""
        await self._tasks.close()

    # beneath

    def _is_fresh(self, name: str) -> bool:
        kept = self._kept.get(name)
        return kept is not None and self._clock() < kept.until

    def _begin(self, name: str, find: Find) -> None:
        self._tasks.begin(self._find(name, find), f"looking for {name}")

    async def _find(self, name: str, find: Find) -> None:
        try:
            value, seconds = await self._found(name, find)
            self._kept[name] = _Kept(value, self._clock() + seconds)
        finally:
            self._over(name)

    async def _found(self, name: str, find: Find) -> Found:
        try:
            return await find()
        except Exception:
            logger.debug("%s could not be found out", name, exc_info=True)
            return self.get(name), _AFTER_A_FAULT

    def _over(self, name: str) -> None:
        with self._lock:
            found = self._under_way.pop(name, None)
        if found is not None:
            found.set()
