"""The columns of the three grids: a field of the row, its heading, how it is shown, its width."""

from collections.abc import Callable, Mapping
from datetime import tzinfo
from functools import partial
from typing import Any, Final

from conversation.history import Sort
from ui.colours import STATES, Colour
from ui.history import cells
from ui.history.grid import Column
from ui.language import history_texts as texts
from ui.language import texts as shared

THREADS_FIRST: Final = Sort(column="last_activity")
RUNS_FIRST: Final = Sort(column="created_at")
STEPS_FIRST: Final = Sort(column="seq", descending=False)


def thread_columns(where: tzinfo) -> tuple[Column, ...]:
    """Return the columns of a list of threads; times are shown in that zone."""
    moment = partial(cells.moment, where=where)
    return (
        _column("title", cells.title, 260),
        _column("last_activity", moment, 160),
        _column("runs", cells.count, 75, number=True),
        _column("events", cells.count, 85, number=True),
        _column("tokens", cells.count, 95, number=True),
        _column("cost", cells.money, 95, number=True),
        _column("model", cells.line, 150),
        _column("assistant_id", cells.line, 150),
        _column("created_at", moment, 160),
        _column("thread_id", cells.line, 270),
    )


def run_columns(where: tzinfo) -> tuple[Column, ...]:
    """Return the columns of a list of runs; times are shown in that zone."""
    return (
        _column("created_at", partial(cells.moment, where=where), 160),
        _column("state", shared.state, 150, kinds=_states()),
        _column("error_code", cells.line, 150),
        _column("duration", cells.seconds, 95, number=True),
        _column("first_token", cells.seconds, 105, number=True),
        _column("tool_calls", cells.count, 90, number=True),
        _column("events", cells.count, 85, number=True),
        _column("tokens", cells.count, 95, number=True),
        _column("cost", cells.money, 95, number=True),
        _column("model", cells.line, 150),
        _column("provider", cells.line, 105),
        _column("assistant_id", cells.line, 150),
        _column("run_id", cells.line, 250),
    )


def step_columns(where: tzinfo) -> tuple[Column, ...]:
    """Return the columns of a run's log; times of day are shown in that zone."""
    return (
        _column("seq", str, 75, number=True),
        _column("type", cells.line, 165),
        _column("tool", cells.line, 130),
        _column("input", cells.line, 250),
        _column("output", cells.line, 290),
        _column("state", shared.state, 170, kinds=_states()),
        _column("duration", cells.seconds, 95, number=True),
        _column("at", partial(cells.instant, where=where), 115),
    )


def _column(
    field: str,
    show: Callable[[Any], str],
    width: int,
    *,
    number: bool = False,
    kinds: Mapping[str, str] | None = None,
) -> Column:
    return Column(field, texts.HEADS[field], show, width, number=number, kinds=kinds)


def _states() -> dict[str, Colour]:
    return {shared.state(state): colour for state, colour in STATES.items()}
