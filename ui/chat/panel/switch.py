"""Opening and closing the panel, which is remembered."""

from typing import Final

import streamlit as st

from ui.chat import acts
from ui.chat.visit import PANEL, Visit
from ui.language import texts

SWITCH: Final = "panel-switch"


def draw_switch(visit: Visit) -> None:
    """Draw the switch that opens the panel."""
    st.session_state[SWITCH] = visit.panel
    st.toggle(
        texts.LIVE_STEPS,
        key=SWITCH,
        help=texts.LIVE_STEPS_HELP,
        on_change=_turn,
        args=(visit,),
    )


def close(visit: Visit) -> None:
    """Close the panel for now and for later visits."""
    acts.hide_exchange(visit)
    visit.keep(PANEL, False)


def _turn(visit: Visit) -> None:
    if st.session_state.get(SWITCH):
        acts.show_exchange(visit)
        visit.keep(PANEL, True)
    else:
        close(visit)
