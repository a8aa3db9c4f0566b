"""A button that copies a text: the browser does it, without a word to the server.

The text lies in the button as base64, so whatever it holds, no parser of HTML or of scripts ever
reads it. `draw_shell` brings the script that listens to all of these buttons.
"""

import base64
from html import escape
from typing import Final

import streamlit as st

from ui.language import texts

_BUTTON: Final = (
    '<button type="button" class="parley-copy" data-key="{key}" data-copy="{text}"'
    ' aria-label="{label}" title="{label}"></button>'
)


def copy_button(text: str, key: str, *, label: str = "") -> None:
    """Draw a button that copies `text` as it is; `label` says what, for those who see no icon."""
    st.html(
        _BUTTON.format(
            key=escape(key),
            text=base64.b64encode(text.encode("utf-8", "replace")).decode("ascii"),
            label=escape(label or texts.COPY),
        ),
        width="content",
    )
