"""Values as a grid or a caption shows them: short text, never interpreted.

Grids get text only: nothing is rounded, blank or out of range on its way to the browser.
"""

from datetime import datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from ui.history import texts

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
    return NOTHING if number is None else f"{number:,}"


def seconds(value: float | None) -> str:
    """Return a duration in the unit that suits it."""
    if value is None:
        return NOTHING
    if value < 1:
        return f"{value * 1000:.0f} ms"
    if value < 60:
        return f"{value:.2f} s" if value < 10 else f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def money(dollars: float | None) -> str:
    """Return a cost; small ones with the digits that matter."""
    if dollars is None:
        return NOTHING
    return f"${dollars:,.2f}" if dollars >= 1 or dollars == 0 else f"${dollars:.4f}"


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
