"""Brings streamed text to the log: all runs' pending text in one transaction every 50 ms."""

import asyncio
import logging
from dataclasses import replace
from typing import Final

from conversation.errors import StoreUnavailable
from conversation.ports import Store
from conversation.records import PendingText

logger: Final = logging.getLogger(__name__)

_RETRY: Final = 1.0


class Flusher:
    """Collects text on the event loop; a flush is under way only while there is some."""

    def __init__(self, store: Store, *, interval: float = 0.05, retry: float = _RETRY) -> None:
        self._store = store
        self._interval = interval
        self._retry = retry
        self._pending: dict[str, PendingText] = {}
        self._unkept: tuple[PendingText, ...] = ()
        self._task: asyncio.Task[None] | None = None

    def add(self, text: PendingText) -> None:
        """Take a piece of text that follows the one before it."""
        before = self._pending.get(text.message_id)
        whole = replace(before, text=before.text + text.text) if before else text
        self._pending[text.message_id] = whole
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._flush_later())

    async def close(self) -> None:
        """Bring what is pending to the log now, and stop."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        await self._flush()

    async def _flush(self) -> None:
        """Write what is pending; what the store refuses is tried again, piece by piece as it was.

        A piece less would shift all text that follows it.
        """
        self._unkept += tuple(self._pending.values())
        self._pending = {}
        texts = self._unkept
        if texts:
            await asyncio.wrap_future(self._store.append_texts(texts))
            self._unkept = self._unkept[len(texts) :]

    async def _flush_later(self) -> None:
        try:
            while self._pending or self._unkept:
                await asyncio.sleep(self._interval)
                try:
                    await self._flush()
                except StoreUnavailable as error:
                    logger.warning("streamed text is not kept yet: %s", error)
                    await asyncio.sleep(self._retry)
                except Exception:  # the whole text is written with its message
                    logger.exception("streamed text was not kept")
                    self._unkept = ()
        finally:
            self._task = None
