"""What a person can do on the chat page: the callbacks of its buttons and fields.

They change this tab's visit or ask the core; what comes of it is read from the log. Who clicks
here wants to be here: `moved` tells that the browser's address may be older than the click.
"""

from functools import partial
from typing import Final

import streamlit as st

from conversation.errors import EmptyMessage, ParleyError
from conversation.ports import Choice, Core
from conversation.records import Run
from ui.chat.outbox import Letter
from ui.chat.visit import STEP, Visit

MESSAGE: Final = "message"
ASSISTANT: Final = "assistant"
STREAM: Final = "stream"


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


def wanted_assistant() -> str | None:
    """Return the assistant this tab begins conversations with, if not the default one."""
    return (st.session_state.get(ASSISTANT) or "").strip() or None


def send_all(core: Core, visit: Visit, last: Run | None) -> None:
    """Send what was typed; a thread stays with its assistant, whoever answers."""
    assistant_id = last.spec.assistant_id if last else wanted_assistant()
    choice = Choice(provider=visit.provider, assistant_id=assistant_id)
    stream = bool(st.session_state.get(STREAM, True))
    visit.outbox.deliver(partial(_send, core, visit, choice, stream))


def _send(core: Core, visit: Visit, choice: Choice, stream: bool, letter: Letter) -> str:
    run = core.start(letter.text, choice, thread_id=letter.thread_id, stream=stream)
    if visit.thread_id is None and letter.thread_id is None:
        visit.go(run.thread_id)
    return run.thread_id


def choose_provider(visit: Visit, name: str) -> None:
    """Let this provider answer from the next message on."""
    visit.provider = name


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
