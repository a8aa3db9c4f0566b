"""Processes that execute runs, on the test's own event loop, with models that follow a script."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from concurrent.futures import Future
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from conversation.errors import StoreUnavailable
from conversation.events import Logged
from conversation.follower import Follower
from conversation.ids import new_id
from conversation.ports import AssistantProxy, Store, ToolRunner
from conversation.records import Exchange, Run, Write
from conversation.script import State
from mediator.mediator_state_machine import MediatorStateMachine
from mediator.recording import Clock
from proxies.user_proxy import UserProxy
from runs.control import Control
from runs.feed import LogFeed
from runs.flusher import Flusher
from runs.means import Cast, Limits, Means
from runs.recorder import Recorder
from runs.run_queue import EmbeddedQueue
from runs.topic import LogTopic
from runs.upkeep import Upkeep
from runs.worker import Worker
from tests.stage import ScriptedAssistant, now, opening
from tools.registry import Tools

WAIT = 10.0
QUICK = Limits(
    dead_after=0.6, heartbeat=0.1, stop_check=0.02, sweep=0.05, store_retry=0.02, grace=0.1
)
PATIENT = replace(QUICK, dead_after=60)
FROZEN = replace(QUICK, heartbeat=3600, stop_check=3600, sweep=3600)
"""A process that shows no sign of life after its first, and does not look around."""


class Process:
    """What one process executes runs with; `assistant` answers for every provider."""

    def __init__(
        self,
        store: Store,
        assistant: AssistantProxy,
        *,
        tools: ToolRunner | None = None,
        limits: Limits = QUICK,
        providers: Collection[str] = ("scripted",),
        clock: Clock = now,
    ) -> None:
        self.store = store
        self.tools = tools or Tools()
        self.topic, self.feed = LogTopic(), LogFeed(store)
        self.topic.subscribe(self.feed.heard)
        self.flusher = Flusher(store, interval=0.01, retry=0.02)
        self.log = Recorder(store, self.topic, self.feed, self.flusher)

        async def cast(_provider: str) -> AssistantProxy:
            return assistant

        means = Means(
            worker_id=new_id("worker"),
            store=store,
            log=self.log,
            feed=self.feed,
            cast=Cast(mediator=MediatorStateMachine, user=UserProxy(self.tools), assistant=cast),
            clock=clock,
            limits=limits,
        )
        self.worker = Worker(means)
        self.queue = EmbeddedQueue(self.worker)
        self.control = Control(
            worker=self.worker,
            queue=self.queue,
            store=store,
            log=self.log,
            mediator=MediatorStateMachine,
            clock=now,
        )
        self.upkeep = Upkeep(
            worker=self.worker,
            control=self.control,
            queue=self.queue,
            store=store,
            clock=clock,
            providers=lambda: providers,
        )

    async def begin(self, text: str = "Hello", *, seconds: float | None = None, **run: Any) -> Run:
        """Accept a message and take its run up, which expires after `seconds`."""
        start = opening(text, tools=self.tools.specs())
        expires_at = now() + timedelta(seconds=seconds) if seconds is not None else None
        given = {"worker_id": self.worker.id, "expires_at": expires_at} | run
        start = replace(start, run=replace(start.run, **given))
        exchange = Exchange(run=start.run, messages=())
        accepted = await MediatorStateMachine(exchange, log=self.log, clock=now).set_user_message(
            start
        )
        self.worker.take_up(accepted)
        return accepted

    async def until(self, run_id: str, holds: Callable[[Run], bool]) -> Run:
        """Wait until the run is as wanted; return it."""
        with Follower(self.feed, run_id) as follower:
            async with asyncio.timeout(WAIT):
                while not holds(run := self.store.run(run_id)):
                    await follower.arrival()
                    follower.take()
        return run

    async def ended(self, run_id: str) -> Run:
        """Wait until the run has ended; return it."""
        return await self.until(run_id, lambda run: run.ended)

    async def left(self, run_id: str) -> None:
        """Wait until this process has let go of the run."""
        segment = self.worker.busy.get(run_id)
        if segment is not None:
            await asyncio.wait({segment.task}, timeout=WAIT)

    async def close(self, *, struck_off: bool = True) -> None:
        """Let go of everything; without being struck off it looks as if it had been killed."""
        await self.upkeep.stop()
        await self.worker.close()
        await self.flusher.close()
        if struck_off:
            await self.upkeep.strike_off()
        self.feed.close()
        self.topic.close()


@asynccontextmanager
async def process(
    store: Store, assistant: AssistantProxy | None = None, **options: Any
) -> AsyncIterator[Process]:
    """Start a process and close it at the end."""
    started = Process(store, assistant or ScriptedAssistant(), **options)
    await started.upkeep.start()
    try:
        yield started
    finally:
        await started.close()


class FrailStore:
    """A store whose writes can be held up or made to fail; all else is the store's.

    They are held up while `holding`, which the first write to `hold_from` begins.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.down = False
        self.holding = False
        self.hold_from: State | None = None
        self.held: list[tuple[Write, Future[list[Logged]]]] = []
        self.holds = asyncio.Event()
        self.refused = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        """Everything else."""
        return getattr(self._store, name)

    def write(self, write: Write) -> Future[list[Logged]]:
        """Make one step of a run, unless this is not the moment."""
        if self.down:
            self.refused.set()
            return _failed()
        self.holding = self.holding or write.to == self.hold_from
        if not self.holding:
            return self._store.write(write)
        waiting: Future[list[Logged]] = Future()
        waiting.set_running_or_notify_cancel()
        self.held.append((write, waiting))
        self.holds.set()
        return waiting

    def claim(
        self, run_id: str, worker_id: str, *, dead_after: float, fence: int | None = None
    ) -> Future[Run]:
        """Take a run over, unless the store is down."""
        if self.down:
            return _failed()
        return self._store.claim(run_id, worker_id, dead_after=dead_after, fence=fence)

    def release(self) -> None:
        """Make the steps that were held up, in order."""
        self.holding, self.hold_from = False, None
        for write, waiting in self.held:
            try:
                waiting.set_result(self._store.write(write).result(WAIT))
            except Exception as error:  # noqa: BLE001 (it belongs to the writer)
                waiting.set_exception(error)
        self.held.clear()


def _failed() -> Future[Any]:
    failed: Future[Any] = Future()
    failed.set_exception(StoreUnavailable("The database is locked by another program."))
    return failed


def kinds(store: Store, run_id: str) -> list[str]:
    """Return the kinds of the run's events, for finding some of them."""
    return [logged.event.kind for logged in store.events(run_id)]


def numbered(events: Collection[Logged]) -> bool:
    """Tell whether the events' numbers are 1..n without holes."""
    return [logged.seq for logged in events] == list(range(1, len(events) + 1))
