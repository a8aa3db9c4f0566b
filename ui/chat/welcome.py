"""An empty conversation: what can be asked here."""

from typing import Final

import streamlit as st

from ui.chat import acts
from ui.chat.visit import Visit
from ui.language import texts

ABREAST: Final = 2


def draw_welcome(visit: Visit) -> None:
    """Say what this is, with a few messages to begin with."""
    st.header(texts.WELCOME, anchor=False)
    st.markdown(texts.INVITATION)
    rows = [st.columns(ABREAST) for _ in texts.EXAMPLES[::ABREAST]]  # on a phone, one by one
    for number, (icon, text) in enumerate(texts.EXAMPLES):
        rows[number // ABREAST][number % ABREAST].button(
            text,
            key=f"example-{number}",
            icon=icon,
            width="stretch",
            on_click=acts.take_example,
            args=(visit, text),
        )
