"""An empty conversation: what can be asked here."""

import streamlit as st

from ui import texts
from ui.chat import acts
from ui.chat.visit import Visit


def draw_welcome(visit: Visit) -> None:
    """Say what this is, with a few messages to begin with."""
    st.header(texts.WELCOME, anchor=False)
    st.markdown(texts.INVITATION)
    columns = st.columns(2)
    for number, (icon, text) in enumerate(texts.EXAMPLES):
        columns[number % 2].button(
            text,
            key=f"example-{number}",
            icon=icon,
            width="stretch",
            on_click=acts.take_example,
            args=(visit, text),
        )
