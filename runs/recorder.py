"""The mediators' side of the log: commits first, tells afterwards."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

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

    async def write(self, write: Write) -> None:
        """Make one step of a run."""
        await _finished(self._write(write))

    def say(self, text: PendingText) -> None:
        """Pass streamed text on to followers at once, and to the log with the next flush."""
        self._feed.said(text)
        self._flusher.add(text)

    async def _accept(self, opening: Opening) -> Run:
        run, logged = await asyncio.wrap_future(self._store.accept(opening))
        self._topic.publish(logged)
        return run

    async def _write(self, write: Write) -> None:
        logged = await asyncio.wrap_future(self._store.write(write))
        self._topic.publish(logged)


async def _finished(work: Coroutine[Any, Any, T]) -> T:
    """Wait for `work`, which goes on when the waiting is cancelled; nobody then hears its error."""
    task = asyncio.create_task(work)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return await asyncio.shield(task)
