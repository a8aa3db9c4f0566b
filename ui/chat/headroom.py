"""How much a provider still lets through, in one quiet line."""

import math
from datetime import UTC, datetime, timedelta
from typing import Final

import streamlit as st

from conversation.headroom import Allowance, Headroom
from ui.language import number, texts
from ui.ticks import draw_every

TICK: Final = 1.0
SLOW_TICK: Final = 30.0
SOON: Final = 120.0
"""Seconds in which a wait is told by the second."""

FRESH: Final = timedelta(minutes=1)
"""How long a limit is believed of which nobody says when it is full again."""


def draw_headroom(headroom: Headroom | None) -> None:
    """Draw what a provider said last of its limits, for as long as that holds."""
    now = datetime.now(UTC)
    if headroom is not None and headroom_text(headroom, now):
        tick = TICK if _changes_soon(headroom, now) else SLOW_TICK
        draw_every(tick, _draw, headroom)


def _draw(headroom: Headroom) -> None:
    said = headroom_text(headroom, datetime.now(UTC))
    if not said:
        st.rerun()
    st.caption(said)


def _changes_soon(headroom: Headroom, now: datetime) -> bool:
    limits = (headroom.requests, headroom.tokens)
    moments = (headroom.again_at, *(limit.full_at for limit in limits if limit))
    return any(moment and now < moment < now + timedelta(seconds=SOON) for moment in moments)


def headroom_text(headroom: Headroom, now: datetime) -> str:
    """Say what is left of the limit that is nearest to its end; empty when there is no news."""
    if headroom.again_at is not None and headroom.again_at > now:
        return texts.HEADROOM_AGAIN.format(time=_until(headroom.again_at, now))
    kinds = {"requests": headroom.requests, "tokens": headroom.tokens}
    left = {
        kind: one for kind, one in kinds.items() if one is not None and _holds(headroom, one, now)
    }
    if not left:
        return ""
    kind = min(left, key=lambda kind: left[kind].share)
    return _said(kind, left[kind], now)


def waiting_time(seconds: float) -> str:
    """Return how long somebody still has to wait."""
    if seconds <= SOON:
        return texts.IN_SECONDS.format(count=math.ceil(seconds))
    if seconds <= 7200:
        return texts.IN_MINUTES.format(count=math.ceil(seconds / 60))
    return texts.IN_HOURS.format(count=math.ceil(seconds / 3600))


def _said(kind: str, allowance: Allowance, now: datetime) -> str:
    if allowance.limit is None:
        left = texts.HEADROOM[kind].format(left=number(allowance.left))
    else:
        limits = {"left": number(allowance.left), "limit": number(allowance.limit)}
        left = texts.HEADROOM_OF[kind].format(**limits)
    if allowance.full_at is None:
        return left
    return texts.HEADROOM_FULL.format(left=left, time=_until(allowance.full_at, now))


def _holds(headroom: Headroom, allowance: Allowance, now: datetime) -> bool:
    used = allowance.limit is None or allowance.left < allowance.limit
    return used and now < (allowance.full_at or headroom.at + FRESH)


def _until(moment: datetime, now: datetime) -> str:
    return waiting_time((moment - now).total_seconds())
