"""Brings streamed text to the log: all runs' pending text in one transaction every 50 ms."""

import asyncio
import logging
from dataclasses import replace
from typing import Final

from conversation.errors import ParleyError
from conversation.ports import Store
from conversation.records import PendingText

logger: Final = logging.getLogger(__name__)


class Flusher:
    """Collects text on the event loop; a flush is under way only while there is some."""

    def __init__(self, store: Store, *, interval: float = 0.05) -> None:
        self._store = store
        self._interval = interval
        self._pending: dict[str, PendingText] = {}
        self._task: asyncio.Task[None] | None = None

    def add(self, text: PendingText) -> None:
        """Take a piece of text that follows the one before it."""
        before = self._pending.get(text.message_id)
        whole = replace(before, text=before.text + text.text) if before else text
        self._pending[text.message_id] = whole
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._flush_later())

    async def flush(self) -> None:
        """Bring what is pending to the log now."""
        texts, self._pending = tuple(self._pending.values()), {}
        if texts:
            await asyncio.wrap_future(self._store.append_texts(texts))

    async def _flush_later(self) -> None:
        try:
            while self._pending:
                await asyncio.sleep(self._interval)
                await self.flush()
        except ParleyError as error:  # the final text is written with the message
            logger.warning("streamed text was not kept: %s", error)
        finally:
            self._task = None
