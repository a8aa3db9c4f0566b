"""What the runs that fit add up to: charts, each with its table."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from conversation.history import Filter, History, ModelSpeed, Overview, Percentiles
from ui.history import cells, charts
from ui.language import counted, number
from ui.language import history_texts as texts
from ui.language import texts as shared

HEIGHT: Final = 300

Rows = Sequence[Mapping[str, str]]


def draw_overview(history: History, wanted: Filter) -> None:
    """Draw all of it, for the runs that fit."""
    seen = history.overview(wanted)
    st.markdown(f"**{counted(texts.COUNTS['runs'], seen.runs)}**")
    if not seen.runs:
        st.caption(texts.NOTHING_FITS)
        return
    _draw_runs(seen)
    _draw_speed(seen)
    _draw_spending(seen)
    _draw_troubles(seen)


def _draw_runs(seen: Overview) -> None:
    where, heads = cells.zone(), texts.HEADS
    rows = [
        {
            heads["since"]: cells.moment(one.start, where),
            heads["state"]: shared.state(one.state),
            heads["runs"]: cells.count(one.runs),
        }
        for one in seen.over_time
    ]
    chart = charts.runs_over_time(seen.over_time, seen.bucket_seconds, where)
    _draw(st.container(), texts.OVER_TIME, chart, rows)


def _draw_speed(seen: Overview) -> None:
    ways: tuple[tuple[str, Callable[[ModelSpeed], Percentiles]], ...] = (
        (texts.DURATIONS, lambda one: one.duration),
        (texts.FIRST_TOKENS, lambda one: one.first_token),
    )
    for place, (title, which) in zip(st.columns(2), ways, strict=True):
        rows = [
            {
                texts.HEADS["model"]: one.model,
                texts.HEADS["runs"]: cells.count(one.runs),
                **_percentiles(which(one)),
            }
            for one in seen.speed
        ]
        height = charts.lying_height(len(seen.speed))
        _draw(place, title, charts.durations(seen.speed, which), rows, height)


def _draw_spending(seen: Overview) -> None:
    rows = _spending_rows(seen)
    left, right = st.columns(2)
    tokens = charts.by_day(
        seen.spending, lambda one: one.input_tokens + one.output_tokens, charts.COUNTED
    )
    _draw(left, texts.TOKENS_BY_DAY, tokens, rows)
    known = [one.cost for one in seen.spending if one.cost is not None]
    if sum(known):
        cost = charts.by_day(seen.spending, lambda one: one.cost or 0, charts.dollars())
        _draw(right, texts.COST_BY_DAY, cost, rows)
    else:
        _draw_nothing(right, texts.COST_BY_DAY, texts.FREE if known else texts.NO_PRICE)


def _draw_troubles(seen: Overview) -> None:
    left, right = st.columns(2)
    if seen.tools:
        _draw(
            left,
            texts.TOOL_CALLS,
            charts.tool_calls(seen.tools),
            _tool_rows(seen),
            charts.lying_height(len(seen.tools)),
        )
    else:
        _draw_nothing(left, texts.TOOL_CALLS, texts.NO_TOOLS)
    if seen.errors:
        _draw(
            right,
            texts.ERRORS,
            charts.error_reasons(seen.errors),
            _error_rows(seen),
            charts.lying_height(len(seen.errors)),
        )
    else:
        _draw_nothing(right, texts.ERRORS, texts.NO_ERRORS)


def _spending_rows(seen: Overview) -> Rows:
    heads = texts.HEADS
    return [
        {
            heads["day"]: one.day.isoformat(),
            heads["model"]: one.model,
            heads["runs"]: cells.count(one.runs),
            heads["read"]: cells.count(one.input_tokens),
            heads["written"]: cells.count(one.output_tokens),
            heads["cost"]: cells.money(one.cost),
        }
        for one in seen.spending
    ]


def _tool_rows(seen: Overview) -> Rows:
    heads = texts.HEADS
    return [
        {
            heads["tool"]: one.name,
            heads["tool_calls"]: cells.count(one.calls),
            heads["failed"]: cells.count(one.failed),
            heads["error_rate"]: _share(one.failed, one.calls),
            **_percentiles(one.duration),
        }
        for one in seen.tools
    ]


def _error_rows(seen: Overview) -> Rows:
    where, heads = cells.zone(), texts.HEADS
    return [
        {
            heads["reason"]: one.code,
            heads["runs"]: cells.count(one.runs),
            heads["last"]: cells.moment(one.last, where),
            heads["last_message"]: cells.line(one.message),
        }
        for one in seen.errors
    ]


def _share(part: int, whole: int) -> str:
    if not whole:
        return cells.NOTHING
    return texts.PERCENT.format(number=number(100 * part / whole, 1))


def _percentiles(times: Percentiles) -> dict[str, str]:
    return {name: cells.seconds(getattr(times, name)) for name in ("p50", "p95", "p99")}


def _draw(
    place: DeltaGenerator, title: str, chart: dict[str, Any], rows: Rows, height: int = HEIGHT
) -> None:
    """Draw a chart under its title, and the table of what it shows."""
    with place.container(border=True):
        st.markdown(f"**{title}**")
        st.echarts_chart(chart, height=height, alt=title)
        with st.expander(texts.TABLE):
            st.dataframe(rows, hide_index=True)


def _draw_nothing(place: DeltaGenerator, title: str, said: str) -> None:
    with place.container(border=True):
        st.markdown(f"**{title}**")
        st.caption(said)
