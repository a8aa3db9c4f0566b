"""The panel's head: which exchange this is, how it stands, and where to go from it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import streamlit as st
from streamlit.errors import StreamlitAPIException

from conversation.events import Logged, Retried, StateChanged
from conversation.narration import outcome
from conversation.ports import Core
from conversation.records import Run
from conversation.script import State
from ui.chat import acts
from ui.chat.panel.switch import close
from ui.chat.visit import Visit
from ui.colours import STATES
from ui.language import phrases, texts
from ui.prose import literal

HISTORY: Final = "streamlit-history.py"
"""The page's script, beside the chat page's."""


def draw_title(visit: Visit) -> None:
    """Draw what this is, with the way out of it."""
    with st.container(horizontal=True, vertical_alignment="center", key="panel-title"):
        st.markdown(f"### {texts.PANEL}", anchors=False, width="stretch")
        st.button(
            texts.CLOSE_PANEL,
            key="panel-close",
            icon=":material/close:",
            type="tertiary",
            on_click=close,
            args=(visit,),
        )


class Head:
    """State, outcome and who answered; drawn again when one of them has changed."""

    def __init__(self, core: Core, visit: Visit, run: Run) -> None:
        self._run = run
        self._who = _who(core, run)
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            self._state, self._outcome = st.empty(), st.empty()
        self._details = st.empty()
        _draw_links(visit, run)
        self._said: tuple[object, ...] = ()

    def draw(self, log: Sequence[Logged], now: datetime) -> None:
        """Show how the exchange stands."""
        state, attempt = _state(self._run, log), _attempt(self._run, log)
        said = (state, _outcome(replace(self._run, state=state), log, now), attempt)
        if said == self._said:
            return
        self._said = said
        self._state.badge(texts.state(state), color=STATES[state])
        self._outcome.markdown(literal(said[1]), width="stretch")
        parts = [*self._who, *([texts.ATTEMPT.format(number=attempt)] if attempt > 1 else [])]
        self._details.caption(literal(" · ".join(parts)))


def _state(run: Run, log: Sequence[Logged]) -> State:
    moves = (one.event.after for one in reversed(log) if isinstance(one.event, StateChanged))
    return next(moves, run.state)


def _attempt(run: Run, log: Sequence[Logged]) -> int:
    retried = (one.event.attempt for one in reversed(log) if isinstance(one.event, Retried))
    return max(run.attempt, next(retried, 1))


def _outcome(run: Run, log: Sequence[Logged], now: datetime) -> str:
    """Say how the exchange ended; of one under way for how long it is."""
    said = phrases()
    if run.ended or not log:
        return outcome(run, said)
    seconds = int(max(0.0, (now - log[0].at).total_seconds()))
    return texts.UNDER_WAY_FOR.format(time=said.seconds.format(number=said.number(seconds)))


def _who(core: Core, run: Run) -> tuple[str, ...]:
    """Return who answers: the provider as people know it, and the model if it says more."""
    labels = {status.name: status.label for status in core.providers()}
    label = labels.get(run.spec.provider, run.spec.provider)
    return (label,) if run.spec.model.casefold() == label.casefold() else (label, run.spec.model)


def _draw_links(visit: Visit, run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if visit.exchange:
            st.button(
                texts.NEWEST,
                key="panel-newest",
                icon=":material/vertical_align_bottom:",
                type="tertiary",
                on_click=acts.show_exchange,
                args=(visit,),
            )
        link_to_history(run.id)


def link_to_history(run_id: str) -> bool:
    """Draw a link to the exchange's place in the history, if that is served; tell whether it is."""
    try:
        st.page_link(
            HISTORY,
            label=texts.IN_HISTORY,
            icon=":material/history:",
            query_params={"run": run_id},
        )
    except StreamlitAPIException:
        return False
    return True
