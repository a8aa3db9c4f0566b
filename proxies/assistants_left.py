"""What Parley has made on an Assistants API server, and its tidying up: nobody waits for it.

A thread lives for one exchange. One whose run waits for outputs stays, in the hope that they come;
the sweep is for those who were given up meanwhile.
"""

import asyncio
import logging
import time
from collections.abc import Coroutine
from contextvars import Context
from typing import Any, Final

from conversation.errors import ProviderError
from proxies.assistants_remote import Remote, is_gone
from proxies.assistants_signals import UNDER_WAY

logger: Final = logging.getLogger(__name__)

_PATIENCE: Final = 5.0
_LAST_PATIENCE: Final = 2.0
_TRIES: Final = (0.0, 0.05, 0.2, 0.5, 1.0)
_GIVEN_UP: Final = 3600.0
"""Seconds after which nobody is expected to come with outputs; runs expire much earlier."""


class Assistants:
    """The assistants that runs are made with: the one the settings name, else one for each model.

    One is enough for a model, since each run brings its own instructions and tools.
    """

    def __init__(self, remote: Remote, given: str | None = None) -> None:
        self.given = given
        self._remote = remote
        self._made: dict[str, str] = {}
        self._lost: list[str] = []
        self._making = asyncio.Lock()

    async def made_for(self, model: str) -> str:
        """Return the id of the assistant for a model, made when it is first wanted."""
        async with self._making:
            if model not in self._made:
                self._made[model] = await self._remote.make_assistant(model)
            return self._made[model]

    def forget(self, assistant_id: str) -> bool:
        """Forget one that the server seems to have lost; False if it was none of ours."""
        known = [model for model, made in self._made.items() if made == assistant_id]
        for model in known:
            self._lost.append(self._made.pop(model))
        return bool(known)

    async def delete(self) -> None:
        """Delete those that were made."""
        made = [*self._made.values(), *self._lost]
        self._made.clear()
        self._lost.clear()
        deletions = (self._remote.delete_assistant(name) for name in made)
        await asyncio.gather(*(_tried(one, _LAST_PATIENCE) for one in deletions))


class Leftovers:
    """Threads that are of no use any more, or may not be."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: dict[str, tuple[str, float]] = {}

    def over(self, thread_id: str) -> None:
        """Have a thread deleted whose run is over."""
        self._begin(self._delete(thread_id))

    def abandoned(self, thread_id: str, run_id: str | None) -> None:
        """Have a thread's run cancelled, whichever it is if it is not known, and it deleted."""
        self._waiting.pop(thread_id, None)
        self._begin(self._cancel_and_delete(thread_id, run_id))

    def waits(self, thread_id: str, run_id: str) -> None:
        """Note that a run waits for outputs."""
        self._waiting[thread_id] = (run_id, time.monotonic())

    def goes_on(self, thread_id: str) -> None:
        """Note that a run waits no more."""
        self._waiting.pop(thread_id, None)

    def sweep(self) -> None:
        """Give up runs that have waited for too long."""
        before = time.monotonic() - _GIVEN_UP
        old = [(name, run) for name, (run, since) in self._waiting.items() if since < before]
        for thread_id, run_id in old:
            self.abandoned(thread_id, run_id)

    async def aclose(self) -> None:
        """Give what is under way a moment to end; who waits for outputs may still get them."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_LAST_PATIENCE)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        # An empty context: this is no part of what is kept of the exchange.
        task = asyncio.create_task(_tried(work), context=Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _cancel_and_delete(self, thread_id: str, run_id: str | None) -> None:
        runs = [run_id] if run_id else await self._under_way(thread_id)
        for one in runs:
            await _tried(self._remote.cancel(thread_id, one))
        await self._delete(thread_id)

    async def _under_way(self, thread_id: str) -> list[str]:
        runs = await self._remote.runs(thread_id)
        return [str(run.get("id")) for run in runs if run.get("status") in UNDER_WAY]

    async def _delete(self, thread_id: str) -> None:
        """Delete a thread; some servers do that only once its run has ended."""
        for delay in _TRIES:
            await asyncio.sleep(delay)
            try:
                await self._remote.delete_thread(thread_id)
            except ProviderError as error:
                if is_gone(error):
                    return
                logger.debug("The thread %s was not deleted: %s", thread_id, error)
            else:
                return


async def _tried(work: Coroutine[Any, Any, None], patience: float = _PATIENCE) -> None:
    """Do what nobody depends on, within a few seconds."""
    try:
        async with asyncio.timeout(patience):
            await work
    except (ProviderError, TimeoutError) as error:
        logger.debug("A remote server was not tidied up: %s", error)
