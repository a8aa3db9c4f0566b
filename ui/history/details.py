"""What a run was started with, what it used, and what did not go well at once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import streamlit as st

from conversation.events import Failed, Logged, Retried, RetryScheduled, TriggerRefused
from conversation.history import RunLine
from conversation.narration import narrate
from conversation.records import Feedback, Run, RunSpec
from conversation.turns import ToolChoice
from ui.exchange.data import draw_data
from ui.history import cells
from ui.language import history_texts as texts
from ui.language import phrases
from ui.prose import literal


def draw_details(run: Run, line: RunLine, log: Sequence[Logged], feedback: Feedback | None) -> None:
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
    if feedback:
        _draw_feedback(feedback)
    _draw_spec(run)


def _draw_table(rows: Mapping[str, str]) -> None:
    what, value = texts.HEADS["what"], texts.HEADS["value"]
    st.dataframe([{what: name, value: said} for name, said in rows.items()], hide_index=True)


def _about(run: Run) -> dict[str, str]:
    where, spec = cells.zone(), run.spec
    times = {
        "created_at": run.created_at,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "expires_at": run.expires_at,
    }
    facts = {
        "run_id": run.id,
        "thread_id": run.thread_id,
        "assistant_id": _assistant(spec),
        "provider": spec.provider,
        "model": spec.model,
        **{name: cells.moment(at, where) if at else cells.NOTHING for name, at in times.items()},
        "waiting": texts.WAITING[run.waiting] if run.waiting else cells.NOTHING,
        **_asked_for(run),
    }
    return {texts.HEADS[name]: said for name, said in facts.items()}


def _asked_for(run: Run) -> dict[str, str]:
    """Return what a program asked for beside the usual, as far as it did."""
    spec = run.spec
    limits = {
        "max_prompt_tokens": spec.max_prompt_tokens,
        "max_completion_tokens": spec.max_completion_tokens,
        "last_messages": spec.last_messages,
    }
    asked = {
        "asked_model": spec.asked_model if spec.asked_model != spec.model else "",
        "answer": "" if spec.answer.free else spec.answer.kind,
        "tool_choice": _choice(spec.tool_choice),
        **{name: cells.count(limit) for name, limit in limits.items() if limit},
        "metadata": cells.pairs(run.metadata),
    }
    return {name: said for name, said in asked.items() if said}


def _choice(choice: ToolChoice) -> str:
    return choice.name or (choice.mode if choice.mode != "auto" else "")


def _assistant(spec: RunSpec) -> str:
    if not spec.assistant_id:
        return cells.NOTHING
    if not spec.assistant_version:
        return spec.assistant_id
    return texts.VERSION.format(assistant=spec.assistant_id, version=spec.assistant_version)


def _used(line: RunLine) -> dict[str, str]:
    numbers = (
        line.input_tokens,
        line.cached_tokens,
        line.output_tokens,
        line.reasoning_tokens,
        line.tokens,
    )
    tokens = dict(zip(texts.TOKEN_ROWS, map(cells.count, numbers), strict=True))
    cost = texts.UNKNOWN_PRICE if line.price is None else cells.money(line.price)
    return {**tokens, texts.COST: cost}


def _draw_troubles(log: Sequence[Logged]) -> None:
    lines = [
        f"- {cells.instant(logged.at, cells.zone())} {literal(narrate(logged.event, phrases()))}"
        for logged in log
        if isinstance(logged.event, Failed | Retried | RetryScheduled | TriggerRefused)
    ]
    st.markdown("\n".join(lines) or texts.NO_TROUBLES)


def _draw_feedback(feedback: Feedback) -> None:
    at = cells.moment(feedback.at, cells.zone())
    st.markdown(f"**{texts.RATING}:** {texts.RATINGS[feedback.rating]} :gray[{literal(at)}]")
    if feedback.comment:
        st.text(feedback.comment)


def _draw_spec(run: Run) -> None:
    spec = run.spec
    if spec.instructions:
        draw_data(texts.INSTRUCTIONS, spec.instructions, f"{run.id}-instructions")
    if spec.tools:
        tools = json.dumps([asdict(tool) for tool in spec.tools], ensure_ascii=False)
        draw_data(texts.OFFERED, tools, f"{run.id}-functions")
