"""What a person can do with whole conversations: callbacks of the list, the menus and dialogs.

Where something can't be done, the visit's note says why; dialogs get the reason to show it.
"""

from typing import Final

import streamlit as st

from conversation.errors import NotFound, ParleyError, ThreadBusy
from conversation.history import Hit
from conversation.ports import Core
from conversation.records import Page
from conversation.text import storable
from ui.chat.sought import Sought
from ui.chat.visit import FOUND, LISTED, Asked, Question, Visit
from ui.language import texts

LONGEST_TITLE: Final = 120
FARTHEST: Final = 500
"""Messages that are shown at most to have what was found among them."""
LONGEST_INSTRUCTIONS: Final = 8_000

QUESTIONS: Final[dict[str, Question]] = {
    "rename": "rename",
    "delete": "delete",
    "instructions": "instructions",
    "export": "export",
}


def open_thread(visit: Visit, thread_id: str) -> None:
    """Show a conversation."""
    if visit.thread_id != thread_id:
        visit.go(thread_id)


def open_hit(core: Core, visit: Visit, hit: Hit) -> None:
    """Show a conversation where this was found in it; at its end, if that is too far back."""
    open_thread(visit, hit.thread_id)
    back = _messages_since(core, hit)
    if hit.run_id is None or back is None or back > FARTHEST:
        return
    visit.shown = max(visit.shown, back)
    words = dict.fromkeys(text.lower() for text, matched in hit.context if matched)
    visit.sought = Sought(hit.run_id, tuple(words))


def list_more(visit: Visit) -> None:
    """Show more of the list."""
    visit.listed += LISTED


def find_more(visit: Visit) -> None:
    """Show more of what was found."""
    visit.found += FOUND


def find_anew(visit: Visit) -> None:
    """Show the first of what is found."""
    visit.found = FOUND


def clear_search(visit: Visit, key: str) -> None:
    """Show the list again."""
    visit.found = FOUND
    st.session_state[key] = ""


def pick(core: Core, visit: Visit, thread_id: str, key: str) -> None:
    """Do what was picked in a conversation's menu, or ask what it takes."""
    action = str(st.session_state.get(key) or "")
    visit.moved = True
    if action in {"pin", "unpin"}:
        visit.note = pin(core, thread_id, pinned=action == "pin")
    elif action in QUESTIONS:
        visit.asked = Asked(QUESTIONS[action], thread_id)


def ask(visit: Visit, question: Question) -> None:
    """Open a dialog about the conversation that is shown."""
    visit.moved = True
    visit.asked = Asked(question, visit.thread_id)


def dismiss(visit: Visit) -> None:
    """Close the dialog."""
    visit.asked = None


def pin(core: Core, thread_id: str, *, pinned: bool) -> str:
    """Put a conversation on top of the list, or back in line; return what kept it from that."""
    try:
        core.store.change_thread(thread_id, pinned=pinned).result()
    except ParleyError as problem:
        return _said(problem)
    return ""


def rename(core: Core, thread_id: str, typed: str) -> str:
    """Give a conversation another title; return what kept it from that."""
    title = " ".join(storable(typed).split())
    if not title:
        return texts.TITLE_BLANK
    if len(title) > LONGEST_TITLE:
        return texts.TITLE_LONG.format(most=LONGEST_TITLE, count=len(title))
    try:
        core.store.change_thread(thread_id, title=title).result()
    except ParleyError as problem:
        return _said(problem)
    return ""


def instruct(core: Core, visit: Visit, thread_id: str | None, typed: str) -> str:
    """Give a conversation instructions, or the one not begun yet; return what kept it from that."""
    instructions = storable(typed).strip()
    if len(instructions) > LONGEST_INSTRUCTIONS:
        return texts.INSTRUCTIONS_LONG.format(count=len(instructions), most=LONGEST_INSTRUCTIONS)
    if thread_id is None:
        visit.instructions = instructions
        return ""
    try:
        core.store.change_thread(thread_id, instructions=instructions).result()
    except ParleyError as problem:
        return _said(problem)
    return ""


def delete(core: Core, visit: Visit, thread_id: str, title: str) -> str:
    """Delete a conversation; return what kept it from that."""
    try:
        core.history.delete_threads([thread_id])
    except ThreadBusy:
        return texts.DELETE_BUSY
    except ParleyError as problem:
        return _said(problem)
    if visit.thread_id == thread_id:
        visit.gone()
        visit.note = texts.DELETED_HERE
    else:
        visit.note = texts.DELETED.format(title=title or texts.UNTITLED)
    return ""


def _messages_since(core: Core, hit: Hit) -> int | None:
    """Return how many messages back the exchange begins; None where none of it is shown."""
    try:
        newest = core.store.messages(hit.thread_id, Page(limit=1))
        first = Page(limit=1, newest_first=False)
        written = core.store.messages(hit.thread_id, first, run_id=hit.run_id)
    except ParleyError:
        return None
    return newest[0].position - written[0].position + 2 if newest and written else None


def _said(problem: ParleyError) -> str:
    if isinstance(problem, NotFound):
        return texts.ALREADY_GONE
    return f"{problem} {problem.hint}".strip()
