"""What a page does first: open the core, and show what keeps it from working."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import streamlit as st

from conversation.errors import ParleyError
from setup.bootstrap import core
from setup.core import ParleyCore
from setup.settings import WrongSettings
from ui.language import texts
from ui.preferences import preferences
from ui.prose import literal

logger: Final = logging.getLogger(__name__)


def opened_core() -> ParleyCore:
    """Return this process's core; ends the page where it can't be opened, saying why."""
    try:
        return core()
    except WrongSettings as problem:
        _show(texts.WRONG_SETTINGS, str(problem).splitlines(), problem.hint)
        st.stop()


def speak() -> None:
    """Speak the language that the visitor has chosen, from the first word on."""
    try:
        preferences(core())
    except Exception:
        logger.exception("the language could not be read")  # the page says what is wrong


@contextmanager
def problems_shown() -> Iterator[None]:
    """Show in words what goes wrong while a page is drawn."""
    try:
        yield
    except ParleyError as problem:
        _show(texts.TROUBLE, [str(problem)], problem.hint)
    except Exception:
        logger.exception("a page could not be drawn")
        _show(texts.TROUBLE, [texts.FAULT], texts.FAULT_HINT)


def _show(title: str, lines: list[str], hint: str) -> None:
    st.error(f"**{literal(title)}**\n\n" + "\n".join(f"- {literal(line)}" for line in lines))
    st.caption(literal(hint))
    st.button(texts.TRY_AGAIN, key="try-again", icon=":material/refresh:")
