"""What a worker does beside its runs: shows it is alive, hears of stops, takes up what is left."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from datetime import timedelta
from typing import Final

from conversation import errors
from conversation.ports import Store
from conversation.script import State
from mediator.recording import Clock
from runs.control import Control
from runs.retention import Retention, told
from runs.run_queue import RunQueue
from runs.segment import Segment
from runs.worker import Worker

logger: Final = logging.getLogger(__name__)
_KEPT: Final = timedelta(minutes=1)
_HOUR: Final = 3600.0


class Upkeep:
    """A few loops on the core's event loop, from `start` to `stop`."""

    def __init__(
        self,
        *,
        worker: Worker,
        control: Control,
        queue: RunQueue,
        store: Store,
        clock: Clock,
        providers: Callable[[], Collection[str]],
        retention: Retention | None = None,
    ) -> None:
        self._worker = worker
        self._control = control
        self._queue = queue
        self._store = store
        self._now = clock
        self._providers = providers
        self._retention = retention
        self._tasks: list[asyncio.Task[None]] = []
        self._lost: set[str] = set()
        self._more: list[Callable[[], Awaitable[None]]] = []

    def add(self, duty: Callable[[], Awaitable[None]]) -> None:
        """See to this, too, as often as to runs that were left; before `start`."""
        self._more.append(duty)

    async def start(self) -> None:
        """Enter the worker, then keep at it."""
        await asyncio.wrap_future(self._store.register_worker(self._worker.id))
        await self._strike_off_dead()
        limits = self._worker.limits
        self._tasks = [
            asyncio.create_task(self._every(limits.heartbeat, self._show_alive)),
            asyncio.create_task(self._every(limits.stop_check, self._hear_of_stops)),
            asyncio.create_task(self._every(limits.sweep, self._take_up_orphans)),
            asyncio.create_task(self._every(limits.sweep, self._end_expired)),
            asyncio.create_task(self._every(30.0, self._sweep_texts)),
            asyncio.create_task(self._every(10.0, self._strike_off_dead)),
        ]
        self._tasks += [asyncio.create_task(self._every(limits.sweep, duty)) for duty in self._more]
        if self._retention:
            self._tasks.append(asyncio.create_task(self._every(_HOUR, self._remove_old)))

    async def stop(self) -> None:
        """End the loops."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def strike_off(self) -> None:
        """Strike the worker off, so that what it has left can be claimed at once."""
        await asyncio.wrap_future(self._store.remove_worker(self._worker.id))

    async def _every(self, seconds: float, duty: Callable[[], Awaitable[None]]) -> None:
        told = False
        while True:
            try:
                await duty()
                told = False
            except errors.StoreUnavailable as error:
                if not told:
                    logger.warning("the database does not answer: %s", error)
                told = True
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
        for run_id, segment in busy.items():
            if run_id not in mine:
                await self._check_lost(segment)
            elif mine[run_id][0] == State.CANCELLING:
                self._worker.interrupt(run_id)

    async def _check_lost(self, segment: Segment) -> None:
        """Let go of a run that somebody else has (it may just have ended or waited here)."""
        try:
            run = await asyncio.to_thread(self._store.run, segment.run_id)
        except errors.NotFound:
            segment.abandon()  # it had ended, and was deleted
            return
        claimed = run.fence > segment.fence and run.worker_id != self._worker.id
        if run.ended or claimed:
            segment.abandon()

    async def _take_up_orphans(self) -> None:
        if self._worker.retired:
            return
        await self._take_up_lost()
        orphans = await asyncio.to_thread(
            self._store.orphans,
            providers=self._providers(),
            dead_after=self._worker.limits.dead_after,
        )
        for run_id in await self._queue.left(orphans):
            if run_id not in self._worker.busy:
                await self._take_up(run_id)

    async def _strike_off_dead(self) -> None:
        await asyncio.wrap_future(self._store.remove_dead_workers())

    async def _take_up_lost(self) -> None:
        """Claim again what is this worker's in the log, but under way nowhere (twice seen)."""
        mine = await asyncio.to_thread(self._store.executing, self._worker.id)
        lost = set(mine) - set(self._worker.busy)
        for run_id in lost & self._lost:
            await self._take_up(run_id)
        self._lost = lost

    async def _take_up(self, run_id: str) -> None:
        """Claim a run; one that can't be read does not keep those behind it waiting."""
        try:
            await self._worker.claim(run_id)
        except errors.StoreUnavailable:
            raise
        except Exception:
            logger.exception("run %s can't be taken up", run_id)

    async def _end_expired(self) -> None:
        expired = await asyncio.to_thread(
            self._store.expired, now=self._now(), dead_after=self._worker.limits.dead_after
        )
        for run in expired:
            await self._control.expire(run.id)

    async def _sweep_texts(self) -> None:
        await asyncio.wrap_future(self._store.sweep_texts(ended_before=self._now() - _KEPT))

    async def _remove_old(self) -> None:
        """Remove what is too old; the line is a warning, for nobody can look it up later."""
        if self._retention is None:
            return
        removed = await self._retention.remove_old()
        if removed.threads:
            logger.warning("%s", told(removed, self._retention.days))
