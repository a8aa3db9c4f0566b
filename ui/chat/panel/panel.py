"""The panel beside the messages: how the newest exchange runs, or how a chosen one ran.

It stands in the page as a container of its own that `panel.css` moves to the side. What the log
says is drawn as it comes, like the messages, by whoever follows the exchange.
"""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from conversation.errors import NotFound
from conversation.events import Logged
from conversation.ports import Core
from conversation.records import Run
from ui.chat import acts
from ui.chat.panel.head import Head, draw_title
from ui.chat.panel.look import NO_DIAGRAM
from ui.chat.panel.requests import RequestsPart
from ui.chat.panel.script import ScriptPart
from ui.chat.panel.steps import StepsPart
from ui.chat.visit import Visit
from ui.language import texts

STYLE: Final = Path(__file__).parent / "panel.css"
SENT: Final = 0.05
"""Seconds after which Streamlit has sent what was drawn; until then, later drawing replaces it."""

Part = StepsPart | ScriptPart | RequestsPart


class Panel:
    """One pass over the panel. Made before the page is drawn, for it may have a note for it."""

    def __init__(self, core: Core, visit: Visit, last: Run | None) -> None:
        self._core = core
        self._visit = visit
        self._run = _chosen(core, visit, last)
        self._head: Head | None = None
        self._part: Part | None = None

    def open(self) -> None:
        """Draw the panel at this place of the page, if it is wanted; an exchange as it stands."""
        place = st.empty()
        if not self._visit.panel:
            self._visit.look.drawn = ()
            return
        st.html(STYLE)
        with place.container(key="panel", gap="small"):
            self._fill()

    def draw(self, run_id: str, log: Sequence[Logged]) -> None:
        """Show what is new of this exchange, if the panel shows it."""
        if self._head is None or self._run is None or self._run.id != run_id:
            return
        now = datetime.now(UTC)
        self._head.draw(log, now)
        if isinstance(self._part, ScriptPart):
            self._part.draw(log, now)
        elif self._part:
            self._part.draw(log)

    def _fill(self) -> None:
        with st.container(key="panel-asked" if self._visit.look.asked else "panel-resting"):
            draw_title(self._visit)
        head = st.empty()
        if self._run is None:
            head.caption(texts.NO_STEPS)
            return
        part, body = _choose_part(), st.empty()
        self._make_way(self._run.id, part)
        with head.container(key="panel-head", gap="xsmall"):
            self._head = Head(self._core, self._visit, self._run)
        self._part = self._make_part(part, body.container(key="panel-body"), self._run)
        self.draw(self._run.id, self._core.store.events(self._run.id))

    def _make_way(self, *shown: object) -> None:
        """Let the browser drop what the panel showed before, if that was something else."""
        if self._visit.look.drawn != shown:
            self._visit.look.drawn, self._visit.look.diagram = shown, NO_DIAGRAM
            time.sleep(SENT)

    def _make_part(self, part: str, place: DeltaGenerator, run: Run) -> Part:
        match part:
            case "script":
                return ScriptPart(place, self._core, self._visit.look)
            case "requests":
                return RequestsPart(place, self._core, run, self._visit.look)
            case _:
                return StepsPart(place, follow=self._follows(run))

    def _follows(self, run: Run) -> bool:
        """Tell whether the newest steps are to be in view: while they come, and then still."""
        if not run.ended:
            self._visit.look.followed = run.id
        return self._visit.look.followed == run.id


def _choose_part() -> str:
    return st.segmented_control(
        texts.PANEL_PART,
        tuple(texts.PANEL_PARTS),
        default="steps",
        required=True,
        format_func=texts.PANEL_PARTS.__getitem__,
        key="panel-part",
        label_visibility="collapsed",
        width="stretch",
        wrap=False,
    )


def _chosen(core: Core, visit: Visit, last: Run | None) -> Run | None:
    """Return the exchange to show; one that is gone closes the panel, with a note."""
    if not visit.panel:
        return None
    if last and visit.exchange == last.id:
        visit.exchange = None
    if visit.exchange is None:
        return last
    try:
        return core.store.run(visit.exchange)
    except NotFound:
        acts.hide_exchange(visit)
        visit.note = texts.UNKNOWN_EXCHANGE
        return None
