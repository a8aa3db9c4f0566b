"""An exchange's way through the script: as a diagram, and how long it stood in each state."""

from collections.abc import Sequence
from datetime import datetime
from html import escape
from time import monotonic
from typing import Final

from streamlit.delta_generator import DeltaGenerator

from conversation.events import Logged, StateChanged
from conversation.ports import Core
from conversation.script import TERMINAL, State
from ui.chat.panel.look import Look
from ui.exchange.timeline import Stay, stays, time_in_states
from ui.language import phrases, texts

CALM: Final = 0.8
"""Seconds between two drawings of the diagram: states can follow each other faster than eyes."""

TURNS: Final = 3


class ScriptPart:
    """Draws the diagram when the state has changed, and the times once a second."""

    def __init__(self, place: DeltaGenerator, core: Core, look: Look) -> None:
        self._core = core
        self._diagrams = Diagrams(place, look)
        place.caption(texts.STATE_TIMES)
        self._times = place.empty()
        self._moves = -1
        self._drawn_at = float("-inf")
        self._said = ""

    def draw(self, log: Sequence[Logged], now: datetime) -> None:
        """Show where the exchange has been and where it is."""
        path = stays(log, now)
        if len(path) != self._moves and monotonic() - self._drawn_at >= CALM:
            self._moves, self._drawn_at = len(path), monotonic()
            self._draw_diagram(log, path)
        said = _times(path)
        if said != self._said:
            self._said = said
            self._times.html(said)

    def _draw_diagram(self, log: Sequence[Logged], path: Sequence[Stay]) -> None:
        moves = [
            (logged.event.before, logged.event.after)
            for logged in log
            if isinstance(logged.event, StateChanged)
        ]
        states = " → ".join(texts.state(stay.state) for stay in path)
        self._diagrams.draw(
            self._core.route(moves, _labels(path)),
            texts.ROUTE.format(path=states or texts.state(State.NEW)),
        )


class Diagrams:
    """Places in turns for the newest diagrams: one takes a while to be drawn in the browser.

    Until then the one before is seen; `panel.css` hides it when the next one is there.
    """

    def __init__(self, place: DeltaGenerator, look: Look) -> None:
        self._look = look
        inner = place.container(key="panel-route", horizontal_alignment="center", gap=None)
        body, alt, turn = look.diagram
        self._slots = [
            inner.mermaid_chart(body, width="content", alt=alt)
            if body and number == turn
            else inner.empty()
            for number in range(TURNS)
        ]

    def draw(self, body: str, alt: str) -> None:
        """Show this diagram as soon as it can be."""
        before, _, turn = self._look.diagram
        if body == before:
            return
        turn = (turn + 1) % TURNS
        self._look.diagram = (body, alt, turn)
        self._slots[turn].mermaid_chart(body, width="content", alt=alt)
        self._slots[(turn + 1) % TURNS].empty()


def _labels(path: Sequence[Stay]) -> dict[State, str]:
    """Return what stands in the boxes: the states, and the time in those that are left."""
    left = time_in_states(path[:-1])
    return {
        state: texts.state(state)
        + (f"<br/>{phrases().duration(left[state])}" if state in left else "")
        for state in State
    }


def _times(path: Sequence[Stay]) -> str:
    """Return a list of the states with bars; where the exchange is now, in whole seconds."""
    spent = {state: time for state, time in time_in_states(path).items() if state not in TERMINAL}
    here = path[-1].state if path else None
    if here in spent:
        spent[here] = float(int(spent[here]))
    whole = max(sum(spent.values()), 0.001)
    rows = (
        f"<li{_mark(state, here)}><span>{escape(texts.state(state))}</span>"
        f'<span class="bar"><i style="width:{100 * time / whole:.1f}%"></i></span>'
        f"<span>{escape(_time(time, live=state is here))}</span></li>"
        for state, time in spent.items()
    )
    return f'<ul class="stays">{"".join(rows)}</ul>'


def _mark(state: State, here: State | None) -> str:
    return ' aria-current="step"' if state is here else ""


def _time(seconds: float, *, live: bool) -> str:
    said = phrases()
    if live:
        return said.seconds.format(number=said.number(int(seconds)))
    return said.duration(seconds)
