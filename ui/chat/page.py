"""The chat page: one pass draws what the log says, then follows what is under way."""

import time
from functools import partial
from pathlib import Path
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from conversation.ports import Core
from conversation.records import Message, Run
from ui import texts
from ui.chat import acts
from ui.chat.bubbles import Bubbles, draw_answer, draw_user
from ui.chat.letters import draw_letters
from ui.chat.pump import follow, notice_others, wait_for_outbox
from ui.chat.sidebar import Steps, draw_controls
from ui.chat.telling import Telling
from ui.chat.transcript import Transcript, read_transcript, told
from ui.chat.visit import Visit, visit
from ui.chat.welcome import draw_welcome
from ui.opening import opened_core, problems_shown
from ui.prose import literal

SENT: Final = 0.05
"""Seconds after which Streamlit has sent what was drawn; until then, later drawing replaces it."""

ICON: Final = Path(__file__).parents[1] / "favicon.svg"
LOGO: Final = Path(__file__).parents[1] / "logo.svg"


def show() -> None:
    """Draw the page."""
    st.set_page_config(page_title=texts.TITLE, page_icon=str(ICON), layout="centered")
    st.logo(LOGO, size="large")
    with problems_shown():
        core = opened_core()
        here = visit()
        here.follow_address(core)
        Page(core, here).draw()


class Page:
    """One pass over the page of one visit."""

    def __init__(self, core: Core, here: Visit) -> None:
        self._core = core
        self._visit = here
        self._transcript = Transcript()
        if here.thread_id:
            self._transcript = read_transcript(core, here.thread_id, here.shown)
        self._active = self._transcript.active
        self._sending = here.outbox.busy(here.thread_id)

    def draw(self) -> None:
        """Draw everything; returns when there is nothing to follow."""
        draw_controls(self._core, self._visit, self._transcript.last)
        steps = Steps()
        self._draw_input()
        self._draw_top(st.empty())
        conversation = self._place_for_messages()
        self._draw_past(conversation, steps)
        doing = st.empty()
        draw_letters(st.empty(), self._visit.outbox, self._visit.thread_id)
        self._go_on(conversation, doing, steps)

    def _draw_input(self) -> None:
        busy = self._active is not None or self._sending
        note, place = st.bottom.empty(), st.bottom.empty()
        if self._visit.note:
            note.warning(literal(self._visit.note), icon=":material/info:")
        if self._active:
            place.button(
                texts.STOP,
                key="stop",
                icon=":material/stop_circle:",
                shortcut="Escape",
                on_click=acts.stop,
                args=(self._core, self._visit, self._active.id),
            )
        st.chat_input(  # in no container, or the page does not scroll with what is written
            texts.MESSAGE_BUSY if busy else texts.MESSAGE,
            key=acts.MESSAGE,
            disabled=busy,
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

    def _place_for_messages(self) -> DeltaGenerator:
        """Return the messages' place, without those of the conversation shown before.

        The browser keeps what is not overwritten until a run of the script ends, and one that
        follows an answer does not end soon.
        """
        here = self._visit
        if here.drawn == here.thread_id:
            return st.container(key="messages", gap="xxsmall")
        here.drawn = here.thread_id
        place = st.empty()
        time.sleep(SENT)
        return place.container(key="messages", gap="xxsmall")

    def _draw_past(self, place: DeltaGenerator, steps: Steps) -> None:
        for entry in self._transcript.entries:
            self._draw_entry(place, entry)
        last = self._transcript.last
        if last is None:
            steps.draw_none()
        elif last.ended:
            steps.draw(told(self._core, last, self._visit.tellings))

    def _draw_entry(self, place: DeltaGenerator, entry: Message | Run) -> None:
        match entry:
            case Message(role="user"):
                draw_user(place, entry.text)
            case Message():
                draw_answer(place, entry.text)
            case Run() if entry.ended:
                telling = told(self._core, entry, self._visit.tellings)
                Bubbles(place, entry.id).draw(telling)
            case Run():
                pass  # the newest one: it is followed, beneath all others

    def _go_on(self, place: DeltaGenerator, doing: DeltaGenerator, steps: Steps) -> None:
        """Send what was typed, or follow what is under way, or look for what others begin."""
        here = self._visit
        if self._sending:
            acts.send_all(self._core, here, self._transcript.last)
            wait_for_outbox(here.outbox, here.thread_id)
        elif self._active:
            self._follow(self._active, place, doing, steps)
        elif here.thread_id:
            last = self._transcript.last
            notice_others(self._core, here.thread_id, last.id if last else None)

    def _follow(self, run: Run, place: DeltaGenerator, doing: DeltaGenerator, steps: Steps) -> None:
        telling = Telling(run.id)
        bubbles = Bubbles(place, run.id, partial(acts.decide, self._core, self._visit))

        def draw() -> None:
            bubbles.draw(telling)
            steps.draw(telling)

        follow(self._core, run, telling, draw, doing)
