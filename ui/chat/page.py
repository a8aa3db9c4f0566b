"""The chat page: one pass draws what the log says, then follows what is under way."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from conversation.errors import NotFound
from conversation.ports import Cursor
from setup.core import ParleyCore
from ui.chat import acts
from ui.chat.bubbles import Bubbles
from ui.chat.dialogs import draw_dialog
from ui.chat.footer import Footers
from ui.chat.header import draw_header
from ui.chat.letters import draw_letters
from ui.chat.messages import SENT, Messages
from ui.chat.panel.panel import Panel
from ui.chat.pump import follow, notice_others, wait_for_outbox
from ui.chat.queue import draw_queue
from ui.chat.sidebar import draw_sidebar
from ui.chat.telling import Telling
from ui.chat.transcript import EMPTY, read_transcript
from ui.chat.visit import Visit, visit
from ui.chat.welcome import draw_welcome
from ui.language import texts
from ui.opening import opened_core, problems_shown
from ui.prose import literal
from ui.shell.frame import Voice, draw_shell

Draw = Callable[[], None]

ICON: Final = Path(__file__).parents[1] / "favicon.svg"
LOGO: Final = Path(__file__).parents[1] / "logo.svg"
STYLE: Final = Path(__file__).parent / "messages.css"


def show() -> None:
    """Draw the page."""
    st.set_page_config(page_title=texts.TITLE, page_icon=str(ICON), layout="centered")
    st.logo(LOGO, size="large")
    with problems_shown():
        core = opened_core()
        here = visit()
        here.follow_address(core)
        try:
            Page(core, here).draw()
        except NotFound:  # deleted elsewhere while it was being read
            _leave(here)


def _leave(here: Visit) -> None:
    """Go on without a conversation that is gone."""
    here.gone()
    st.rerun()


class Page:
    """One pass over the page of one visit."""

    def __init__(self, core: ParleyCore, here: Visit) -> None:
        self._core = core
        self._visit = here
        self._transcript = read_transcript(core, here) if here.thread_id else EMPTY
        self._active = self._transcript.active
        self._sending = here.outbox.busy(here.thread_id)
        self._telling = self._newest_telling()
        self._panel = Panel(core, here, self._transcript.last)

    def draw(self) -> None:
        """Draw everything; returns when there is nothing to follow."""
        voice = draw_shell(self._visit.thread_id, self._telling, self._visit.sought)
        st.html(STYLE)
        idle = self._active is None and not self._sending
        draw_sidebar(self._core, self._visit, self._transcript.last, idle=idle)
        self._draw_input()
        draw_header(self._core, self._visit)
        self._draw_top(st.empty())
        scene, block = self._transcript.scene, self._transcript.block
        fresh, shifted = self._visit.drawn != scene, self._visit.block != block
        self._visit.drawn, self._visit.block = scene, block
        footers = Footers(self._core, self._visit, self._transcript)
        messages = Messages(self._place_for_messages(fresh=fresh), footers)
        messages.draw(newest_first=fresh or shifted)
        doing = st.empty()
        draw_queue(st.container(gap="xxsmall"), self._core, self._visit, self._transcript)
        draw_letters(st.empty(), self._visit.outbox, self._visit.thread_id)
        self._panel.open()
        self._go_on(partial(self._draw_active, messages, voice), doing)

    def _draw_input(self) -> None:
        note, stop = st.bottom.empty(), st.bottom.empty()
        if self._visit.note:
            note.warning(literal(self._visit.note), icon=":material/info:")
        if self._active:
            stop.button(
                texts.STOP,
                key="stop",
                icon=":material/stop_circle:",
                shortcut="Escape",
                on_click=acts.stop,
                args=(self._core, self._visit, self._active.id),
            )
        st.chat_input(  # in no container, or the page does not scroll with what is written
            texts.MESSAGE_BUSY if self._active else texts.MESSAGE,
            key=acts.MESSAGE,
            on_submit=acts.take_message,
            args=(self._visit,),
        )

    def _draw_top(self, place: DeltaGenerator) -> None:
        """Draw what is above the messages, in a place that is empty when there is nothing."""
        here = self._visit
        fresh = not self._transcript.entries and not here.outbox.letters(here.thread_id)
        if not (fresh or self._transcript.more):
            return
        with place.container():
            if self._transcript.more:
                self._draw_earlier()
            if fresh:
                draw_welcome(here)

    def _draw_earlier(self) -> None:
        st.button(
            texts.EARLIER,
            key="earlier",
            icon=":material/history:",
            type="tertiary",
            on_click=acts.show_earlier,
            args=(self._visit,),
        )

    def _place_for_messages(self, *, fresh: bool) -> DeltaGenerator:
        """Return the messages' place; a `fresh` one is without those of a line shown before.

        The browser keeps what is not overwritten until a run of the script ends, and one that
        follows an answer does not end soon. There are two places, of which one is empty: they
        take turns when messages shift, so that none is left where it was.
        """
        second = self._transcript.block % 2 == 1
        if second:
            st.empty()
        draw = _emptied().container if fresh else st.container
        place = draw(key="messages", gap="xxsmall")
        if not second:
            st.empty()
        return place

    def _newest_telling(self) -> Telling | None:
        last = self._transcript.last
        if last is None:
            return None
        return self._transcript.tellings[last.id] if last.ended else Telling(last.id)

    def _go_on(self, draw_active: Callable[[], Draw], doing: DeltaGenerator) -> None:
        """Send what was typed, or follow what is under way, or look for what others do."""
        here = self._visit
        if self._sending:
            acts.send_all(self._core, here, self._transcript.last)
            wait_for_outbox(here.outbox, here.thread_id)
        elif here.asked:
            self._show_dialog(draw_active)
        elif self._active and self._telling:
            pulse = self._transcript.pulse
            follow(self._core, self._active, self._telling, draw_active(), doing, pulse)
        elif here.thread_id:
            notice_others(self._core, here.thread_id, self._transcript.pulse)

    def _show_dialog(self, draw_active: Callable[[], Draw]) -> None:
        """Draw the dialog that is open; what is under way behind it, as it stands."""
        if self._active and self._telling:
            self._telling.take(self._core.feed.read(self._active.id, Cursor()).news)
            draw_active()()
        draw_dialog(self._core, self._visit)

    def _draw_active(self, messages: Messages, voice: Voice) -> Draw:
        """Return what draws the exchange that is under way as far as it has told."""
        telling = self._telling or Telling("")
        decide = partial(acts.decide, self._core, self._visit)
        bubbles = Bubbles(messages.recent, telling.run_id, decide, messages.setting)

        def draw() -> None:
            bubbles.draw(telling)
            self._panel.draw(telling.run_id, telling.steps)
            voice.tell(telling)

        return draw


def _emptied() -> DeltaGenerator:
    """Return a place when the browser has nothing there any more."""
    place = st.empty()
    time.sleep(SENT)
    return place
