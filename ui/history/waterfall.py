"""A run's timeline as a chart: one bar for each part, where it began and how long it took."""

from collections.abc import Sequence
from typing import Any, Final

from ui.exchange.timeline import Kind, Span
from ui.history import cells
from ui.language import history_texts as texts

COLOURS: Final[dict[Kind, str]] = {
    "queue": "#9aa7a4",
    "model": "#2a8f83",
    "tool": "#3b8fd4",
    "person": "#dd8a1d",
    "client": "#b98ad8",
    "pause": "#c9b458",
    "stop": "#e05252",
}
BAR: Final = 30
MARGINS: Final = 84


def height(spans: Sequence[Span]) -> int:
    """Return how high the chart has to be."""
    return MARGINS + BAR * len(spans)


def waterfall(spans: Sequence[Span]) -> dict[str, Any]:
    """Return the chart's specification."""
    kinds = [kind for kind in COLOURS if any(span.kind == kind for span in spans)]
    return {
        "animation": False,
        "grid": {"left": 8, "right": 70, "top": 8, "bottom": 48, "containLabel": True},
        "legend": {"bottom": 0, "data": [texts.SPANS[kind] for kind in kinds]},
        "xAxis": {"type": "value", "axisLabel": {"formatter": "{value} s"}},
        "yAxis": {
            "type": "category",
            "inverse": True,
            "data": [f"{number}. {name(span)}" for number, span in enumerate(spans, 1)],
            "axisTick": {"show": False},
        },
        "series": [_gap(spans), *(_bars(kind, spans) for kind in kinds)],
    }


def name(span: Span) -> str:
    """Say what a span is."""
    if span.kind == "tool":
        said = cells.line(span.name, 24)
        return texts.SPAN_FAILED.format(name=said) if span.failed else said
    said = texts.SPANS[span.kind]
    return f"{said}: {cells.line(span.name, 24)}" if span.name else said


def _gap(spans: Sequence[Span]) -> dict[str, Any]:
    """Return what pushes each bar to where it begins."""
    return {
        "type": "bar",
        "stack": "time",
        "silent": True,
        "itemStyle": {"color": "transparent"},
        "data": [round(span.start, 4) for span in spans],
    }


def _bars(kind: Kind, spans: Sequence[Span]) -> dict[str, Any]:
    return {
        "name": texts.SPANS[kind],
        "type": "bar",
        "stack": "time",
        "barMaxWidth": 18,
        "barMinWidth": 2,
        "itemStyle": {"color": COLOURS[kind], "borderRadius": 3},
        "data": [_bar(span) if span.kind == kind else None for span in spans],
    }


def _bar(span: Span) -> dict[str, Any]:
    return {
        "value": round(span.seconds, 4),
        "label": {"show": True, "position": "right", "formatter": cells.seconds(span.seconds)},
        **({"itemStyle": {"color": COLOURS["stop"]}} if span.failed else {}),
    }
