"""What can be done with the thread that is chosen."""

from pathlib import Path
from typing import Final

import streamlit as st
from streamlit.errors import StreamlitAPIException

from conversation.errors import ParleyError
from conversation.history import Filter, Sort, ThreadLine, Window
from setup.core import ParleyCore
from ui.chat.visit import PARAMETER
from ui.history import address, cells
from ui.history.replay import draw_replay_button, draw_replayed
from ui.history.takeaway import draw_thread_files
from ui.language import counted
from ui.language import history_texts as texts
from ui.prose import literal

CHAT: Final = str(Path(__file__).parents[2] / "streamlit-chat.py")


def draw_thread(core: ParleyCore, thread_id: str) -> None:
    """Draw the thread's title, and what can be done with it."""
    line = thread_line(core, thread_id)
    title = cells.title(line.title if line else "")
    with st.container(horizontal=True, vertical_alignment="center", key="thread-head"):
        st.markdown(f"##### {literal(title)}", width="stretch")
        link_to_chat(texts.CONTINUE, thread_id)
        draw_replay_button(core, thread_id)
        draw_thread_files(core, thread_id)
        if line and st.button(texts.DELETE, key="delete", icon=":material/delete:"):
            st.dialog(texts.DELETE_TITLE)(_confirm_deletion)(core, line)
    _draw_metadata(core, thread_id)
    draw_replayed(core, thread_id)


def _draw_metadata(core: ParleyCore, thread_id: str) -> None:
    """Show what a program has noted with the thread, if one has."""
    metadata = core.store.thread(thread_id).metadata
    if metadata:
        pairs = literal(cells.pairs(metadata))
        st.caption(f"{texts.HEADS['metadata']}: {pairs}")


def link_to_chat(label: str, thread_id: str | None = None) -> bool:
    """Draw a link to the chat page, if it is served beside this one; tell whether it is."""
    try:
        st.page_link(
            CHAT,
            label=label,
            icon=":material/forum:",
            query_params={PARAMETER: thread_id} if thread_id else None,
        )
    except StreamlitAPIException:
        return False
    return True


def thread_line(core: ParleyCore, thread_id: str) -> ThreadLine | None:
    """Return what the list of threads has of this one."""
    found = core.history.threads(Filter(thread_id=thread_id), Sort(), Window(size=1))
    return found.rows[0] if found.rows else None


def _confirm_deletion(core: ParleyCore, line: ThreadLine) -> None:
    st.markdown(f"**{literal(cells.title(line.title))}**")
    st.markdown(
        texts.DELETE_WHAT.format(
            runs=counted(texts.COUNTS["runs"], line.runs),
            steps=counted(texts.COUNTS["steps"], line.events),
        )
    )
    with st.container(horizontal=True):
        if st.button(texts.DELETE_YES, key="delete-yes", type="primary"):
            _delete(core, line.thread_id)
        if st.button(texts.DELETE_NO, key="delete-no"):
            st.rerun()


def _delete(core: ParleyCore, thread_id: str) -> None:
    try:
        removed = core.history.delete_threads([thread_id])
    except ParleyError as problem:
        st.error(literal(f"{problem} {problem.hint}"))
        return
    address.leave_thread()
    st.session_state["deleted"] = texts.DELETED.format(
        messages=counted(texts.COUNTS["messages"], removed.messages),
        runs=counted(texts.COUNTS["runs"], removed.runs),
        steps=counted(texts.COUNTS["steps"], removed.events),
    )
    st.rerun()
