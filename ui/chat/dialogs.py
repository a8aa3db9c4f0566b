"""Dialogs about a conversation: its title, its instructions, its deletion, and taking it away.

What is done in a dialog reaches us only when no run of the script is under way; so while one is
open, the page does not follow an answer but shows it as it stood.
"""

from collections.abc import Callable
from functools import partial

import streamlit as st

from conversation.errors import NotFound
from conversation.records import Thread
from setup.core import ParleyCore
from setup.exporting import Export
from ui.chat import changes
from ui.chat.threads import shown_title
from ui.chat.totals import exchanges, totals
from ui.chat.visit import Visit
from ui.language import texts
from ui.prose import literal


def draw_dialog(core: ParleyCore, visit: Visit) -> None:
    """Draw the dialog that is open, if one is."""
    asked = visit.asked
    if asked is None:
        return
    try:
        thread = core.store.thread(asked.thread_id) if asked.thread_id else None
    except NotFound:
        visit.asked, visit.note = None, texts.ALREADY_GONE
        return
    if asked.question == "instructions":
        _open(visit, texts.INSTRUCTIONS, _instructions, core, visit, thread)
    elif thread is None:
        visit.asked = None
    elif asked.question == "rename":
        _open(visit, texts.RENAME, _rename, core, visit, thread)
    elif asked.question == "delete":
        _open(visit, texts.DELETE_TITLE, _delete, core, visit, thread)
    else:
        _open(visit, texts.EXPORT, _export, core, thread)


def _open(visit: Visit, title: str, draw: Callable[..., None], *args: object) -> None:
    st.dialog(title, on_dismiss=partial(changes.dismiss, visit))(draw)(*args)


def _rename(core: ParleyCore, visit: Visit, thread: Thread) -> None:
    with st.form("rename", border=False, enter_to_submit=True):
        typed = st.text_input(texts.RENAME_LABEL, thread.title, key=f"title-{thread.id}")
        save, cancel = _buttons(texts.SAVE, texts.CANCEL)
    if save:
        _close(visit, changes.rename(core, thread.id, typed or ""))
    if cancel:
        _close(visit, "")


def _instructions(core: ParleyCore, visit: Visit, thread: Thread | None) -> None:
    before = thread.instructions if thread else visit.instructions
    with st.form("instructions", border=False, enter_to_submit=False):
        typed = st.text_area(
            texts.INSTRUCTIONS,
            before,
            key=f"instructions-{thread.id if thread else 'new'}",
            height=220,
            label_visibility="collapsed",
        )
        st.caption(texts.INSTRUCTIONS_HELP)
        save, cancel = _buttons(texts.SAVE, texts.CANCEL)
    if save:
        thread_id = thread.id if thread else None
        _close(visit, changes.instruct(core, visit, thread_id, typed or ""))
    if cancel:
        _close(visit, "")


def _delete(core: ParleyCore, visit: Visit, thread: Thread) -> None:
    known = totals(core, thread.id)
    st.markdown(f"**{shown_title(thread.title)}**")
    st.markdown(texts.DELETE_WHAT.format(exchanges=exchanges(known.exchanges)))
    with st.container(key="for-good"), st.form("delete", border=False):
        yes, no = _buttons(texts.DELETE_YES, texts.DELETE_NO)
    if yes:
        _close(visit, changes.delete(core, visit, thread.id, thread.title))
    if no:
        _close(visit, "")


def _export(core: ParleyCore, thread: Thread) -> None:
    st.markdown(f"**{shown_title(thread.title)}**")
    st.caption(texts.EXPORT_WHAT)
    files: tuple[tuple[str, str, Callable[[], Export]], ...] = (
        ("markdown", "md", lambda: core.exports.markdown(thread.id)),
        ("json", "json", lambda: core.exports.json(thread.id)),
        ("html", "html", lambda: core.exports.html(thread.id)),
    )
    with st.container(horizontal=True):
        for name, ending, make in files:
            st.download_button(
                texts.FORMATS[name],
                partial(_whole, make),
                file_name=f"{thread.id}.{ending}",
                key=f"export-{name}",
                icon=":material/download:",
                on_click="ignore",
            )


def _whole(make: Callable[[], Export]) -> bytes:
    return make().whole()


def _buttons(yes: str, no: str) -> tuple[bool, bool]:
    with st.container(horizontal=True):
        return (
            st.form_submit_button(yes, type="primary", key="dialog-yes"),
            st.form_submit_button(no, key="dialog-no"),
        )


def _close(visit: Visit, problem: str) -> None:
    """Close the dialog, unless something is in the way."""
    if problem:
        st.error(literal(problem))
        return
    visit.asked = None
    st.rerun()
