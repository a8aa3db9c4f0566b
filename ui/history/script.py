"""Where a run's time went, as a waterfall, and its path through the script."""

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st

from conversation.events import Logged
from conversation.ports import Core
from conversation.records import Run
from ui.exchange.timeline import spans, stays, time_in_states
from ui.history import cells, waterfall
from ui.language import history_texts as texts
from ui.language import texts as shared


def draw_timeline(log: Sequence[Logged]) -> None:
    """Draw what took how long."""
    parts = spans(log, datetime.now(UTC))
    if not parts:
        st.caption(texts.NO_TIMES)
        return
    st.caption(texts.WATERFALL)
    st.echarts_chart(
        waterfall.waterfall(parts),
        height=waterfall.height(parts),
        key="waterfall",
        alt=texts.WATERFALL,
    )
    rows = [
        {
            texts.HEADS["part"]: waterfall.name(part),
            texts.HEADS["since"]: cells.seconds(part.start),
            texts.HEADS["duration"]: cells.seconds(part.seconds),
        }
        for part in parts
    ]
    with st.expander(texts.TABLE):
        st.dataframe(rows, hide_index=True)


def draw_script(core: Core, run: Run, log: Sequence[Logged]) -> None:
    """Draw the state diagram with the path taken, and the time in each state."""
    path = stays(log, datetime.now(UTC))
    times, drawing = st.columns([1, 2])
    with drawing:
        st.caption(texts.DIAGRAM)
        st.mermaid_chart(core.diagram({stay.state for stay in path}, run.state), alt=texts.DIAGRAM)
    with times:
        st.caption(texts.IN_STATE)
        rows = [
            {
                texts.HEADS["state"]: shared.state(state),
                texts.HEADS["duration"]: cells.seconds(spent),
            }
            for state, spent in time_in_states(path).items()
        ]
        st.dataframe(rows, hide_index=True)
