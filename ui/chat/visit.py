"""What one browser tab knows between the runs of its script: where it is and what it shows.

It is reached through `visit()` and then changed as a plain object: unlike a write to the session
state, that can't be interrupted by a click in the middle of a send.
"""

from dataclasses import dataclass, field
from typing import Final, Literal, cast

import streamlit as st

from conversation.choice import Choice
from conversation.errors import NotFound
from conversation.history import RunLine
from conversation.ids import is_id
from conversation.ports import Core
from conversation.records import Thread
from ui.chat.outbox import Outbox
from ui.chat.panel.look import Look
from ui.chat.sought import Sought
from ui.chat.telling import Telling
from ui.language import texts
from ui.preferences import Preferences, preferences

PARAMETER: Final = "thread"
STEP: Final = 50
LISTED: Final = 30
FOUND: Final = 20
STREAM: Final = "stream"
PANEL: Final = "panel"

Question = Literal["rename", "delete", "instructions", "export"]

_KEY: Final = "visit"


@dataclass(frozen=True, slots=True)
class Asked:
    """A dialog that is open: what it asks, of which thread (None: the one not begun yet)."""

    question: Question
    thread_id: str | None


@dataclass
class Visit:
    """One tab: its conversation, what it could not send, and how far back it looks.

    `thread` is the conversation as this run of the script found it, `drawn` the one whose messages
    are on the page, and `block` how often these have shifted. `provider`, `model` and
    `assistant_id` say whom the next message goes to, once `settled` for this conversation;
    `usual_assistant` is whom a new one begins with.
    `instructions` are for the conversation that is not begun yet. `listed` and `found` say how
    long the lists of conversations and of matches are, `listing` which of them is drawn, and of how
    many rows; `asked` is the dialog that is open.
    `used` are the providers and models of this log, `wishes` what the visitor has set.
    While `moved`, the address bar follows the visit, and not the other way round. While `away`,
    the tab shows another page. While `panel`, it shows how the exchange `exchange` ran, or the
    newest one. `unfolded` are very long messages that are shown whole, `editing` is the message
    that is being edited.
    """

    thread_id: str | None = None
    thread: Thread | None = None
    drawn: str | None = None
    block: int = 0
    provider: str = ""
    model: str = ""
    assistant_id: str = ""
    usual_assistant: str = ""
    settled: bool = False
    stream: bool = True
    instructions: str = ""
    listed: int = LISTED
    found: int = FOUND
    listing: tuple[str, int] = ("", 0)
    asked: Asked | None = None
    used: tuple[tuple[str, str], ...] | None = None
    wishes: Preferences | None = None
    note: str = ""
    shown: int = STEP
    outbox: Outbox = field(default_factory=Outbox)
    tellings: dict[str, Telling] = field(default_factory=dict)
    moved: bool = False
    away: bool = False
    panel: bool = False
    exchange: str | None = None
    look: Look = field(default_factory=Look)
    figures: dict[str, RunLine] = field(default_factory=dict)
    unfolded: set[str] = field(default_factory=set)
    editing: str | None = None
    sought: Sought | None = None

    @property
    def choice(self) -> Choice:
        """Whom the next message goes to."""
        return Choice(
            provider=self.provider or None,
            model=self.model or None,
            assistant_id=self.assistant_id or None,
        )

    def go(self, thread_id: str | None) -> None:
        """Show this conversation, or a new one."""
        self.settled, self.instructions, self.asked = False, "", None
        self._show(thread_id)

    def begun(self, thread_id: str) -> None:
        """Show the conversation that a message from here has just begun."""
        self.instructions = ""
        self._show(thread_id)

    def gone(self) -> None:
        """Leave a conversation that is no longer there; what could not be sent to it stays."""
        self.outbox.readdress(self.thread_id)
        self.go(None)
        self.note = texts.CONVERSATION_GONE

    def wish(self, name: str) -> str:
        """Return what the visitor has set for themselves, empty if nothing."""
        return self.wishes.get(name) if self.wishes else ""

    def keep(self, name: str, value: str | bool) -> None:
        """Remember what the visitor has set, beyond this visit."""
        if self.wishes:
            self.wishes.keep(name, value)

    def recall(self, core: Core) -> None:
        """Begin with what the visitor has set before."""
        if self.wishes is None:
            self.wishes = preferences(core)
            self.stream = self.wishes.is_on(STREAM, default=self.stream)
            self.panel = self.wishes.is_on(PANEL, default=self.panel)

    def follow_address(self, core: Core) -> None:
        """Bring the address bar and this visit together: links, back and forward count."""
        self.recall(core)
        here = st.query_params.get(PARAMETER)
        returns = self.away and here is None  # another page's address names no conversation
        self.away = False
        if here != self.thread_id and not (self.moved or returns):
            self._enter(core, here)
        if here != self.thread_id:
            self._write_address()
        self.moved = False
        self._read_thread(core)

    def _show(self, thread_id: str | None) -> None:
        self.thread_id, self.shown, self.note = thread_id, STEP, ""
        self.thread = None
        self.tellings = {}
        self.exchange = self.editing = self.sought = None
        self.moved = True

    def _read_thread(self, core: Core) -> None:
        """Find the conversation as it is now, or that somebody has deleted it."""
        self.thread = _found(core, self.thread_id)
        if self.thread_id and self.thread is None:
            self.gone()
            self._write_address()
            self.moved = False

    def _enter(self, core: Core, thread_id: str | None) -> None:
        """Go where a link leads, if there is such a conversation."""
        self.go(thread_id if _found(core, thread_id) else None)
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


def _found(core: Core, thread_id: str | None) -> Thread | None:
    if not thread_id or not is_id(thread_id, "thread"):
        return None
    try:
        return core.store.thread(thread_id)
    except NotFound:
        return None
