"""The core of one process: what every door calls, from any thread."""

import asyncio
import logging
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from conversation.errors import EmptyMessage, StoreUnavailable
from conversation.ids import new_id
from conversation.ports import Choice, Core, RunLog, Store, ToolRunner
from conversation.records import Exchange, Message, Opening, ProviderStatus, Run, RunSpec, Thread
from conversation.text import storable
from mediator.recording import Clock
from proxies.user_proxy import UserProxy
from runs.control import Control
from runs.feed import LogFeed
from runs.flusher import Flusher
from runs.means import MakeMediator
from runs.runner import Runner
from runs.topic import LogTopic
from runs.upkeep import Upkeep
from runs.worker import Worker
from setup.casting import Casting
from setup.providers import Providers

logger: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What bootstrap has put together."""

    store: Store
    feed: LogFeed
    topic: LogTopic
    log: RunLog
    flusher: Flusher
    runner: Runner
    worker: Worker
    control: Control
    upkeep: Upkeep
    providers: Providers
    casting: Casting
    tools: ToolRunner
    mediator: MakeMediator
    clock: Clock
    expires_after: timedelta


class ParleyCore(Core):
    """Accepts messages and hands their runs to the worker; everything else reads the log."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._closing = threading.Lock()
        self._closed = False

    @property
    def store(self) -> Store:
        """What is kept."""
        return self._parts.store

    @property
    def feed(self) -> LogFeed:
        """What is happening."""
        return self._parts.feed

    def providers(self) -> tuple[ProviderStatus, ...]:
        """Return every provider, available or not, in the order doors show them."""
        return self._parts.providers.statuses()

    def tools(self) -> ToolRunner:
        """Return the functions this process can run."""
        return self._parts.tools

    def check(self, choice: Choice) -> None:
        """Raise what `start` would raise for this choice."""
        self._parts.casting.spec(choice)

    def start(
        self, text: str, choice: Choice, *, thread_id: str | None = None, stream: bool = True
    ) -> Run:
        """Accept a user's message, in a new thread unless one is named; durable on return."""
        text = storable(text)
        if not text.strip():
            raise EmptyMessage
        spec = self._parts.casting.spec(choice, stream=stream)
        known = self.store.thread(thread_id) if thread_id else None
        return self._parts.runner.call(self._begin(self._opening(text, spec, known)))

    def cancel(self, run_id: str) -> Run:
        """Stop a run."""
        return self._parts.runner.call(self._parts.control.cancel(run_id))

    def decide(self, run_id: str, call_id: str, *, approved: bool) -> Run:
        """Allow or decline a call that waits for a person."""
        control = self._parts.control
        return self._parts.runner.call(control.decide(run_id, call_id, approved=approved))

    def submit(self, run_id: str, outputs: dict[str, str]) -> Run:
        """Give the outputs of the calls that wait for a client."""
        return self._parts.runner.call(self._parts.control.submit(run_id, outputs))

    def open(self) -> None:
        """Enter this process among those that execute runs, and begin to take up what is left."""
        self._parts.runner.call(self._parts.upkeep.start())

    def close(self) -> None:
        """Let go of everything; runs under way are taken up by others, or at the next start."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
        parts = self._parts
        with ExitStack() as last_to_first:
            last_to_first.callback(parts.store.close)
            last_to_first.callback(parts.topic.close)
            last_to_first.callback(parts.feed.close)
            last_to_first.callback(parts.runner.close)
            parts.runner.call(self._let_go())

    # beneath

    def _opening(self, text: str, spec: RunSpec, known: Thread | None) -> Opening:
        now = self._parts.clock()
        thread = known or Thread(id=new_id("thread"), branch_id=new_id("branch"), created_at=now)
        message = Message(
            id=new_id("msg"),
            thread_id=thread.id,
            branch_id=thread.branch_id,
            role="user",
            text=text,
            created_at=now,
        )
        run = Run(
            id=new_id("run"),
            thread_id=thread.id,
            branch_id=thread.branch_id,
            spec=spec,
            message_id=message.id,
            fence=1,
            attempt=1,
            worker_id=self._parts.worker.id,
            created_at=now,
            expires_at=now + self._parts.expires_after,
        )
        return Opening(run=run, messages=(message,), events=(), thread=None if known else thread)

    async def _begin(self, opening: Opening) -> Run:
        parts = self._parts
        mediator = parts.mediator(
            Exchange(run=opening.run, messages=()), log=parts.log, clock=parts.clock
        )
        user = UserProxy(parts.tools)
        user.introduce(mediator)
        run = await user.send(opening)
        parts.worker.take_up(run)
        return run

    async def _let_go(self) -> None:
        """Take leave, one after the other; where one can't, the others still do."""
        parts = self._parts
        for leave in (
            parts.upkeep.stop,
            parts.worker.close,
            parts.flusher.close,
            parts.upkeep.strike_off,
            parts.providers.close,
        ):
            try:
                await leave()
            except StoreUnavailable as error:
                logger.warning("not all was put in order at the end: %s", error)
            except Exception:
                logger.exception("not all was put in order at the end")
        await asyncio.get_running_loop().shutdown_default_executor()
