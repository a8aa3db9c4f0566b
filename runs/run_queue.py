"""Who executes a run that was accepted, or that can go on after a wait: a port, and one adapter.

The other adapter is `runs.distributed`. Whatever a queue says, a run is executed by who has claimed
it in the log; so a queue that forgets, repeats itself or is late does no harm.
"""

import logging
from collections.abc import Collection
from dataclasses import replace
from typing import Final, Protocol

from conversation.errors import StoreUnavailable
from conversation.records import Exchange, Run
from runs.worker import Worker

logger: Final = logging.getLogger(__name__)


class RunQueue(Protocol):
    """Hands segments of runs to workers; used on the core's event loop."""

    def entrusted(self, run: Run) -> Run:
        """Return a new run with who is to execute it, as it is then accepted."""
        ...

    def accepted(self, run: Run, begun: Exchange | None = None) -> None:
        """See that a new, durable run is executed; `begun` is all there is of it, if known."""
        ...

    async def go_on(self, run_id: str, fence: int) -> None:
        """See that a run is executed on: what it has waited for is durable.

        It had this fence then; who has claimed it since goes on with it already.
        """
        ...

    async def left(self, run_ids: Collection[str]) -> list[str]:
        """Return those that are not queued, of runs that nobody executes."""
        ...

    async def open(self) -> None:
        """Begin to take runs from the queue, if it is one."""
        ...

    async def close(self) -> None:
        """Take no more; what is under way goes on."""
        ...


class EmbeddedQueue:
    """No queue at all: the process that accepts a run, or hears an answer to it, executes it."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def entrusted(self, run: Run) -> Run:
        """Return a new run as this process's."""
        return replace(run, worker_id=self._worker.id, fence=1, attempt=1)

    def accepted(self, run: Run, begun: Exchange | None = None) -> None:
        """Execute it."""
        self._worker.take_up(run, begun)

    async def go_on(self, run_id: str, fence: int) -> None:
        """Take the run up; what it has waited for is in the log, so this may also come later."""
        try:
            await self._worker.claim(run_id, fence)
        except StoreUnavailable as error:
            logger.warning("run %s goes on once the database answers: %s", run_id, error)

    async def left(self, run_ids: Collection[str]) -> list[str]:
        """Return all of them."""
        return list(run_ids)

    async def open(self) -> None:
        """There is nothing to begin."""

    async def close(self) -> None:
        """There is nothing to end."""
