"""Messages that wait in their thread's queue, for the answer under way or for a word from here."""

from streamlit.delta_generator import DeltaGenerator

from conversation.ports import Core
from conversation.records import QueuedMessage
from conversation.script import State
from ui.chat import rework
from ui.chat.answers import draw_user
from ui.chat.transcript import Transcript
from ui.chat.visit import Visit
from ui.language import texts

HOLDING = frozenset({State.ERROR, State.EXPIRED})
"""The ends of an exchange past which a queue does not move by itself."""


def held(transcript: Transcript) -> bool:
    """Tell whether the queue waits for a person."""
    return transcript.last is not None and transcript.last.state in HOLDING


def draw_queue(place: DeltaGenerator, core: Core, visit: Visit, transcript: Transcript) -> None:
    """Show what waits, each with a way out of the queue; if it is held, with a way on."""
    holds = held(transcript)
    for at, message in enumerate(transcript.queue):
        box = place.container(key=f"queued-{message.id}", gap="xxsmall")
        chat = draw_user(box, message.text, key=message.id, unfolded=visit.unfolded)
        row = chat.container(
            horizontal=True, vertical_alignment="center", key=f"waits-{message.id}"
        )
        said = texts.HELD if holds else texts.QUEUED
        row.caption(f":material/schedule: {said}", width="content")
        if holds and at == 0:
            row.button(
                texts.SEND_NOW,
                key=f"send-{message.id}",
                icon=":material/send:",
                on_click=rework.send_waiting,
                args=(core, visit, message.thread_id),
            )
        _draw_discard(row, core, visit, message)
    for _ in range(2):
        place.empty()  # where those stood that have left: a page that follows keeps what it had


def _draw_discard(row: DeltaGenerator, core: Core, visit: Visit, message: QueuedMessage) -> None:
    row.button(
        texts.DISCARD,
        key=f"discard-{message.id}",
        type="tertiary",
        on_click=rework.discard,
        args=(core, visit, message.id),
    )
