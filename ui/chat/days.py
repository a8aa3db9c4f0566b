"""Conversations by when they were last spoken in, in the days of whoever looks."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta, tzinfo
from itertools import groupby

from conversation.history import ThreadLine
from ui.language import texts


def by_day(
    lines: Iterable[ThreadLine], now: datetime, where: tzinfo
) -> list[tuple[str, list[ThreadLine]]]:
    """Return lines, newest first, in groups with their names."""
    today = now.astimezone(where).date()
    named = groupby(lines, lambda line: day(line.last_activity.astimezone(where).date(), today))
    return [(name, list(group)) for name, group in named]


def day(of: date, today: date) -> str:
    """Name a day as seen from today; where clocks disagree, tomorrow is today."""
    if of >= today:
        return texts.DAYS["today"]
    if of == today - timedelta(days=1):
        return texts.DAYS["yesterday"]
    if of >= today - timedelta(days=7):
        return texts.DAYS["week"]
    if of >= today - timedelta(days=30):
        return texts.DAYS["month"]
    return texts.MONTH.format(month=texts.MONTHS[of.month - 1], year=of.year)
