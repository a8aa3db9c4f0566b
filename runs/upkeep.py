"""What a worker does beside its runs: shows it is alive, hears of stops, takes up what is left."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from datetime import timedelta
from typing import Final

from conversation import errors
from conversation.ports import Store
from conversation.script import State
from mediator.mediator import Clock
from runs.control import Control
from runs.worker import Worker

logger: Final = logging.getLogger(__name__)
_KEPT: Final = timedelta(minutes=1)


class Upkeep:
    """A few loops on the core's event loop, from `start` to `close`."""

    def __init__(
        self,
        *,
        worker: Worker,
        control: Control,
        store: Store,
        clock: Clock,
        providers: Callable[[], Collection[str]],
    ) -> None:
        self._worker = worker
        self._control = control
        self._store = store
        self._now = clock
        self._providers = providers
        self._tasks: list[asyncio.Task[None]] = []
        self._lost: set[str] = set()

    async def start(self) -> None:
        """Enter the worker, then keep at it."""
        await asyncio.wrap_future(self._store.register_worker(self._worker.id))
        limits = self._worker.limits
        self._tasks = [
            asyncio.create_task(self._every(limits.heartbeat, self._show_alive)),
            asyncio.create_task(self._every(limits.stop_check, self._hear_of_stops)),
            asyncio.create_task(self._every(limits.sweep, self._take_up_orphans)),
            asyncio.create_task(self._every(limits.sweep, self._end_expired)),
            asyncio.create_task(self._every(30.0, self._sweep_texts)),
        ]

    async def close(self) -> None:
        """Stop, and strike the worker off so that its runs can be claimed at once."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.wrap_future(self._store.remove_worker(self._worker.id))

    async def _every(self, seconds: float, duty: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await duty()
            except errors.StoreUnavailable as error:
                logger.warning("the database did not answer: %s", error)
            except Exception:
                logger.exception("%s failed", getattr(duty, "__name__", duty))
            await asyncio.sleep(seconds)

    async def _show_alive(self) -> None:
        try:
            await asyncio.wrap_future(self._store.worker_alive(self._worker.id))
        except errors.NotFound:  # taken for dead while this process stood still
            await asyncio.wrap_future(self._store.register_worker(self._worker.id))

    async def _hear_of_stops(self) -> None:
        """Another process may have stopped, claimed or ended what is executed here."""
        busy = self._worker.busy
        if not busy:
            return
        mine = await asyncio.to_thread(self._store.executing, self._worker.id)
        for run_id, task in busy.items():
            if task.done():
                continue
            if run_id not in mine:
                await self._check_abandoned(run_id)
            elif mine[run_id][0] == State.CANCELLING:
                self._worker.interrupt(run_id)

    async def _check_abandoned(self, run_id: str) -> None:
        """Let go of a run that is no longer this worker's (it may just have ended here)."""
        run = await asyncio.to_thread(self._store.run, run_id)
        if run.ended or run.worker_id != self._worker.id:
            self._worker.abandon(run_id)

    async def _take_up_orphans(self) -> None:
        await self._take_up_lost()
        orphans = await asyncio.to_thread(
            self._store.orphans,
            providers=self._providers(),
            dead_after=self._worker.limits.dead_after,
        )
        for run_id in orphans:
            if run_id not in self._worker.busy:
                await self._worker.claim(run_id)

    async def _take_up_lost(self) -> None:
        """Claim again what is this worker's in the log, but under way nowhere (twice seen)."""
        mine = await asyncio.to_thread(self._store.executing, self._worker.id)
        lost = set(mine) - set(self._worker.busy)
        for run_id in lost & self._lost:
            await self._worker.claim(run_id)
        self._lost = lost

    async def _end_expired(self) -> None:
        expired = await asyncio.to_thread(
            self._store.expired, now=self._now(), dead_after=self._worker.limits.dead_after
        )
        for run in expired:
            await self._control.expire(run.id)

    async def _sweep_texts(self) -> None:
        await asyncio.wrap_future(self._store.sweep_texts(ended_before=self._now() - _KEPT))
