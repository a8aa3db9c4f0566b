"""The core of one process: what every door calls, from any thread."""

import asyncio
import logging
import threading
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Final

from conversation.api_ports import RunWish
from conversation.choice import Choice
from conversation.comparison import Comparison
from conversation.errors import StoreUnavailable
from conversation.history import History
from conversation.ports import Core, Store, ToolRunner
from conversation.records import (
    Assistant,
    Message,
    ProviderStatus,
    QueuedMessage,
    Rating,
    Run,
    RunSpec,
    Thread,
)
from conversation.script import State
from mediator.diagram import diagram, route
from mediator.states import api_status
from runs.feed import LogFeed
from setup.api_runs import ApiRuns
from setup.exchanges import Exchanges
from setup.exporting import Exports
from setup.parts import Parts
from setup.queue import Queue
from setup.replay import ReplayMeans, Replays, compared
from setup.threads import Threads
from setup.titles import Titles

logger: Final = logging.getLogger(__name__)

_PARTING: Final = 3.0
"""For how many seconds those are waited for who follow what has just ended."""


class ParleyCore(Core):
    """Accepts messages and sees that they are answered; everything else reads the log."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        exchanges = Exchanges(parts)
        self._threads = Threads(parts, exchanges)
        self._api_runs = ApiRuns(parts, exchanges)
        self._queue = Queue(parts, exchanges, self._threads.start)
        self._titles = Titles(parts)
        parts.topic.subscribe(self._queue.heard)
        parts.upkeep.add(self._queue.look)
        self._replays = Replays(
            ReplayMeans(
                store=parts.store,
                feed=parts.feed,
                runner=parts.runner,
                casting=parts.casting,
                clock=parts.clock,
                accept=exchanges.begin,
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

    def route(self, moves: Sequence[tuple[State, State]], labels: Mapping[State, str]) -> str:
        """Return the usual script and a run's moves through it as a narrow Mermaid diagram."""
        return route(moves, labels)

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
        providers = self._parts.providers
        providers.look()
        return providers.statuses()

    def providers_known(self) -> bool:
        """Tell whether nothing is being found out for `providers` just now."""
        return self._parts.providers.settled

    def tools(self) -> ToolRunner:
        """Return the functions this process can run."""
        return self._parts.tools

    def check(self, choice: Choice) -> None:
        """Raise what `start` would raise for this choice, as far as nobody need be asked."""
        self._parts.casting.check(choice)

    def start(
        self,
        text: str,
        choice: Choice,
        *,
        thread_id: str | None = None,
        stream: bool = True,
        instructions: str = "",
    ) -> Run:
        """Accept a user's message, in a new thread unless one is named; durable on return."""
        return self._threads.start(
            text, choice, thread_id=thread_id, stream=stream, instructions=instructions
        )

    def send(
        self, text: str, choice: Choice, *, thread_id: str, stream: bool = True
    ) -> Run | QueuedMessage:
        """Accept a message as `start` does, or put it in the queue of a busy thread."""
        return self._queue.send(text, choice, thread_id=thread_id, stream=stream)

    def send_queued(self, thread_id: str) -> Run | None:
        """Send the first message that waits; None when none does or the thread is busy."""
        return self._queue.send_queued(thread_id)

    def edit(self, message_id: str, text: str, choice: Choice, *, stream: bool = True) -> Run:
        """Send another text in place of a user's message, in a new branch."""
        return self._threads.edit(message_id, text, choice, stream=stream)

    def regenerate(
        self,
        run_id: str,
        choice: Choice,
        *,
        stream: bool = True,
        last_messages: int | None = None,
    ) -> Run:
        """Have a run's message answered again, in a new branch."""
        return self._threads.regenerate(run_id, choice, stream=stream, last_messages=last_messages)

    def carry_on(self, run_id: str, choice: Choice, *, stream: bool = True) -> Run:
        """Have the model go on with the answer of a run that ended before it was whole."""
        return self._threads.carry_on(run_id, choice, stream=stream)

    def rate(self, run_id: str, rating: Rating | None, comment: str = "") -> None:
        """Keep what a person thinks of an answer; None takes it back."""
        self._threads.rate(run_id, rating, comment)

    def cast(self, assistant: Assistant, wish: RunWish, thread: Thread | None = None) -> RunSpec:
        """Return what a run that an API client asks for is started with."""
        return self._parts.casting.wished(assistant, wish, thread)

    def run(
        self,
        thread: Thread,
        spec: RunSpec,
        *,
        messages: tuple[Message, ...] = (),
        new: bool = False,
        metadata: Mapping[str, str] | None = None,
    ) -> Run:
        """Begin a run on a thread, after these messages; it expires as API runs do."""
        return self._api_runs.begin(thread, spec, messages, new=new, metadata=metadata or {})

    def status(self, run: Run) -> str:
        """Return a run's status in the words of the Assistants API."""
        return api_status(run.state, run.waiting) or "queued"

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
        self._parts.providers.look_around()
        self._parts.runner.call(self._begin())

    def close(self) -> None:
        """Take nothing new, give runs under way their time, and let go of everything.

        Runs that have not ended by then are taken up by others, or at the next start. Whoever
        calls this a second time waits for the first.
        """
        with self._closing:
            if not self._closed:
                self._closed = True
                self._close()

    def hasten(self) -> None:
        """Let `close`, under way or to come, wait for no run; from any thread or signal handler."""
        self._parts.runner.soon(self._parts.worker.hasten)

    # beneath

    async def _begin(self) -> None:
        await self._parts.upkeep.start()
        await self._parts.queue.open()

    def _close(self) -> None:
        parts = self._parts
        with ExitStack() as last_to_first:
            last_to_first.callback(parts.store.close)
            last_to_first.callback(parts.topic.close)
            last_to_first.callback(parts.feed.close)
            last_to_first.callback(parts.runner.close)
            parts.runner.call(self._let_go())

    async def _let_go(self) -> None:
        """Take leave, one after the other; where one can't, the others still do."""
        parts = self._parts
        for leave in (
            parts.queue.close,
            partial(parts.worker.retire, parts.drain_seconds),
            partial(asyncio.to_thread, parts.feed.wait_for_parting, _PARTING),
            self._replays.close,
            self._queue.close,
            self._titles.close,
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
