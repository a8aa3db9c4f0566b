"""What doors ask of a run that somebody else executes, or nobody: stop, expiry, answers.

Each reads the run, lets a mediator without a fence write, and reads again when somebody was
quicker.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final, TypeVar

from conversation.errors import Superseded, TriggerRefused
from conversation.ports import RunLog, Store
from conversation.records import Run
from conversation.script import State
from mediator import answers
from mediator.mediator import Mediator
from mediator.recording import Clock
from runs.means import MakeMediator
from runs.run_queue import RunQueue
from runs.worker import Worker

T = TypeVar("T")

_TRIES: Final = 20


class Control:
    """Lives on the core's event loop."""

    def __init__(
        self,
        *,
        worker: Worker,
        queue: RunQueue,
        store: Store,
        log: RunLog,
        mediator: MakeMediator,
        clock: Clock,
    ) -> None:
        self._worker = worker
        self._queue = queue
        self._store = store
        self._log = log
        self._mediator = mediator
        self._now = clock

    async def cancel(self, run_id: str) -> Run:
        """Stop a run; one that nobody executes ends at once, one that has ended stays."""

        async def ask(mediator: Mediator) -> None:
            if mediator.state is not State.CANCELLING and not mediator.run.ended:
                await mediator.cancel()

        await self._until_written(run_id, ask)
        run = await self._run(run_id)
        if run.ended:
            return run
        if not self._worker.interrupt(run_id) and not await self._executed_elsewhere(run_id):
            await self._until_written(run_id, _finish)
        return await self._run(run_id)

    async def expire(self, run_id: str) -> Run:
        """End a run whose time is up."""

        async def end(mediator: Mediator) -> None:
            if not mediator.run.ended:
                await mediator.expire()

        await self._until_written(run_id, end)
        return await self._run(run_id)

    async def decide(self, run_id: str, call_id: str, *, approved: bool) -> Run:
        """Allow or decline a call; the last decision lets the run go on.

        Returns the run as the decision left it, whatever has become of it since.
        """

        async def tell(mediator: Mediator) -> Run:
            complete = await answers.decide(mediator, call_id, approved=approved)
            return await self._answered(mediator.run, 1, complete=complete)

        return await self._until_written(run_id, tell)

    async def submit(self, run_id: str, outputs: dict[str, str]) -> Run:
        """Give a client's outputs; the run goes on.

        Returns the run as the submission left it, whatever has become of it since.
        """

        async def tell(mediator: Mediator) -> Run:
            complete = await answers.submit_outputs(mediator, outputs)
            return await self._answered(mediator.run, len(outputs), complete=complete)

        return await self._until_written(run_id, tell)

    # beneath

    async def _answered(self, waited: Run, facts: int, *, complete: bool) -> Run:
        """Let a run that has waited go on, if the answers are complete; so many facts they were."""
        if complete:
            await self._queue.go_on(waited.id, waited.fence)
        waiting = None if complete else waited.waiting
        return replace(waited, seq=waited.seq + facts, waiting=waiting)

    async def _until_written(self, run_id: str, act: Callable[[Mediator], Awaitable[T]]) -> T:
        for _ in range(_TRIES):
            exchange = await asyncio.to_thread(self._store.exchange, run_id)
            try:
                return await act(self._mediator(exchange, log=self._log, clock=self._now))
            except (Superseded, TriggerRefused):
                continue
        raise Superseded(run_id)

    async def _executed_elsewhere(self, run_id: str) -> bool:
        limit = self._worker.limits.dead_after
        alive = await asyncio.to_thread(self._store.executed_by, run_id, dead_after=limit)
        return alive not in {None, self._worker.id}

    async def _run(self, run_id: str) -> Run:
        return await asyncio.to_thread(self._store.run, run_id)


async def _finish(mediator: Mediator) -> None:
    if mediator.state is State.CANCELLING:
        await mediator.cancelled()
