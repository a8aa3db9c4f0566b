"""One run in full: what it cost, what was said, where its time went, and every step of it.

It is a fragment of its own, which is drawn again every second for as long as the run lasts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import streamlit as st

from conversation.errors import NotFound
from conversation.events import Logged
from conversation.history import Filter, RunLine, Sort, StepLine, Window
from conversation.narration import outcome
from conversation.records import Feedback, Run
from setup.core import ParleyCore
from ui.colours import STATES
from ui.exchange.data import draw_data
from ui.history import address, cells, named
from ui.history.details import draw_details
from ui.history.exchange import draw_exchange
from ui.history.lists import draw_steps
from ui.history.script import draw_script, draw_timeline
from ui.history.takeaway import draw_run_files
from ui.language import history_texts as texts
from ui.language import phrases
from ui.language import texts as shared
from ui.opening import problems_shown
from ui.prose import literal

EVERY: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A run as it stands now, from its own row and from that of the list."""

    core: ParleyCore
    run: Run
    line: RunLine
    step: int | None
    size: int

    def feedback(self) -> Feedback | None:
        """Return what a person thinks of its answer."""
        return self.core.store.feedback([self.run.id]).get(self.run.id)

    def log(self) -> list[Logged]:
        """Return all of its events."""
        return self.core.store.events(self.run.id)


def draw_run(core: ParleyCore, run_id: str, size: int) -> None:
    """Draw a run; one that is under way grows."""
    live = not core.store.run(run_id).ended
    fragment: Callable[..., None] = st.fragment(_draw, run_every=EVERY if live else None)
    fragment(core, run_id, size, live)


def _draw(core: ParleyCore, run_id: str, size: int, live: bool) -> None:
    with problems_shown():
        run = _read(core, run_id)
        if run is None or (live and run.ended):
            st.rerun()
        [line] = core.history.runs(Filter(run_ids=frozenset({run_id})), Sort(), Window()).rows
        shown = Shown(core=core, run=run, line=line, step=address.step(), size=size)
        _draw_head(shown)
        _draw_part(shown)


def _read(core: ParleyCore, run_id: str) -> Run | None:
    """Return the run; None when it has been deleted meanwhile."""
    try:
        return core.store.run(run_id)
    except NotFound:
        return None


def _draw_head(shown: Shown) -> None:
    run, line = shown.run, shown.line
    with st.container(horizontal=True, vertical_alignment="center", key="run-head"):
        st.badge(shared.state(run.state), color=STATES[run.state])
        st.markdown(literal(outcome(run, phrases())), width="stretch")
        if not run.ended:
            st.caption(texts.LIVE, width="content")
        draw_run_files(shown.core, run.id)
    if run.error and run.error.hint:
        st.caption(literal(run.error.hint))
    if run.waiting:
        st.caption(texts.WAITS_FOR[run.waiting])
    if hint := shared.INCOMPLETE_HINTS.get(run.incomplete_reason or ""):
        st.caption(hint)
    _draw_figures(
        {
            texts.DURATION: cells.seconds(line.duration),
            texts.FIRST_WORD: cells.seconds(line.first_token),
            texts.CALLS: cells.count(line.tool_calls),
            texts.TOKENS_USED: cells.count(line.tokens),
            texts.COST: cells.money(line.price),
            texts.ATTEMPT: cells.count(line.attempt),
        }
    )


def _draw_figures(figures: dict[str, str]) -> None:
    with st.container(horizontal=True, key="figures", gap="medium"):
        for label, value in figures.items():
            st.markdown(f":small[:gray[{label}]]  \n**{literal(value)}**", width="content")


def _draw_part(shown: Shown) -> None:
    named.take(address.PART, texts.PARTS, "log")
    part = st.segmented_control(
        texts.PART,
        tuple(texts.PARTS),
        required=True,
        format_func=texts.PARTS.__getitem__,
        key=address.PART,
        label_visibility="collapsed",
        wrap=False,
    )
    named.write(address.PART, part, "log")
    match part:
        case "conversation":
            draw_exchange(shown.core, shown.run)
        case "timeline":
            draw_timeline(shown.log())
        case "script":
            draw_script(shown.core, shown.run, shown.log())
        case "details":
            draw_details(shown.run, shown.line, shown.log(), shown.feedback())
        case _:
            _draw_log(shown)


def _draw_log(shown: Shown) -> None:
    steps = draw_steps(shown.core.history, shown.run.id, shown.size, shown.step)
    chosen = next((step for step in steps if step.seq == shown.step), None)
    if chosen:
        _draw_step(shown.run.id, chosen)
    else:
        st.caption(texts.CHOOSE_STEP)


def _draw_step(run_id: str, step: StepLine) -> None:
    with st.container(border=True, key="step"):
        st.markdown(f"**{literal(texts.STEP.format(seq=step.seq, type=step.type))}**")
        name = f"{run_id}-{step.seq}"
        if step.input:
            draw_data(texts.INPUT, step.input, f"{name}-input")
        if step.output:
            draw_data(texts.OUTPUT, step.output, f"{name}-output")
        if not (step.input or step.output):
            st.caption(texts.NOTHING)
