"""Removing conversations in which nothing has happened for long."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Final

from conversation.errors import ThreadBusy
from conversation.history import EVERYTHING, Filter, History, Removed, Sort, ThreadLine, Window
from conversation.script import OPEN
from mediator.recording import Clock

_PAGE: Final = 500
_LONGEST_AGO_FIRST: Final = Sort(column="last_activity", descending=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Removes threads whose last activity is `days` ago, never one with a run under way."""

    history: History
    clock: Clock
    days: int

    async def remove_old(self) -> Removed:
        """Remove them, some at a time, and return what was removed."""
        removed, limit = Removed(), self._limit()
        while True:
            try:
                more = await asyncio.to_thread(self.history.remove_older, limit, limit=_PAGE)
            except ThreadBusy:  # somebody has gone on in an old one just now: it stays
                continue
            if not more.threads:
                return removed
            removed = _sum(removed, more)

    def would_remove(self) -> Removed:
        """Return what there is to remove; messages are not counted."""
        lines = list(self._old())
        return Removed(
            threads=len(lines),
            runs=sum(line.runs for line in lines),
            events=sum(line.events for line in lines),
            thread_ids=tuple(line.thread_id for line in lines),
        )

    def _limit(self) -> datetime:
        return self.clock() - timedelta(days=self.days)

    def _old(self) -> Iterator[ThreadLine]:
        limit = self._limit()
        busy = {run.thread_id for run in self.history.each_run(Filter(states=OPEN))}
        for line in self._longest_ago_first():
            if line.last_activity >= limit:
                return
            if line.thread_id not in busy:
                yield line

    def _longest_ago_first(self) -> Iterator[ThreadLine]:
        for page in count(1):
            window = Window(page=page, size=_PAGE)
            rows = self.history.threads(EVERYTHING, _LONGEST_AGO_FIRST, window).rows
            yield from rows
            if len(rows) < _PAGE:
                return


def told(removed: Removed, days: int, *, would: bool = False) -> str:
    """Say in one line what was removed, or would be."""
    verb = "Would remove" if would else "Removed"
    counts = (
        _count(removed.threads, "conversation"),
        *([] if would else [_count(removed.messages, "message")]),
        _count(removed.runs, "run"),
        _count(removed.events, "event"),
    )
    return f"{verb} what was last active over {_count(days, 'day')} ago: {', '.join(counts)}."


def _sum(one: Removed, other: Removed) -> Removed:
    return Removed(
        threads=one.threads + other.threads,
        messages=one.messages + other.messages,
        runs=one.runs + other.runs,
        events=one.events + other.events,
        thread_ids=one.thread_ids + other.thread_ids,
    )


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
