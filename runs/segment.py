"""Executing one run, from its claim to its end, its next wait, or the loss of the claim.

The exchange is conducted in a task of its own, so that a stop, the end of the run's time or a
request that does not let go can't keep the segment from writing how the run went on.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import ClassVar, Final

from conversation import errors
from conversation.records import Exchange, Run
from conversation.script import State
from mediator.conductor import Conductor
from mediator.mediator import Mediator
from runs.means import Means
from runs.replayed import user_of
from runs.settled import SettledLog

logger: Final = logging.getLogger(__name__)

_TRIES: Final = 20


class InternalError(errors.ParleyError):
    """A fault of Parley itself; the program's log has the details."""

    code: ClassVar[str] = "internal_error"
    advice: ClassVar[str] = "Send the message again. The program's log has the details."


class GivenUp(errors.ParleyError):
    """Too many processes have ended while they executed this run."""

    code: ClassVar[str] = "given_up"
    advice: ClassVar[str] = "Send the message again."


class Segment:
    """Executes a run that this process has claimed; lives on the core's event loop."""

    def __init__(self, run: Run, means: Means, begun: Exchange | None = None) -> None:
        self._run = run
        self._begun = begun
        self._means = means
        self._log = SettledLog(means.log)
        self._stop = asyncio.Event()
        means.feed.opened(run.id, run.fence)
        self.task = asyncio.get_running_loop().create_task(self._execute(), name=run.id)

    @property
    def run_id(self) -> str:
        """Which run it is."""
        return self._run.id

    @property
    def fence(self) -> int:
        """The fence of the claim."""
        return self._run.fence

    def stop(self) -> bool:
        """End the run, which is `cancelling` in the log; False when the segment is over."""
        self._stop.set()
        return not self.task.done()

    def abandon(self) -> None:
        """Leave the run as it stands in the log, to whoever has it or takes it up."""
        self.task.cancel()

    # beneath

    async def _execute(self) -> None:
        """Try until it is over; a database that can't be reached is waited for."""
        while True:
            try:
                await self._attempt()
            except errors.StoreUnavailable as error:
                logger.warning("run %s waits for the database: %s", self.run_id, error)
                if await self._claimed_again():
                    continue
            return

    async def _claimed_again(self) -> bool:
        """Wait until the store answers; False when the run is over, waits or is somebody else's.

        That it waits may have been written without our hearing of it; it is its client's then.
        """
        means = self._means
        while True:
            await asyncio.sleep(means.limits.store_retry)
            try:
                if (await asyncio.to_thread(means.store.run, self.run_id)).waiting is not None:
                    return False
                self._run = await asyncio.wrap_future(
                    means.store.claim(
                        self.run_id, means.worker_id, dead_after=means.limits.dead_after
                    )
                )
            except errors.StoreUnavailable:
                continue
            except (errors.Superseded, errors.NotFound):
                return False
            means.feed.opened(self.run_id, self.fence)
            return True

    async def _attempt(self) -> None:
        """Bring the run forward; what nobody has foreseen ends it in an error."""
        mediator = self._mediator(Exchange(run=self._run, messages=()))
        try:
            if ending := self._over(mediator):
                await self._settle(mediator, ending)
                return
            mediator = self._mediator(await self._exchange())
            await self._play(mediator)
        except errors.Superseded:
            await self._settle(mediator)
        except errors.StoreUnavailable:
            raise
        except Exception:
            logger.exception("run %s failed", self.run_id)
            fault = InternalError("Something went wrong inside Parley.")
            await self._settle(mediator, partial(mediator.error, fault))

    async def _exchange(self) -> Exchange:
        """Return the run with its rows, which need not be read the first time."""
        begun, self._begun = self._begun, None
        if begun is not None:
            return begun
        return await asyncio.to_thread(self._means.store.exchange, self.run_id)

    def _over(self, mediator: Mediator) -> Callable[[], Awaitable[None]] | None:
        """Return how the run ends if it must not be brought forward any more."""
        if self._seconds_left() == 0:
            return mediator.expire
        run = self._run
        if run.attempt > self._means.limits.max_attempts:
            times = f"The exchange was interrupted {run.attempt - 1} times and was given up."
            return partial(mediator.error, GivenUp(times))
        return None

    async def _play(self, mediator: Mediator) -> None:
        """Conduct until the segment is over, unless a stop or the end of its time comes first."""
        conducting = asyncio.create_task(self._conduct(mediator))
        stopping = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait(
                {conducting, stopping},
                timeout=self._seconds_left(),
                return_when=asyncio.FIRST_COMPLETED,
            )
            over = conducting.done()
            await self._log.settled()
        finally:
            stopping.cancel()
            await self._leave(conducting)
        if over:
            _check(conducting)
        if self._stop.is_set():
            await self._settle(mediator)
        elif not over:
            await self._settle(mediator, mediator.expire)

    async def _conduct(self, mediator: Mediator) -> None:
        cast = self._means.cast
        try:
            assistant = await cast.assistant(self._run.spec.provider)
        except errors.ParleyError as error:
            await mediator.error(error)
            return
        user = await user_of(self._run, cast.user, self._means.store)
        await Conductor(mediator, user, assistant).conduct()

    async def _leave(self, conducting: asyncio.Task[None]) -> None:
        """Interrupt the exchange; one that does not end in time is no longer waited for."""
        conducting.cancel()
        stragglers = self._means.stragglers
        stragglers.add(conducting)
        conducting.add_done_callback(stragglers.discard)
        await asyncio.wait({conducting}, timeout=self._means.limits.grace)
        if not conducting.done():
            logger.warning("run %s: its request to the model does not close", self.run_id)
        elif not conducting.cancelled():
            conducting.exception()  # whoever interrupts does not want to know

    async def _settle(
        self, mediator: Mediator, end: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        """End the run, if it is still ours: as stopped if that was asked for, else by `end`."""
        for _ in range(_TRIES):
            run = await asyncio.to_thread(self._means.store.run, self.run_id)
            if run.ended or run.fence != self.fence:
                return
            mediator.moved(run.state)
            with suppress(errors.Superseded):
                if run.state is State.CANCELLING:
                    await mediator.cancelled()
                elif end is not None:
                    await end()
                return

    def _mediator(self, exchange: Exchange) -> Mediator:
        means = self._means
        return means.cast.mediator(exchange, log=self._log, clock=means.clock, fence=self.fence)

    def _seconds_left(self) -> float | None:
        expires_at = self._run.expires_at
        if expires_at is None:
            return None
        return max(0.0, (expires_at - self._means.clock()).total_seconds())


def _check(conducting: asyncio.Task[None]) -> None:
    """Raise what ended the exchange; a cancellation that nobody asked for is a fault."""
    if conducting.cancelled():
        raise RuntimeError("the exchange was cancelled from inside")
    conducting.result()
