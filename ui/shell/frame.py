"""What is around the conversation: drawn first, and the same for all of a page's passes."""

import json
from functools import cache
from html import escape
from pathlib import Path
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui.chat.sought import Sought
from ui.chat.telling import Telling
from ui.language import language, texts
from ui.shell.shortcuts import shortcuts_html
from ui.shell.voice import told

_HERE: Final = Path(__file__).parent
_FILES: Final = (
    "page.css", "install.js", "clipboard.js", "keys.js", "reach.js", "scroll.js", "voice.js",
    "list.js", "found.js", "layers.js",
)  # fmt: skip


class Voice:
    """Has screen readers told what happens in one conversation; what is told twice is said once.

    That another conversation is looked at is no news, so the page's scripts know the thread.
    """

    def __init__(self, place: DeltaGenerator, thread_id: str | None) -> None:
        self._place = place
        self._thread_id = thread_id
        self._told: tuple[str, bool] | None = None

    def tell(self, telling: Telling | None) -> None:
        """Tell how the newest exchange stands, if there is one."""
        busy = telling is not None and not telling.ended
        self.say(told(telling) if telling else "", busy=busy)

    def say(self, text: str, *, busy: bool = False) -> None:
        """Say something that is no part of an exchange; `busy` while one goes on."""
        if self._told != (text, busy):
            self._told = text, busy
            self._place.html(_spoken(text, self._thread_id or "", busy))


def draw_shell(
    thread_id: str | None, newest: Telling | None = None, sought: Sought | None = None
) -> Voice:
    """Draw style, scripts and the list of keys around this conversation."""
    with st.container(key="shell"):
        voice = Voice(st.empty(), thread_id)
        voice.tell(newest)
        st.html(_found(sought))
        st.html(shortcuts_html() + _way_down())
        st.html(_files(), unsafe_allow_javascript=True)
    return voice


def _spoken(text: str, thread_id: str, busy: bool) -> str:
    known = {
        "language": language(),
        "thread": thread_id,
        "busy": "yes" if busy else "",
        "copied": texts.COPIED,
        "uncopied": texts.NOT_COPIED,
    }
    attributes = " ".join(f'data-{name}="{escape(value)}"' for name, value in known.items())
    return f'<span id="parley-shell" hidden {attributes}>{escape(text)}</span>'


def _found(sought: Sought | None) -> str:
    """Return what a search has led to, for the script that goes there."""
    known = {"token": ""}
    if sought:
        words = json.dumps(sought.words)
        known = {"token": str(sought.number), "run": sought.run_id, "words": words}
    attributes = " ".join(f'data-{name}="{escape(value)}"' for name, value in known.items())
    return f'<span id="parley-sought" hidden {attributes}></span>'


def _way_down() -> str:
    """Return the button that leads to the end of what is shown; a script shows it."""
    said = escape(texts.TO_END)
    named = f'class="parley-to-end" aria-label="{said}" title="{said}"'
    return f'<button type="button" {named} hidden>↓</button>'


@cache
def _files() -> str:
    """Return the page's style and script: files of ours alone, and nothing that anybody wrote.

    They are one element, since Streamlit sends only a large one once and not for every rerun.
    """
    style, *scripts = [(_HERE / name).read_text(encoding="utf-8") for name in _FILES]
    return f"<style>{style}</style><script>(() => {{{''.join(scripts)}}})()</script>"
