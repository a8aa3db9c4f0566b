"""Values as a grid or a caption shows them: short text, never interpreted.

Grids get text only: nothing is rounded, blank or out of range on its way to the browser.
"""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from ui.language import history_texts as texts
from ui.language import money as in_dollars
from ui.language import number as written

LONGEST: Final = 200
NOTHING: Final = "—"


def zone() -> tzinfo:
    """Return the browser's time zone; UTC where it does not say."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def moment(at: datetime, where: tzinfo) -> str:
    """Return a time to the second, in that zone."""
    return f"{at.astimezone(where):%Y-%m-%d %H:%M:%S}"


def instant(at: datetime, where: tzinfo) -> str:
    """Return a time of day to the millisecond, in that zone."""
    return f"{at.astimezone(where):%H:%M:%S.%f}"[:-3]


def count(number: int | None) -> str:
    """Return a number with its thousands apart."""
    return NOTHING if number is None else written(number)


def seconds(value: float | None) -> str:
    """Return a duration in the unit that suits it."""
    if value is None:
        return NOTHING
    if value < 1:
        return f"{written(value * 1000)} ms"
    if value < 60:
        return f"{written(float(value), 2 if value < 10 else 1)} s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def pairs(metadata: Mapping[str, str]) -> str:
    """Return metadata on one line."""
    return ", ".join(f"{key}={value}" for key, value in metadata.items())


def money(dollars: float | None) -> str:
    """Return a cost; small ones with the digits that matter."""
    return NOTHING if dollars is None else in_dollars(dollars)


def line(text: str | None, longest: int = LONGEST) -> str:
    """Return the beginning of a text on one line, without control characters."""
    if not text:
        return ""
    start = text[: 4 * longest]
    flat = " ".join("".join(c if c.isprintable() else " " for c in start).split())
    whole = len(flat) <= longest and len(start) == len(text)
    return flat if whole else flat[: longest - 1] + "…"


def title(text: str) -> str:
    """Return a thread's title, or that it has none."""
    return line(text, 120) or texts.UNTITLED
