"""The mediators' side of the log: commits first, tells afterwards."""

import asyncio

from conversation.ports import Store
from conversation.records import Opening, PendingText, Run, Write
from runs.feed import LogFeed
from runs.flusher import Flusher
from runs.topic import LogTopic


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
        return await asyncio.shield(self._accept(opening))

    async def write(self, write: Write) -> None:
        """Make one step of a run."""
        await asyncio.shield(self._write(write))

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
