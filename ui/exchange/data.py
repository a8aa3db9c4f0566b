"""Inputs and outputs of steps, in full: JSON laid out, anything else as it is."""

from typing import Final

import streamlit as st

from ui.data import laid_out
from ui.language import number, texts

LONGEST: Final = 50_000


def draw_data(title: str, text: str, key: str, *, longest: int = LONGEST) -> None:
    """Show a text with a way to copy it; of a very long one the beginning, and a download."""
    shown, language = laid_out(text)
    st.caption(title)
    st.code(shown[:longest], language=language, wrap_lines=True)
    if len(shown) > longest:
        row = st.container(horizontal=True, vertical_alignment="center")
        row.caption(texts.MORE.format(count=number(len(shown) - longest)))
        row.download_button(
            texts.WHOLE,
            text,
            file_name=f"{key}.{'json' if language else 'txt'}",
            key=f"whole-{key}",
            on_click="ignore",
            type="tertiary",
            icon=":material/download:",
        )
