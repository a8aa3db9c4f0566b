"""Looking again from time to time, while a page is open and nothing is under way in it.

A tick that Streamlit gets between the end of a whole run of the script and the sending of that
run's last messages takes their place, and the page stays as far as it was drawn. Ticks of
fragments that are not of the last run are refused, so each drawing's fragment has its own name.
"""

import itertools
from collections.abc import Callable
from typing import Final, ParamSpec

import streamlit as st

P = ParamSpec("P")

_drawings: Final = itertools.count()


def draw_every(
    seconds: float, draw: Callable[P, object], *args: P.args, **kwargs: P.kwargs
) -> None:
    """Draw something now, and alone again every so many seconds until the page is drawn anew."""

    def tick() -> None:
        draw(*args, **kwargs)

    tick.__qualname__ = f"{draw.__qualname__} {next(_drawings)}"
    st.fragment(tick, run_every=seconds)()
