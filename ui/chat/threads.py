"""The list of conversations: those pinned, then all others by the day they were last spoken in."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from conversation.errors import ParleyError
from conversation.history import Filter, RunLine, Sort, ThreadLine, Window
from conversation.ports import Core
from conversation.script import ACTIVE
from ui.chat import changes
from ui.chat.days import by_day
from ui.chat.visit import Visit
from ui.history.cells import zone
from ui.language import texts
from ui.prose import literal
from ui.ticks import draw_every

PINNED: Final = 100
UNDER_WAY: Final = 200
EVERY: Final = 3.0
SENT: Final = 0.05
"""Seconds after which Streamlit has sent what was drawn; until then, later drawing replaces it."""
ACTIONS: Final = ("rename", "pin", "export", "delete")

BY_ACTIVITY: Final = Sort(column="last_activity")


@dataclass(frozen=True, slots=True)
class Listed:
    """What the list shows; `busy` are the exchanges under way, by thread."""

    pinned: tuple[ThreadLine, ...]
    others: tuple[ThreadLine, ...]
    more: bool
    busy: Mapping[str, RunLine]

    @property
    def look(self) -> tuple[object, ...]:
        """What changes when the list must be drawn anew."""
        lines = (*self.pinned, *self.others)
        return tuple((one.thread_id, one.title, self.mark(one)) for one in lines)

    def mark(self, line: ThreadLine) -> str | None:
        """Return the icon that says what goes on in a conversation."""
        run = self.busy.get(line.thread_id)
        if run is None:
            return None
        return ":material/front_hand:" if run.waiting == "person" else "spinner"


def read_list(core: Core, visit: Visit) -> Listed:
    """Read as much of the list as the visit wants."""
    history = core.history
    pinned = history.threads(Filter(pinned=True), BY_ACTIVITY, Window(size=PINNED))
    others = history.threads(Filter(pinned=False), BY_ACTIVITY, Window(size=visit.listed))
    under_way = history.runs(Filter(states=ACTIVE), Sort(), Window(size=UNDER_WAY))
    return Listed(
        pinned=pinned.rows,
        others=others.rows,
        more=others.total > len(others.rows),
        busy={run.thread_id: run for run in under_way.rows},
    )


def draw_threads(core: Core, visit: Visit, *, idle: bool) -> None:
    """Draw the list; while the page is idle, look out for what others change in it."""
    listed = read_list(core, visit)
    groups = by_day(listed.others, datetime.now(UTC), zone())
    if listed.pinned:
        groups.insert(0, (texts.PINNED, list(listed.pinned)))
    rows = len(groups) + len(listed.look)
    with place_for(visit, "threads", rows, idle=idle).container(key="threads", gap=None):
        for name, lines in groups:
            st.caption(name)
            for line in lines:
                draw_row(core, visit, line, listed.mark(line))
        if listed.more:
            draw_more("list-more", changes.list_more, visit)
        if not groups:
            st.caption(texts.NO_CONVERSATIONS)
        if idle and visit.asked is None:
            draw_every(EVERY, _notice_changes, core, visit, listed.look, time.monotonic())


def place_for(visit: Visit, what: str, rows: int, *, idle: bool) -> DeltaGenerator:
    """Return the place of the list, without what it showed before where that was more or other.

    The browser keeps what is not overwritten until a run of the script ends, and one that follows
    an answer does not end soon.
    """
    slot, (before, longest) = st.container(), visit.listing
    visit.listing = (what, rows)
    if idle or (what == before and rows >= longest):
        return slot
    place = slot.empty()
    time.sleep(SENT)
    return place


def draw_more(key: str, act: Callable[[Visit], None], visit: Visit) -> None:
    """Draw the button that makes the list longer."""
    st.button(
        texts.SHOW_MORE,
        key=key,
        type="tertiary",
        icon=":material/expand_more:",
        on_click=act,
        args=(visit,),
    )


def shown_title(title: str) -> str:
    """Return a title as Markdown that shows it as it is."""
    return literal(title) or texts.UNTITLED


def draw_row(core: Core, visit: Visit, line: ThreadLine, mark: str | None = None) -> None:
    """Draw a conversation's title, which opens it, and its menu."""
    thread_id, here = line.thread_id, line.thread_id == visit.thread_id
    menu = f"menu-{thread_id}"
    with st.container(horizontal=True, gap=None, key=f"{'here' if here else 'row'}-{thread_id}"):
        st.button(
            shown_title(line.title),
            key=f"open-{thread_id}",
            icon=mark,
            type="secondary" if here else "tertiary",
            width="stretch",
            on_click=changes.open_thread,
            args=(visit, thread_id),
        )
        st.menu_button(
            texts.THREAD_MENU,
            tuple("unpin" if one == "pin" and line.pinned else one for one in ACTIONS),
            key=menu,
            format_func=texts.ACTIONS.__getitem__,
            icon=":material/more_horiz:",
            type="tertiary",
            on_click=changes.pick,
            args=(core, visit, thread_id, menu),
        )


def _notice_changes(core: Core, visit: Visit, seen: tuple[object, ...], drawn: float) -> None:
    """Draw the page anew when the list has changed: a title, an answer's end, another tab."""
    if time.monotonic() < drawn + EVERY / 2:
        return
    try:
        now = read_list(core, visit).look
    except ParleyError:
        return  # the next look will do
    if now != seen:
        st.rerun()
