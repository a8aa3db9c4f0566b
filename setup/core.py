"""The core of one process: what every door calls, from any thread."""

import asyncio
import logging
import threading
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from conversation.comparison import Comparison
from conversation.errors import EmptyMessage, StoreUnavailable
from conversation.history import History
from conversation.ids import new_id
from conversation.ports import Choice, Core, RunLog, Store, ToolRunner
from conversation.records import Exchange, Message, Opening, ProviderStatus, Run, Thread
from conversation.script import State
from conversation.text import storable
from mediator.diagram import diagram
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
from setup.exporting import Exports
from setup.providers import Providers
from setup.replay import Next, ReplayMeans, Replays, compared

logger: Final = logging.getLogger(__name__)

TITLE: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What bootstrap has put together."""

    store: Store
    history: History
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
        self._replays = Replays(
            ReplayMeans(
                store=parts.store,
                feed=parts.feed,
                runner=parts.runner,
                casting=parts.casting,
                clock=parts.clock,
                accept=self._begin,
                cancel=parts.control.cancel,
            )
        )
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

    @property
    def history(self) -> History:
        """What has happened, as lists and sums."""
        return self._parts.history

    def diagram(self, path: Collection[State] = (), here: State | None = None) -> str:
        """Return the script as a Mermaid diagram, with a path and a state marked."""
        return diagram(path, here)

    @property
    def exports(self) -> Exports:
        """What can be taken away."""
        return Exports(self.store, self.history)

    @property
    def replays(self) -> Replays:
        """Threads that are run again."""
        return self._replays

    def compare(self, left: str, right: str) -> Comparison:
        """Put two threads side by side; `NotFound`."""
        return compared(self.exports, self.history, left, right)

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
        first = Next(text=text, spec=spec, thread=known or self._new_thread(text), new=not known)
        return self._parts.runner.call(self._begin(first))

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

    def _new_thread(self, text: str) -> Thread:
        """Return a thread that has the beginning of its first message as its title."""
        return Thread(
            id=new_id("thread"),
            branch_id=new_id("branch"),
            title=" ".join(text[: 4 * TITLE].split())[:TITLE],
            created_at=self._parts.clock(),
        )

    def _opening(self, wanted: Next) -> Opening:
        now, thread = self._parts.clock(), wanted.thread
        message = Message(
            id=new_id("msg"),
            thread_id=thread.id,
            branch_id=thread.branch_id,
            role="user",
            text=wanted.text,
            created_at=now,
        )
        run = Run(
            id=new_id("run"),
            thread_id=thread.id,
            branch_id=thread.branch_id,
            spec=wanted.spec,
            metadata=wanted.metadata,
            message_id=message.id,
            fence=1,
            attempt=1,
            worker_id=self._parts.worker.id,
            created_at=now,
            expires_at=now + self._parts.expires_after,
        )
        new = thread if wanted.new else None
        return Opening(run=run, messages=(message,), events=(), thread=new)

    async def _begin(self, wanted: Next) -> Run:
        parts, opening = self._parts, self._opening(wanted)
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
            self._replays.close,
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
