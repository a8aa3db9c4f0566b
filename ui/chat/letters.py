"""Messages that are not in the log yet, or could not be put there."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui.chat.bubbles import draw_user
from ui.chat.outbox import Letter, Outbox
from ui.language import texts
from ui.prose import literal


def draw_letters(place: DeltaGenerator, outbox: Outbox, thread_id: str | None) -> None:
    """Show what was typed here and is not sent, in a place that is empty when all is."""
    letters = outbox.letters(thread_id)
    if not letters:
        return
    box = place.container()
    with box:
        for letter in letters:
            draw_user(box, letter.text)
            if letter.state == "failed":
                _draw_problem(outbox, letter)
            else:
                st.caption(f":shimmer[{texts.SENDING}]")


def _draw_problem(outbox: Outbox, letter: Letter) -> None:
    said, hint = texts.FAULT, texts.FAULT_HINT
    if letter.problem:
        said, hint = str(letter.problem), letter.problem.hint
    st.error(f"**{texts.NOT_SENT}.** {literal(said)}  \n{literal(hint)}")
    with st.container(horizontal=True):
        st.button(
            texts.SEND_AGAIN,
            key=f"again-{letter.number}",
            type="primary",
            icon=":material/refresh:",
            on_click=outbox.again,
            args=(letter.number,),
        )
        st.button(
            texts.DISCARD,
            key=f"discard-{letter.number}",
            on_click=outbox.discard,
            args=(letter.number,),
        )
