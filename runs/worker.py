"""Executes runs in this process: one segment each, all on one event loop."""

import asyncio
import logging
from typing import Final

from conversation import errors
from conversation.records import Exchange, Run
from runs.means import Limits, Means
from runs.segment import Segment

logger: Final = logging.getLogger(__name__)

_CLOSING: Final = 5.0
_UNTOLD: Final = 0.25
"""Seconds of waiting that are not worth a word: who reads an answer to its end may be quicker."""


class Worker:
    """Everything it does happens on the core's event loop."""

    def __init__(self, means: Means) -> None:
        self.id = means.worker_id
        self._means = means
        self._segments: dict[str, Segment] = {}
        self._claiming: set[str] = set()
        self._retired = False
        self._hastened = asyncio.Event()
        self._closed = False

    @property
    def limits(self) -> Limits:
        """When it gives up."""
        return self._means.limits

    @property
    def busy(self) -> dict[str, Segment]:
        """The runs under way here."""
        return dict(self._segments)

    @property
    def retired(self) -> bool:
        """Whether it has stopped to look for work; what it has goes on until it is closed."""
        return self._retired

    def take_up(self, run: Run, begun: Exchange | None = None) -> None:
        """Execute a run that this worker has claimed (or was accepted for it).

        `begun` is all there is of one that began just now, where that is known.
        """
        if self._closed:
            return  # it is this worker's in the log, and so is taken up once that is struck off
        before = self._segments.get(run.id)
        if before is not None:
            before.abandon()  # fenced off by the claim
        segment = self._segments[run.id] = Segment(run, self._means, begun)
        segment.task.add_done_callback(lambda _: self._left(segment))

    async def claim(self, run_id: str, fence: int | None = None) -> bool:
        """Claim a run and take it up; False when it is somebody else's or over, or this retired.

        With a fence only if nobody has claimed it since.
        Two claims at once would both succeed, and the second interrupt what the first began.
        """
        if self._retired or run_id in self._claiming:
            return False
        self._claiming.add(run_id)
        try:
            run = await asyncio.wrap_future(
                self._means.store.claim(
                    run_id, self.id, dead_after=self.limits.dead_after, fence=fence
                )
            )
        except errors.Superseded:
            return False
        finally:
            self._claiming.discard(run_id)
        self.take_up(run)
        return True

    async def over(self, run_id: str) -> None:
        """Wait until the segment of a run that is under way here is over."""
        segment = self._segments.get(run_id)
        if segment is not None:
            await asyncio.wait({segment.task})

    def interrupt(self, run_id: str) -> bool:
        """End a run that is `cancelling`, if it is executed here."""
        segment = self._segments.get(run_id)
        return segment is not None and segment.stop()

    async def retire(self, seconds: float) -> None:
        """Take nothing up any more, and let what is under way end, if it does so in time."""
        self._retired = True
        if await self._all_left(min(seconds, _UNTOLD)):
            return
        if seconds > _UNTOLD:
            logger.warning(
                "exchanges under way: %d. Waiting up to %g s for them; a second signal ends that.",
                len(self._segments),
                seconds,
            )
        if not await self._all_left(seconds - _UNTOLD):
            logger.info("exchanges left to others: %d", len(self._segments))

    def hasten(self) -> None:
        """Wait for nothing any more."""
        self._hastened.set()

    async def close(self) -> None:
        """Let go of every run; another process, or the next start, takes them up."""
        self._retired = True
        self._closed = True
        tasks = {segment.task for segment in self._segments.values()} | self._means.stragglers
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_CLOSING)

    # beneath

    async def _all_left(self, seconds: float) -> bool:
        """Wait until all segments are over, or there is haste; False when time is up before."""
        try:
            async with asyncio.timeout(seconds):
                while self._segments and not self._hastened.is_set():
                    await self._any_left()
        except TimeoutError:
            return False
        return True

    async def _any_left(self) -> None:
        """Wait until a segment is over, or there is haste."""
        hastened = asyncio.create_task(self._hastened.wait())
        under_way = {segment.task for segment in self._segments.values()}
        try:
            await asyncio.wait({hastened, *under_way}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            hastened.cancel()

    def _left(self, segment: Segment) -> None:
        if self._segments.get(segment.run_id) is segment:
            del self._segments[segment.run_id]
            self._means.feed.closed(segment.run_id)
        if not segment.task.cancelled() and segment.task.exception() is not None:
            logger.error("run %s was left", segment.run_id, exc_info=segment.task.exception())
