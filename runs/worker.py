"""Executes runs in this process: one segment each, all on one event loop."""

import asyncio
import logging
from typing import Final

from conversation import errors
from conversation.records import Run
from runs.means import Limits, Means
from runs.segment import Segment

logger: Final = logging.getLogger(__name__)

_CLOSING: Final = 5.0


class Worker:
    """Everything it does happens on the core's event loop."""

    def __init__(self, means: Means) -> None:
        self.id = means.worker_id
        self._means = means
        self._segments: dict[str, Segment] = {}
        self._claiming: set[str] = set()
        self._closed = False

    @property
    def limits(self) -> Limits:
        """When it gives up."""
        return self._means.limits

    @property
    def busy(self) -> dict[str, Segment]:
        """The runs under way here."""
        return dict(self._segments)

    def take_up(self, run: Run) -> None:
        """Execute a run that this worker has claimed (or was accepted for it)."""
        if self._closed:
            return  # it is this worker's in the log, and so is taken up once that is struck off
        before = self._segments.get(run.id)
        if before is not None:
            before.abandon()  # fenced off by the claim
        segment = self._segments[run.id] = Segment(run, self._means)
        segment.task.add_done_callback(lambda _: self._left(segment))

    async def claim(self, run_id: str) -> bool:
        """Claim a run and take it up; False when it is somebody else's or over.

        Two claims at once would both succeed, and the second interrupt what the first began.
        """
        if run_id in self._claiming:
            return False
        self._claiming.add(run_id)
        try:
            run = await asyncio.wrap_future(
                self._means.store.claim(run_id, self.id, dead_after=self.limits.dead_after)
            )
        except errors.Superseded:
            return False
        finally:
            self._claiming.discard(run_id)
        self.take_up(run)
        return True

    def interrupt(self, run_id: str) -> bool:
        """End a run that is `cancelling`, if it is executed here."""
        segment = self._segments.get(run_id)
        return segment is not None and segment.stop()

    async def close(self) -> None:
        """Let go of every run; another process, or the next start, takes them up."""
        self._closed = True
        tasks = {segment.task for segment in self._segments.values()} | self._means.stragglers
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_CLOSING)

    # beneath

    def _left(self, segment: Segment) -> None:
        if self._segments.get(segment.run_id) is segment:
            del self._segments[segment.run_id]
            self._means.feed.closed(segment.run_id)
        if not segment.task.cancelled() and segment.task.exception() is not None:
            logger.error("run %s was left", segment.run_id, exc_info=segment.task.exception())
