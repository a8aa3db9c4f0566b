"""Tasks that nobody waits for: held while they run, cancelled at the end."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class Tasks:
    """Lives on the core's event loop; what is begun contains its own failures."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def begin(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Do `work` beside all else, unless this is closed."""
        if self._closed:
            work.close()
            return
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Cancel what is under way, and begin nothing more."""
        self._closed = True
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
