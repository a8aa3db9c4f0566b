"""What one browser tab knows between the runs of its script: where it is and what it shows.

It is reached through `visit()` and then changed as a plain object: unlike a write to the session
state, that can't be interrupted by a click in the middle of a send.
"""

from dataclasses import dataclass, field
from typing import Final, cast

import streamlit as st

from conversation.errors import NotFound
from conversation.ids import is_id
from conversation.ports import Core
from ui import texts
from ui.chat.outbox import Outbox
from ui.chat.telling import Telling

PARAMETER: Final = "thread"
STEP: Final = 50

_KEY: Final = "visit"


@dataclass
class Visit:
    """One tab: its conversation, what it could not send, and how far back it looks.

    `drawn` is the conversation whose messages are on the page. While `moved`, the address bar
    follows the visit, and not the other way round. While `away`, the tab shows another page.
    """

    thread_id: str | None = None
    drawn: str | None = None
    provider: str = ""
    note: str = ""
    shown: int = STEP
    outbox: Outbox = field(default_factory=Outbox)
    tellings: dict[str, Telling] = field(default_factory=dict)
    moved: bool = False
    away: bool = False

    def go(self, thread_id: str | None) -> None:
        """Show this conversation, or a new one."""
        self.thread_id, self.shown, self.note = thread_id, STEP, ""
        self.tellings = {}
        self.moved = True

    def follow_address(self, core: Core) -> None:
        """Bring the address bar and this visit together: links, back and forward count."""
        here = st.query_params.get(PARAMETER)
        returns = self.away and here is None  # another page's address names no conversation
        self.away = False
        if here != self.thread_id and not (self.moved or returns):
            self._enter(core, here)
        if here != self.thread_id:
            self._write_address()
        self.moved = False

    def _enter(self, core: Core, thread_id: str | None) -> None:
        """Go where a link leads, if there is such a conversation."""
        self.go(thread_id if thread_id and _exists(core, thread_id) else None)
        if thread_id != self.thread_id:
            self.note = texts.UNKNOWN_CONVERSATION

    def _write_address(self) -> None:
        if self.thread_id:
            st.query_params[PARAMETER] = self.thread_id
        else:
            st.query_params.pop(PARAMETER, None)


def visit() -> Visit:
    """Return this tab's visit, made at its first run."""
    if _KEY not in st.session_state:
        st.session_state[_KEY] = Visit()
    return cast("Visit", st.session_state[_KEY])


def step_aside() -> None:
    """Note that this tab shows another page for now."""
    if _KEY in st.session_state:
        visit().away = True


def let_go() -> None:
    """Give Streamlit the chance to end this run of the script: a read of the session state."""
    st.session_state.get(_KEY)


def _exists(core: Core, thread_id: str) -> bool:
    if not is_id(thread_id, "thread"):
        return False
    try:
        core.store.thread(thread_id)
    except NotFound:
        return False
    return True
