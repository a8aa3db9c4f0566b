"""Inputs and outputs of steps, in full: JSON laid out, anything else as it is."""

from typing import Final

import streamlit as st

from ui.data import laid_out
from ui.history import texts

LONGEST: Final = 50_000


def draw_data(title: str, text: str, key: str) -> None:
    """Show a text with a way to copy it; of a very long one the beginning, and a download."""
    shown, language = laid_out(text)
    st.caption(title)
    st.code(shown[:LONGEST], language=language, wrap_lines=True)
    if len(shown) > LONGEST:
        row = st.container(horizontal=True, vertical_alignment="center")
        row.caption(texts.MORE.format(count=len(shown) - LONGEST))
        row.download_button(
            texts.WHOLE,
            text,
            file_name=f"{key}.{'json' if language else 'txt'}",
            key=f"whole-{key}",
            on_click="ignore",
            type="tertiary",
            icon=":material/download:",
        )
