"""What a person can do on the chat page: the callbacks of its buttons and fields.

They change this tab's visit or ask the core; what comes of it is read from the log. Who clicks
here wants to be here: `moved` tells that the browser's address may be older than the click.
"""

from functools import partial
from typing import Final

import streamlit as st

from conversation.choice import Choice
from conversation.errors import EmptyMessage, ParleyError
from conversation.ports import Core
from conversation.records import Run
from ui.chat.outbox import Letter
from ui.chat.visit import STEP, Visit

MESSAGE: Final = "message"


def take_message(visit: Visit) -> None:
    """Take what was typed."""
    visit.moved = True
    text = st.session_state.get(MESSAGE)
    if not isinstance(text, str) or not text.strip():
        visit.note = f"{EmptyMessage()} {EmptyMessage().hint}"
        return
    visit.note = ""
    visit.outbox.put(text, visit.thread_id)


def take_example(visit: Visit, text: str) -> None:
    """Take one of the examples; only the first of two clicks counts."""
    visit.moved = True
    if visit.thread_id is None and not visit.outbox.busy(None):
        visit.outbox.put(text, None)


def send_all(core: Core, visit: Visit, last: Run | None) -> None:
    """Send what was typed."""
    send = partial(_send, core, visit, visit.choice, visit.stream)
    visit.outbox.deliver(send)


def _send(core: Core, visit: Visit, choice: Choice, stream: bool, letter: Letter) -> str:
    if letter.thread_id:  # where an answer is under way there, it waits in the thread's queue
        return core.send(letter.text, choice, thread_id=letter.thread_id, stream=stream).thread_id
    run = core.start(letter.text, choice, stream=stream, instructions=visit.instructions)
    if visit.thread_id is None:
        visit.begun(run.thread_id)
    return run.thread_id


def begin(visit: Visit) -> None:
    """Begin a new conversation."""
    visit.go(None)


def show_earlier(visit: Visit) -> None:
    """Look further back."""
    visit.shown += STEP


def stop(core: Core, visit: Visit, run_id: str) -> None:
    """Stop an answer."""
    try:
        core.cancel(run_id)
    except ParleyError as problem:
        visit.note = f"{problem} {problem.hint}"


def decide(core: Core, visit: Visit, run_id: str, call_id: str, approved: bool) -> None:
    """Allow or decline a call."""
    try:
        core.decide(run_id, call_id, approved=approved)
    except ParleyError as problem:
        visit.note = f"{problem} {problem.hint}"


def show_exchange(visit: Visit, run_id: str | None = None) -> None:
    """Show beside the messages how this exchange ran; without one, always the newest."""
    visit.panel, visit.exchange, visit.look.asked = True, run_id, True


def hide_exchange(visit: Visit) -> None:
    """Show the messages alone."""
    visit.panel, visit.exchange, visit.look.asked = False, None, False
