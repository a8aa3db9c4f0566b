"""Executes runs in this process: one task each, from a claim to the end of the segment."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar, Final

from conversation import errors
from conversation.ports import AssistantProxy, RunLog, Store, ToolExecutor
from conversation.records import Run
from conversation.script import State
from mediator.conductor import Conductor
from mediator.mediator import Clock, Mediator
from runs.feed import LogFeed

logger: Final = logging.getLogger(__name__)

MakeMediator = Callable[..., Mediator]
CastAssistant = Callable[[str], Awaitable[AssistantProxy]]


class InternalError(errors.ParleyError):
    """A fault of Parley itself; the program's log has the details."""

    code: ClassVar[str] = "internal_error"
    advice: ClassVar[str] = "Send the message again. The program's log has the details."


class GivenUp(errors.ParleyError):
    """Too many processes have ended while they executed this run."""

    code: ClassVar[str] = "given_up"
    advice: ClassVar[str] = "Send the message again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Who takes part in an exchange, apart from its mediator."""

    mediator: MakeMediator
    user: ToolExecutor
    assistant: CastAssistant


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When to give up; seconds."""

    dead_after: float = 6.0
    heartbeat: float = 1.0
    stop_check: float = 0.25
    sweep: float = 2.0
    store_retry: float = 1.0
    max_attempts: int = 5


class Worker:
    """Everything it does happens on the core's event loop."""

    def __init__(
        self,
        worker_id: str,
        *,
        store: Store,
        log: RunLog,
        feed: LogFeed,
        cast: Cast,
        clock: Clock,
        limits: Limits,
    ) -> None:
        self.id = worker_id
        self.limits = limits
        self._store = store
        self._log = log
        self._feed = feed
        self._cast = cast
        self._now = clock
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stopping: set[str] = set()

    @property
    def busy(self) -> dict[str, asyncio.Task[None]]:
        """The runs under way here."""
        return dict(self._tasks)

    def take_up(self, run: Run) -> None:
        """Execute a run that this worker has claimed (or was accepted for it)."""
        before = self._tasks.get(run.id)
        if before is not None:
            before.cancel()  # fenced off by the claim
        self._feed.opened(run.id)
        task = asyncio.get_running_loop().create_task(self._segment(run), name=run.id)
        self._tasks[run.id] = task
        task.add_done_callback(lambda done: self._left(run.id, done))

    async def claim(self, run_id: str) -> bool:
        """Claim a run and take it up; False when it is somebody else's or over."""
        try:
            run = await asyncio.wrap_future(
                self._store.claim(run_id, self.id, dead_after=self.limits.dead_after)
            )
        except errors.Superseded:
            return False
        self.take_up(run)
        return True

    def interrupt(self, run_id: str) -> bool:
        """End a run that is `cancelling`, if it is executed here."""
        task = self._tasks.get(run_id)
        if task is None:
            return False
        if run_id not in self._stopping:
            self._stopping.add(run_id)
            task.cancel()
        return True

    def abandon(self, run_id: str) -> None:
        """Let go of a run that somebody else has claimed."""
        task = self._tasks.get(run_id)
        if task is not None:
            task.cancel()

    async def close(self) -> None:
        """Let go of every run; another process, or the next start, takes them up."""
        tasks = tuple(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=5)

    # beneath

    def _left(self, run_id: str, task: asyncio.Task[None]) -> None:
        if self._tasks.get(run_id) is task:
            del self._tasks[run_id]
            self._stopping.discard(run_id)
            self._feed.closed(run_id)
        if not task.cancelled() and task.exception() is not None:
            logger.error("run %s was left", run_id, exc_info=task.exception())

    async def _segment(self, run: Run) -> None:
        """Execute one segment; a database that can't be reached is waited for."""
        while True:
            try:
                exchange = await asyncio.to_thread(self._store.exchange, run.id)
                mediator = self._cast.mediator(
                    exchange, log=self._log, clock=self._now, fence=run.fence
                )
                await self._execute(mediator)
            except errors.Superseded:
                return
            except errors.StoreUnavailable as error:
                logger.warning("run %s waits for the database: %s", run.id, error)
                again = await self._claim_again(run.id)
                if again is None:
                    return
                run = again
            else:
                return

    async def _claim_again(self, run_id: str) -> Run | None:
        """Wait until the store answers; None when the run is over or somebody else's."""
        while True:
            await asyncio.sleep(self.limits.store_retry)
            try:
                return await asyncio.wrap_future(
                    self._store.claim(run_id, self.id, dead_after=self.limits.dead_after)
                )
            except errors.StoreUnavailable:
                continue
            except (errors.Superseded, errors.NotFound):
                return None

    async def _execute(self, mediator: Mediator) -> None:
        run_id = mediator.run.id
        try:
            async with asyncio.timeout(self._seconds_left(mediator.run)):
                await self._conduct(mediator)
        except TimeoutError:
            await mediator.expire()
        except asyncio.CancelledError:
            if run_id not in self._stopping:
                raise
            await self._end_cancelled(mediator)
        except errors.Superseded:
            await self._yield(mediator)
        except errors.StoreUnavailable:
            raise
        except Exception:
            logger.exception("run %s failed", run_id)
            await mediator.error(InternalError("Something went wrong inside Parley."))

    async def _conduct(self, mediator: Mediator) -> None:
        run = mediator.run
        if run.attempt > self.limits.max_attempts:
            await mediator.error(
                GivenUp(f"The exchange was interrupted {run.attempt - 1} times and was given up.")
            )
            return
        try:
            assistant = await self._cast.assistant(run.spec.provider)
        except errors.ParleyError as error:
            await mediator.error(error)
            return
        await Conductor(mediator, self._cast.user, assistant).conduct()

    def _seconds_left(self, run: Run) -> float | None:
        if run.expires_at is None:
            return None
        return max(0.0, (run.expires_at - self._now()).total_seconds())

    async def _end_cancelled(self, mediator: Mediator) -> None:
        task = asyncio.current_task()
        if task is not None:
            task.uncancel()
        mediator.moved(State.CANCELLING)
        try:
            await mediator.cancelled()
        except errors.Superseded:
            return  # it ended before the stop came through

    async def _yield(self, mediator: Mediator) -> None:
        """Somebody else has moved the run: end it if it was a stop, else let it go."""
        run = await asyncio.to_thread(self._store.run, mediator.run.id)
        if run.state is State.CANCELLING and run.fence == mediator.fence:
            await self._end_cancelled(mediator)
