"""The mediators' side of the log: commits first, tells afterwards."""

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any, TypeVar

from conversation.events import Logged
from conversation.ports import Store
from conversation.records import Opening, PendingText, Run, Write
from runs.feed import LogFeed
from runs.flusher import Flusher
from runs.topic import LogTopic

T = TypeVar("T")


class Recorder:
    """Writes to the store and, once that is durable, publishes; lives on the event loop.

    What is begun is finished and told, also when whoever asked for it is cancelled meanwhile.
    """

    def __init__(self, store: Store, topic: LogTopic, feed: LogFeed, flusher: Flusher) -> None:
        self._store = store
        self._topic = topic
        self._feed = feed
        self._flusher = flusher

    async def accept(self, opening: Opening) -> Run:
        """Begin a run."""
        return await _finished(self._accept(opening))

    def write(self, write: Write) -> Awaitable[None]:
        """Make one step of a run; handed over at once, so that steps keep their order."""
        return _finished(self._written(write, asyncio.wrap_future(self._store.write(write))))

    def say(self, text: PendingText) -> None:
        """Pass streamed text on to followers at once, and to the log with the next flush."""
        self._feed.said(text)
        self._flusher.add(text)

    async def _accept(self, opening: Opening) -> Run:
        run, logged = await asyncio.wrap_future(self._store.accept(opening))
        self._feed.begun(run, logged)
        self._topic.publish(logged)
        return run

    async def _written(self, write: Write, step: Awaitable[list[Logged]]) -> None:
        logged = await step
        self._feed.kept(write)
        self._topic.publish(logged)


def _finished(work: Coroutine[Any, Any, T]) -> Awaitable[T]:
    """Begin `work`, which goes on when the waiting is cancelled; nobody then hears its error."""
    task = asyncio.create_task(work)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return asyncio.shield(task)
