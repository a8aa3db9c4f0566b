"""Choices that the address carries by name.

What Streamlit binds to the address by itself is a choice's label, which is in the visitor's
language. With names in it, a link opens alike for everybody. What the address says is taken over
when it is new there: a link, Back, Forward. Else what was chosen is written there.
"""

from collections.abc import Collection, Sequence

import streamlit as st

from ui.language import language


def take(key: str, options: Collection[str], default: str | None) -> None:
    """Before its widget is drawn: choose one of the options, if the address newly says so."""
    if _is_new(key):
        named = [name for name in _names(key) if name in options]
        st.session_state[key] = named[0] if named else default


def take_many(key: str, options: Collection[str]) -> None:
    """Before its widget is drawn: choose some of the options, if the address newly says so."""
    if _is_new(key):
        st.session_state[key] = [name for name in _names(key) if name in options]


def write(key: str, chosen: str | Sequence[str] | None, default: str | None = None) -> None:
    """After its widget is drawn: have the address say what is chosen, unless that is usual."""
    names = [chosen] if isinstance(chosen, str) else list(chosen or ())
    if names == [default]:
        names = []
    if names and names != _names(key):
        st.query_params[key] = names
    elif not names:
        st.query_params.pop(key, None)
    st.session_state[_written(key)] = (language(), names)


def _is_new(key: str) -> bool:
    """Tell whether the address is not what was written; in another language, labels are new."""
    known = st.session_state.get(_written(key))
    return key not in st.session_state or known != (language(), _names(key))


def _names(key: str) -> list[str]:
    return st.query_params.get_all(key)


def _written(key: str) -> str:
    return f"{key}-written"
