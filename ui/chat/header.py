"""Above the messages: what the conversation is called, what it adds up to, and its menu."""

from pathlib import Path
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner_utils.script_run_context import get_script_run_ctx

from conversation.ports import Core
from conversation.records import Thread
from ui.chat import changes
from ui.chat.threads import shown_title
from ui.chat.totals import said, totals
from ui.chat.visit import Visit
from ui.history.address import THREAD
from ui.language import texts
from ui.prose import literal

HISTORY: Final = Path(__file__).parents[2] / "streamlit-history.py"
MENU: Final = "thread-menu"


def draw_header(core: Core, visit: Visit) -> None:
    """Draw the header of the conversation that is shown; a new one has none, but its place."""
    thread = visit.thread
    if thread is None:
        st.empty()
        return
    with st.container(key="thread-header", gap=None):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.markdown(f"**{shown_title(thread.title)}**", width="stretch")
            sign = st.empty()
            if thread.instructions:
                _draw_sign(sign, visit)
            _draw_menu(core, visit, thread)
        st.caption(literal(said(totals(core, thread.id))))


def _draw_sign(place: DeltaGenerator, visit: Visit) -> None:
    place.button(
        texts.INSTRUCTIONS_SET,
        key="instructions-set",
        icon=":material/assignment:",
        type="tertiary",
        help=texts.INSTRUCTIONS_SET,
        on_click=changes.ask,
        args=(visit, "instructions"),
    )


def _draw_menu(core: Core, visit: Visit, thread: Thread) -> None:
    history = ("history",) if _history_is_served() else ()
    picked = st.menu_button(
        texts.THREAD_MENU,
        (
            "rename",
            "unpin" if thread.pinned else "pin",
            "instructions",
            "export",
            *history,
            "delete",
        ),
        key=MENU,
        format_func=texts.ACTIONS.__getitem__,
        icon=":material/more_horiz:",
        type="tertiary",
        on_click=changes.pick,
        args=(core, visit, thread.id, MENU),
    )
    if picked == "history":
        st.switch_page(HISTORY, query_params={THREAD: thread.id})


def _history_is_served() -> bool:
    """Tell whether the history page is beside this one."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is None:
        return False
    pages = context.pages_manager.get_pages().values()
    return any(Path(page["script_path"]) == HISTORY for page in pages)
