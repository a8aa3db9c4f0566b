"""The sidebar: a new conversation, who answers and how, and all conversations there are."""

from pathlib import Path
from typing import Final

import streamlit as st

from conversation.ports import Core
from conversation.records import Run
from ui.chat import acts
from ui.chat.choosing import settle
from ui.chat.controls import draw_controls
from ui.chat.finding import draw_found, draw_search
from ui.chat.panel.switch import draw_switch
from ui.chat.threads import draw_threads
from ui.chat.visit import Visit
from ui.language import texts

STYLE: Final = Path(__file__).parent / "sidebar.css"
SHORTCUT: Final = "Mod+Shift+O"


def draw_sidebar(core: Core, visit: Visit, last: Run | None, *, idle: bool) -> None:
    """Draw the sidebar; `idle` tells that no run of the script follows an answer."""
    settle(core, visit, last)
    st.html(STYLE)
    with st.sidebar.container(key="sidebar", gap="small"):
        st.button(
            texts.NEW,
            key="new",
            icon=":material/edit_square:",
            width="stretch",
            shortcut=SHORTCUT,
            on_click=acts.begin,
            args=(visit,),
        )
        draw_controls(core, visit)
        draw_switch(visit)
        if typed := draw_search(visit):
            draw_found(core, visit, typed, idle=idle)
        else:
            draw_threads(core, visit, idle=idle)
