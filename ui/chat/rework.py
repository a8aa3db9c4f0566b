"""What a person can do with messages that are there: the callbacks of the buttons under them.

Nothing is overwritten: what is edited or answered again begins a branch, and can be switched.
"""

from collections.abc import Callable
from typing import Any

import streamlit as st

from conversation.errors import ParleyError, ThreadBusy
from conversation.ports import Core
from conversation.records import Rating
from ui.chat.visit import Visit


def begin_edit(visit: Visit, message_id: str | None) -> None:
    """Let this message be edited, or none."""
    visit.moved = True
    visit.editing = message_id


def send_edit(core: Core, visit: Visit, message_id: str, key: str) -> None:
    """Send the text of the form in place of a message."""
    text = str(st.session_state.get(key) or "")
    choice, stream = visit.choice, visit.stream
    if _done(visit, lambda: core.edit(message_id, text, choice, stream=stream)):
        visit.editing = None


def regenerate(core: Core, visit: Visit, run_id: str) -> None:
    """Have a message answered again; the second of two clicks finds that under way."""
    choice, stream = visit.choice, visit.stream
    _done(visit, lambda: core.regenerate(run_id, choice, stream=stream), busy_is_fine=True)


def regenerate_shortened(core: Core, visit: Visit, run_id: str, count: int) -> None:
    """Have a message answered again by a model that is told the last messages only."""
    choice, stream = visit.choice, visit.stream
    _done(
        visit,
        lambda: core.regenerate(run_id, choice, stream=stream, last_messages=count),
        busy_is_fine=True,
    )


def carry_on(core: Core, visit: Visit, run_id: str) -> None:
    """Have the model go on with what it has written; as with `regenerate`, once."""
    choice, stream = visit.choice, visit.stream
    _done(visit, lambda: core.carry_on(run_id, choice, stream=stream), busy_is_fine=True)


def show_variant(core: Core, visit: Visit, thread_id: str, branch_id: str) -> None:
    """Show, and write to, another branch."""
    _done(visit, lambda: core.store.choose_branch(thread_id, branch_id).result())


def rate(core: Core, visit: Visit, run_id: str, rating: Rating | None) -> None:
    """Keep what a thumb says of an answer; None takes it back."""
    _done(visit, lambda: core.rate(run_id, rating))


def comment(core: Core, visit: Visit, run_id: str, rating: Rating, key: str) -> None:
    """Keep what a person adds to a thumb."""
    text = str(st.session_state.get(key) or "")
    _done(visit, lambda: core.rate(run_id, rating, text))


def discard(core: Core, visit: Visit, queued_id: str) -> None:
    """Drop a message that waits."""
    _done(visit, lambda: core.store.dequeue(queued_id).result())


def send_waiting(core: Core, visit: Visit, thread_id: str) -> None:
    """Send the first message that waits, whatever became of the exchange before it."""
    _done(visit, lambda: core.send_queued(thread_id))


def _done(visit: Visit, act: Callable[[], Any], *, busy_is_fine: bool = False) -> bool:
    """Do it; where it can't be done, say why."""
    visit.moved, visit.note = True, ""
    try:
        act()
    except ParleyError as problem:
        if not (busy_is_fine and isinstance(problem, ThreadBusy)):
            visit.note = f"{problem} {problem.hint}"
        return False
    return True
