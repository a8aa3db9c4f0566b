"""Following the exchange that is under way: drawing what the feed says until it ends.

Streamlit can end a run of the script only where it touches the page or the session state, so
whoever waits here gives it that chance several times a second.
"""

import time
from collections.abc import Callable
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from conversation.errors import StoreUnavailable
from conversation.follower import Follower
from conversation.ports import Core
from conversation.records import Run
from conversation.script import State
from ui import texts
from ui.chat.bubbles import spinner
from ui.chat.outbox import Outbox
from ui.chat.telling import Call, Telling
from ui.chat.transcript import newest_run
from ui.chat.visit import let_go
from ui.prose import literal

HEARTBEAT: Final = 0.25
FRAME: Final = 0.04
PATIENCE: Final = 1.0
IDLE: Final = 2.0


def follow(
    core: Core, run: Run, telling: Telling, draw: Callable[[], None], place: DeltaGenerator
) -> None:
    """Draw the exchange until it has ended, then the page anew."""
    said = ""
    with Follower(core.feed, run.id) as follower:
        while not telling.ended:
            if follower.wait(HEARTBEAT):
                _take(follower, telling, place)
                draw()
                time.sleep(FRAME)
            else:
                let_go()
            if said != (now := doing(telling)):
                said = now
                spinner(place, said)
    st.rerun()


def wait_for_outbox(outbox: Outbox, thread_id: str | None) -> None:
    """Wait while another run of this tab's script is sending, then draw the page anew."""
    while outbox.busy(thread_id):
        time.sleep(FRAME)
        let_go()
    st.rerun()


@st.fragment(run_every=IDLE)
def notice_others(core: Core, thread_id: str, seen: str | None) -> None:
    """Draw the page anew when another tab or program has begun an exchange on this thread."""
    try:
        newest = newest_run(core, thread_id)
    except StoreUnavailable:
        return  # the next look will do
    if newest != seen:
        st.rerun()


def doing(telling: Telling) -> str:
    """Say what is under way while nobody is writing."""
    if telling.ended or telling.writing:
        return ""
    match telling.state:
        case State.CANCELLING:
            return texts.STOPPING
        case State.REQUIRES_ACTION:
            return _waiting_for(telling)
        case State.TOOLS_EXECUTED | State.TOOL_OUTPUTS_SUBMITTED:
            return texts.WORKING
        case _:
            return texts.THINKING


def _waiting_for(telling: Telling) -> str:
    phases = {item.phase for item in telling.items.values() if isinstance(item, Call)}
    return texts.WAITING if "waiting" in phases else ""


def _take(follower: Follower, telling: Telling, place: DeltaGenerator) -> None:
    """Read on; what can't be read now is read a little later."""
    while True:
        try:
            telling.take(follower.take())
        except StoreUnavailable as problem:
            place.warning(texts.RECONNECTING.format(problem=literal(str(problem))))
            time.sleep(PATIENCE)
        else:
            return
