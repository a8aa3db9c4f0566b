"""Following the exchange that is under way: drawing what the feed says until it ends.

Streamlit can end a run of the script only where it touches the page or the session state, so
whoever waits here gives it that chance several times a second.
"""

import time
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from conversation.errors import NotFound, StoreUnavailable
from conversation.events import Logged, RetryScheduled
from conversation.follower import Follower
from conversation.ports import Core
from conversation.records import Run
from conversation.script import State
from ui.chat.answers import PIECE
from ui.chat.headroom import waiting_time
from ui.chat.outbox import Outbox
from ui.chat.telling import Answer, Telling
from ui.chat.transcript import Pulse, read_pulse
from ui.chat.visit import let_go
from ui.language import texts
from ui.prose import literal, pieces
from ui.ticks import draw_every

HEARTBEAT: Final = 0.25
FRAME: Final = 0.04
SLOWEST: Final = 2.0
PATIENCE: Final = 1.0
IDLE: Final = 2.0
SOON: Final = 1.0
"""Seconds up to which a wait for the next try need not be told."""


def follow(
    core: Core,
    run: Run,
    telling: Telling,
    draw: Callable[[], None],
    place: DeltaGenerator,
    seen: Pulse | None,
) -> None:
    """Draw the exchange until it has ended, or others have changed the thread; then all anew."""
    said, look = "", time.monotonic() + IDLE
    elsewhere = {tool.name for tool in run.spec.tools if tool.runs == "client"}
    with Follower(core.feed, run.id) as follower:
        while not telling.ended:
            if follower.wait(HEARTBEAT):
                _take(follower, telling, place)
                draw()
                _rest(_pace(telling))
            else:
                draw()  # some of it goes by the clock
                let_go()
            if said != (now := doing(telling, elsewhere)):
                said = now
                _draw_doing(place, said)
            if time.monotonic() > look:
                look = time.monotonic() + IDLE
                if _changed(core, run.thread_id, seen):
                    break
    st.rerun()


def wait_for_outbox(outbox: Outbox, thread_id: str | None) -> None:
    """Wait while another run of this tab's script is sending, then draw the page anew."""
    while outbox.busy(thread_id):
        time.sleep(FRAME)
        let_go()
    st.rerun()


def notice_others(core: Core, thread_id: str, seen: Pulse | None) -> None:
    """Draw the page anew when another tab or program has changed this thread, or deleted it."""
    draw_every(IDLE, _look_for_others, core, thread_id, seen)


def _look_for_others(core: Core, thread_id: str, seen: Pulse | None) -> None:
    if _changed(core, thread_id, seen):
        st.rerun()


def _changed(core: Core, thread_id: str, seen: Pulse | None) -> bool:
    try:
        return read_pulse(core, thread_id) != seen
    except NotFound:
        return True
    except StoreUnavailable:
        return False  # the next look will do


def doing(telling: Telling, elsewhere: Collection[str] = ()) -> str:
    """Say what is under way while nobody is writing; programs run the functions `elsewhere`."""
    if telling.ended or telling.writing:
        return ""
    match telling.state:
        case State.CANCELLING:
            return texts.STOPPING
        case State.REQUIRES_ACTION:
            return _waiting_for(telling, elsewhere)
        case State.TOOLS_EXECUTED | State.TOOL_OUTPUTS_SUBMITTED:
            return texts.WORKING
        case _:
            return retrying(telling.steps) or texts.THINKING


def retrying(steps: Sequence[Logged]) -> str:
    """Say when a request that failed goes out again, while that is awaited."""
    last = steps[-1] if steps else None
    if last is None or not isinstance(last.event, RetryScheduled):
        return ""
    due = last.at + timedelta(seconds=last.event.delay)
    left = min(last.event.delay, (due - datetime.now(UTC)).total_seconds())
    if left <= 0 or last.event.delay < SOON:
        return ""
    sentence = texts.RETRYING.get(last.event.code, texts.RETRYING_ANYHOW)
    return sentence.format(time=waiting_time(left))


def _waiting_for(telling: Telling, elsewhere: Collection[str]) -> str:
    if any(call.phase == "waiting" for call in telling.calls):
        return texts.WAITING
    left = [call.name for call in telling.calls if call.phase != "done"]
    if not left or any(name not in elsewhere for name in left):
        return ""
    return texts.WAITING_FOR_PROGRAM.format(names=", ".join(dict.fromkeys(left)))


def _pace(telling: Telling) -> float:
    """Return how long to wait after a drawing: a long piece is sent, and coloured, whole again."""
    last = next(reversed(telling.items.values()), None)
    size = len(pieces(last.text, PIECE)[-1]) if isinstance(last, Answer) else 0
    return min(SLOWEST, FRAME * max(1.0, (size / PIECE) ** 2))


def _rest(seconds: float) -> None:
    """Sleep, but not through a click."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(left, HEARTBEAT))
        let_go()


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


def _draw_doing(place: DeltaGenerator, said: str) -> None:
    """Show that something is under way where no text grows."""
    if said:
        place.markdown(f":gray[:shimmer[{literal(said)} …]]")
    else:
        place.empty()
