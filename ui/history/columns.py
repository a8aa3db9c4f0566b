"""The columns of the three grids: a field of the row, its heading, how it is shown, its width."""

from datetime import tzinfo
from functools import partial
from typing import Final

from conversation.history import Sort
from ui import texts as shared
from ui.history import cells
from ui.history.grid import Column

THREADS_FIRST: Final = Sort(column="last_activity")
RUNS_FIRST: Final = Sort(column="created_at")
STEPS_FIRST: Final = Sort(column="seq", descending=False)

_STATES: Final = {shared.state(state): colour for state, colour in shared.STATES.items()}


def thread_columns(where: tzinfo) -> tuple[Column, ...]:
    """Return the columns of a list of threads; times are shown in that zone."""
    moment = partial(cells.moment, where=where)
    return (
        Column("title", "Title", cells.title, 260),
        Column("last_activity", "Last activity", moment, 160),
        Column("runs", "Runs", cells.count, 75, number=True),
        Column("events", "Events", cells.count, 85, number=True),
        Column("tokens", "Tokens", cells.count, 95, number=True),
        Column("cost", "Cost", cells.money, 95, number=True),
        Column("model", "Model", cells.line, 150),
        Column("assistant_id", "Assistant", cells.line, 150),
        Column("created_at", "Created", moment, 160),
        Column("thread_id", "Thread", cells.line, 270),
    )


def run_columns(where: tzinfo) -> tuple[Column, ...]:
    """Return the columns of a list of runs; times are shown in that zone."""
    return (
        Column("created_at", "Created", partial(cells.moment, where=where), 160),
        Column("state", "Status", shared.state, 130, kinds=_STATES),
        Column("error_code", "Error", cells.line, 150),
        Column("duration", "Duration", cells.seconds, 95, number=True),
        Column("first_token", "First token", cells.seconds, 105, number=True),
        Column("tool_calls", "Calls", cells.count, 75, number=True),
        Column("events", "Events", cells.count, 85, number=True),
        Column("tokens", "Tokens", cells.count, 95, number=True),
        Column("cost", "Cost", cells.money, 95, number=True),
        Column("model", "Model", cells.line, 150),
        Column("provider", "Provider", cells.line, 105),
        Column("assistant_id", "Assistant", cells.line, 150),
        Column("run_id", "Run", cells.line, 250),
    )


def step_columns(where: tzinfo) -> tuple[Column, ...]:
    """Return the columns of a run's log; times of day are shown in that zone."""
    return (
        Column("seq", "#", str, 75, number=True),
        Column("type", "Type", cells.line, 165),
        Column("tool", "Tool", cells.line, 130),
        Column("input", "Input", cells.line, 250),
        Column("output", "Output", cells.line, 290),
        Column("state", "State", shared.state, 170, kinds=_STATES),
        Column("duration", "Duration", cells.seconds, 95, number=True),
        Column("at", "At", partial(cells.instant, where=where), 115),
    )
