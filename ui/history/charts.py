"""The charts of the overview, as specifications; readable on a light and on a dark page."""

from collections.abc import Callable, Iterable, Sequence
from datetime import tzinfo
from typing import Any, Final

from conversation.history import Bucket, ErrorReason, ModelSpeed, Percentiles, Spending, ToolUse
from conversation.script import TERMINAL, State
from ui.history import cells
from ui.language import history_texts as texts
from ui.language import texts as shared

DAY: Final = 86_400
PALETTE: Final = ("#2a8f83", "#3b8fd4", "#dd8a1d", "#9b6fd0", "#c9b458", "#d4649a", "#7d8f3a")
OTHER: Final = "#9aa7a4"
BAD: Final = "#e05252"
Unit = tuple[str, str]
COUNTED: Final[Unit] = ("localized", "{value}")
"""How values are shown in tooltips, and on the axis."""

Cells = dict[tuple[str, str], float]


def runs_over_time(buckets: Sequence[Bucket], seconds: int, where: tzinfo) -> dict[str, Any]:
    """Return how many runs began when, by how they ended."""
    values: Cells = {}
    form = "%Y-%m-%d" if seconds >= DAY else "%m-%d %H:%M"
    for bucket in sorted(buckets, key=lambda one: one.start):
        key = (f"{bucket.start.astimezone(where):{form}}", _outcome(bucket.state))
        values[key] = values.get(key, 0) + bucket.runs
    return _stacked(values, _outcomes(), COUNTED)


def durations(
    speed: Sequence[ModelSpeed], which: Callable[[ModelSpeed], Percentiles]
) -> dict[str, Any]:
    """Return how long each model takes: half of its runs, 95 and 99 in a hundred."""
    models = [one for one in speed if which(one).p50 is not None]
    series = [
        {
            "name": name,
            "type": "bar",
            "data": [_rounded(getattr(which(one), name)) for one in models],
            "itemStyle": {"color": colour, "borderRadius": 3},
            "barMaxWidth": 16,
        }
        for name, colour in (("p50", PALETTE[0]), ("p95", PALETTE[2]), ("p99", BAD))
    ]
    return {
        **_lying([cells.line(one.model, 28) for one in models], "{value} s", 0),
        "legend": {"bottom": 0},
        "series": series,
    }


def by_day(
    spending: Sequence[Spending],
    what: Callable[[Spending], float],
    unit: Unit,
) -> dict[str, Any]:
    """Return what was spent on each day, by model; the biggest models by name."""
    totals: dict[str, float] = {}
    for one in spending:
        totals[one.model] = totals.get(one.model, 0) + what(one)
    biggest = sorted(totals, key=lambda model: -totals[model])[: len(PALETTE)]
    names = {model: cells.line(model, 28) for model in biggest}
    values: Cells = {}
    for one in sorted(spending, key=lambda one: one.day):
        key = (one.day.isoformat(), names.get(one.model, texts.OTHERS))
        values[key] = values.get(key, 0) + what(one)
    colours = dict(zip(names.values(), PALETTE, strict=False))
    return _stacked(values, {**colours, texts.OTHERS: OTHER}, unit)


def tool_calls(tools: Sequence[ToolUse]) -> dict[str, Any]:
    """Return how often each function was called, and how often that failed."""
    parts: tuple[tuple[str, str, list[int]], ...] = (
        (texts.SUCCEEDED, PALETTE[0], [one.calls - one.failed for one in tools]),
        (texts.FAILED_CALLS, BAD, [one.failed for one in tools]),
    )
    return {
        **_lying([cells.line(one.name, 28) for one in tools]),
        "legend": {"bottom": 0},
        "series": [_bars(name, colour, data) for name, colour, data in parts],
    }


def error_reasons(errors: Sequence[ErrorReason]) -> dict[str, Any]:
    """Return how many runs ended badly for each reason."""
    data = [one.runs for one in errors]
    bars = {**_bars(texts.HEADS["runs"], BAD, data), "label": {"show": True, "position": "right"}}
    return {**_lying([cells.line(one.code, 28) for one in errors]), "series": [bars]}


def dollars() -> Unit:
    """Return how costs are shown."""
    return "dollar", shared.DOLLARS.format(amount="{value}")


def lying_height(bars: int) -> int:
    """Return how high a chart of that many lying bars has to be."""
    return 90 + 44 * max(1, bars)


def _outcomes() -> dict[str, str]:
    """Return the colours of the ways in which a run can stand."""
    return {
        shared.state(State.COMPLETED): "#2a9d6a",
        shared.state(State.ERROR): BAD,
        shared.state(State.EXPIRED): "#a83f6f",
        shared.state(State.INCOMPLETE): "#dd8a1d",
        shared.state(State.CANCELLED): OTHER,
        texts.UNDER_WAY: "#3b8fd4",
    }


def _outcome(state: State) -> str:
    return shared.state(state) if state in TERMINAL else texts.UNDER_WAY


def _stacked(values: Cells, colours: dict[str, str], unit: Unit) -> dict[str, Any]:
    """Return standing bars of several parts, in the order of the colours."""
    places = list(dict.fromkeys(place for place, _ in values))
    parts = [name for name in colours if any(part == name for _, part in values)]
    return {
        "animation": False,
        "tooltip": {"trigger": "axis", "valueFormatter": unit[0]},
        "legend": {"bottom": 0, "type": "scroll"},
        "grid": {"left": 8, "right": 16, "top": 16, "bottom": 40, "containLabel": True},
        "xAxis": {"type": "category", "data": places},
        "yAxis": {"type": "value", "axisLabel": {"formatter": unit[1]}},
        "series": [
            _bars(name, colours[name], [values.get((place, name), 0) for place in places])
            for name in parts
        ],
    }


def _bars(name: str, colour: str, data: Iterable[float]) -> dict[str, Any]:
    return {
        "name": name,
        "type": "bar",
        "stack": "all",
        "data": list(data),
        "itemStyle": {"color": colour},
        "barMaxWidth": 28,
    }


def _lying(names: list[str], unit: str = "{value}", step: float = 1) -> dict[str, Any]:
    """Return what lying bars have in common: a name before each, one below another."""
    return {
        "animation": False,
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
        "grid": {"left": 8, "right": 40, "top": 8, "bottom": 40, "containLabel": True},
        "xAxis": {"type": "value", "minInterval": step, "axisLabel": {"formatter": unit}},
        "yAxis": {"type": "category", "inverse": True, "data": names},
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
