"""The conversation as it was: what the user wrote, and all that the run then said and did."""

from collections.abc import Sequence
from functools import partial
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from conversation.errors import ParleyError
from conversation.ports import Core
from conversation.records import Message, Run
from ui.chat.bubbles import Bubbles, draw_answer, draw_user
from ui.chat.enclosures import draw_enclosures
from ui.chat.transcript import told
from ui.exchange.asked import parted
from ui.language import history_texts as texts
from ui.language import texts as shared
from ui.prose import literal

BEFORE: Final = 20


def draw_exchange(core: Core, run: Run) -> None:
    """Draw the run as the chat page does; what came before it only if wanted."""
    if st.toggle(texts.EARLIER, key="earlier"):
        _draw_earlier(core, run)
    place = st.container(key="exchange", gap="xxsmall")
    _, asked = parted(run, core.store.exchange(run.id).messages)
    _draw_messages(place, asked)
    Bubbles(place, run.id, partial(_decide, core)).draw(told(core, run, {}))


def _draw_earlier(core: Core, run: Run) -> None:
    before, _ = parted(run, core.store.exchange(run.id).messages)
    earlier = [message for message in before if message.incomplete_reason != "superseded"]
    place = st.container(gap="xxsmall")
    _draw_messages(place, earlier[-BEFORE:])
    if not earlier:
        place.caption(texts.NO_EARLIER)


def _draw_messages(place: DeltaGenerator, messages: Sequence[Message]) -> None:
    for message in messages:
        draw = draw_user if message.role == "user" else draw_answer
        chat = draw(place, message.text)
        draw_enclosures(chat, message)
        if message.role == "assistant" and message.run_id is None:
            chat.caption(shared.ADDED)


def _decide(core: Core, run_id: str, call_id: str, approved: bool) -> None:
    try:
        core.decide(run_id, call_id, approved=approved)
    except ParleyError as problem:
        st.toast(literal(f"{problem} {problem.hint}"))
