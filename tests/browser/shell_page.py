"""A page with nothing on it but the shell and what it serves."""

import streamlit as st

from conversation.script import State
from tests.browser.shell import HOSTILE, LONG
from ui.chat.clipboard import copy_button
from ui.chat.telling import Answer, Telling
from ui.shell.frame import draw_shell


def exchange(said: str) -> Telling | None:
    """Return one that is complete when something has been said, and under way at an ellipsis."""
    if not said:
        return None
    telling = Telling("run_1")
    if said != "…":
        telling.items["msg_1"] = Answer(id="msg_1", text=said, progress="whole")
        telling.state = State.COMPLETED
    return telling


def count(key: str) -> None:
    """Note one more click."""
    st.session_state[f"count-{key}"] = st.session_state.get(f"count-{key}", 0) + 1


thread_id, said = st.session_state.get("told", "|").split("|", 1)
draw_shell(thread_id or None, exchange(said))
copy_button(HOSTILE, "hostile")
copy_button(LONG, "long", label="Copy all")
for key in ("edit-msg_1", "edit-msg_2", "new"):
    st.button(key, key=key, on_click=count, args=(key,))
    st.text(f"{key}: {st.session_state.get(f'count-{key}', 0)}")
st.text(f"runs: {st.session_state.setdefault('runs', 0)}")
st.session_state["runs"] += 1
st.button("Again")
st.text_input("Told", "|", key="told")
st.sidebar.text_input("Search", key="search")
st.chat_input("Message", key="message")
