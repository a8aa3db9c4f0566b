"""What a run was started with, what it used, and what did not go well at once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import streamlit as st

from conversation.events import Failed, Logged, Retried, RetryScheduled, TriggerRefused
from conversation.history import RunLine
from conversation.narration import narrate
from conversation.records import Run
from ui.history import cells, texts
from ui.history.data import draw_data
from ui.prose import literal


def draw_details(run: Run, line: RunLine, log: Sequence[Logged]) -> None:
    """Draw all of it."""
    left, right = st.columns(2)
    with left:
        st.markdown(f"**{texts.ABOUT}**")
        _draw_table(_about(run))
    with right:
        st.markdown(f"**{texts.USED}**")
        _draw_table(_used(line))
        st.markdown(f"**{texts.TROUBLES}**")
        _draw_troubles(log)
    _draw_spec(run)


def _draw_table(rows: Mapping[str, str]) -> None:
    st.dataframe([{"What": what, "Value": value} for what, value in rows.items()], hide_index=True)


def _about(run: Run) -> dict[str, str]:
    where, spec = cells.zone(), run.spec
    times = {
        "Created": run.created_at,
        "Started": run.started_at,
        "Ended": run.ended_at,
        "Expires": run.expires_at,
    }
    version = f" (version {spec.assistant_version})" if spec.assistant_version else ""
    return {
        "Run": run.id,
        "Thread": run.thread_id,
        "Assistant": f"{spec.assistant_id}{version}" if spec.assistant_id else cells.NOTHING,
        "Provider": spec.provider,
        "Model": spec.model,
        **{name: cells.moment(at, where) if at else cells.NOTHING for name, at in times.items()},
        "Waits for": run.waiting or cells.NOTHING,
    }


def _used(line: RunLine) -> dict[str, str]:
    numbers = (
        line.input_tokens,
        line.cached_tokens,
        line.output_tokens,
        line.reasoning_tokens,
        line.tokens,
    )
    tokens = dict(zip(texts.TOKEN_ROWS, map(cells.count, numbers), strict=True))
    cost = texts.UNKNOWN_PRICE if line.cost is None else cells.money(line.cost)
    return {**tokens, texts.COST: cost}


def _draw_troubles(log: Sequence[Logged]) -> None:
    lines = [
        f"- {cells.instant(logged.at, cells.zone())} {literal(narrate(logged.event))}"
        for logged in log
        if isinstance(logged.event, Failed | Retried | RetryScheduled | TriggerRefused)
    ]
    st.markdown("\n".join(lines) or texts.NO_TROUBLES)


def _draw_spec(run: Run) -> None:
    spec = run.spec
    if spec.instructions:
        draw_data(texts.INSTRUCTIONS, spec.instructions, f"{run.id}-instructions")
    if spec.tools:
        tools = json.dumps([asdict(tool) for tool in spec.tools], ensure_ascii=False)
        draw_data(texts.OFFERED, tools, f"{run.id}-functions")
