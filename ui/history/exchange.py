"""The conversation as it was: what the user wrote, and all that the run then said and did."""

from functools import partial
from typing import Final

import streamlit as st

from conversation.errors import ParleyError
from conversation.ports import Core
from conversation.records import Message, Run
from ui.chat.bubbles import Bubbles, draw_answer, draw_user
from ui.chat.transcript import told
from ui.history import texts
from ui.prose import literal

BEFORE: Final = 20


def draw_exchange(core: Core, run: Run) -> None:
    """Draw the run as the chat page does; what came before it only if wanted."""
    if st.toggle(texts.EARLIER, key="earlier"):
        _draw_earlier(core, run)
    message = next((one for one in _messages(core, run) if one.id == run.message_id), None)
    place = st.container(key="exchange", gap="xxsmall")
    if message:
        draw_user(place, message.text)
    Bubbles(place, run.id, partial(_decide, core)).draw(told(core, run, {}))


def _draw_earlier(core: Core, run: Run) -> None:
    earlier: list[Message] = []
    for message in _messages(core, run):
        if message.id == run.message_id:
            break
        if message.incomplete_reason != "superseded":
            earlier.append(message)
    place = st.container(gap="xxsmall")
    for message in earlier[-BEFORE:]:
        (draw_user if message.role == "user" else draw_answer)(place, message.text)
    if not earlier:
        place.caption(texts.NO_EARLIER)


def _messages(core: Core, run: Run) -> tuple[Message, ...]:
    return core.store.exchange(run.id).messages


def _decide(core: Core, run_id: str, call_id: str, approved: bool) -> None:
    try:
        core.decide(run_id, call_id, approved=approved)
    except ParleyError as problem:
        st.toast(literal(f"{problem} {problem.hint}"))
