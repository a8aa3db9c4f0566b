"""The steps of an exchange in order, each with its time: appended as they come."""

from collections.abc import Sequence
from datetime import datetime
from html import escape
from typing import Final

from streamlit.delta_generator import DeltaGenerator

from conversation.events import Logged, ToolExecuted
from conversation.narration import narrate
from ui.language import number, phrases, texts

CHUNK: Final = 20
"""Rows that are drawn together: a new step has no more than these drawn again."""

KEPT: Final = 5
LONGEST: Final = 200
PAUSE: Final = 0.01
HEIGHT: Final = 400
"""Pixels, for browsers that don't know the panel's own style."""


class StepsPart:
    """The newest rows; of a long exchange the earlier ones are only counted."""

    def __init__(self, place: DeltaGenerator, *, follow: bool) -> None:
        self._note = place.empty()
        self._list = place.container(
            key="panel-steps", gap=None, height=HEIGHT, border=False, autoscroll=follow
        )
        self._places: dict[int, DeltaGenerator] = {}
        self._seen = -1

    def draw(self, log: Sequence[Logged]) -> None:
        """Show the steps that are new."""
        if len(log) == self._seen:
            return
        if not log:
            self._note.caption(texts.NO_STEPS)
        newest = max(0, len(log) - 1) // CHUNK
        oldest = max(0, newest - KEPT + 1)
        for chunk in range(max(oldest, self._seen // CHUNK), newest + 1):
            self._draw(chunk, log)
        for chunk in [old for old in self._places if old < oldest]:
            self._places.pop(chunk).empty()
        if oldest:
            self._note.caption(texts.STEPS_CUT.format(count=number(oldest * CHUNK)))
        self._seen = len(log)

    def _draw(self, chunk: int, log: Sequence[Logged]) -> None:
        start = chunk * CHUNK
        rows = "".join(_row(log, at) for at in range(start, min(start + CHUNK, len(log))))
        if not rows:
            return
        if chunk not in self._places:
            self._places[chunk] = self._list.empty()
        self._places[chunk].html(f'<ol class="steps" start="{start + 1}">{rows}</ol>')


def _row(log: Sequence[Logged], at: int) -> str:
    logged = log[at]
    since = _seconds(log[0].at, logged.at)
    gap = _seconds(log[max(0, at - 1)].at, logged.at)
    later = f"<small>+{_time(gap)}</small>" if gap >= PAUSE else ""
    said = narrate(logged.event, phrases())
    short = said if len(said) <= LONGEST else said[: LONGEST - 1] + "…"
    return (
        f'<li class="step {_kind(logged)}"><span class="at">{_time(since)}{later}</span>'
        f'<span class="icon" aria-hidden="true"></span><span>{escape(short)}</span></li>'
    )


def _kind(logged: Logged) -> str:
    match logged.event:
        case ToolExecuted(failed=True):
            return "tool_failed"
        case event:
            return event.kind


def _seconds(begun: datetime, at: datetime) -> float:
    return max(0.0, (at - begun).total_seconds())


def _time(seconds: float) -> str:
    return escape(phrases().seconds.format(number=number(seconds, 2)))
