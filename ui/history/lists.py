"""The three lists that lead to a step: threads, the runs of one (or of all), the log of one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

import streamlit as st

from conversation.history import Filter, Found, History, RunLine, Sort, StepLine, ThreadLine, Window
from ui.history import address, columns
from ui.history.cells import zone
from ui.history.grid import Column, Grid
from ui.language import counted
from ui.language import history_texts as texts

Row = TypeVar("Row")

SORT: Final = "sort"
RUN_SORT: Final = "run_sort"
STEP_SORT: Final = "step_sort"
CALLS: Final = "calls"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """How one list is addressed: its name in texts, and its page and order in the address."""

    what: str
    page: str
    sort: str
    first: Sort
    columns: tuple[Column, ...]

    @property
    def order(self) -> Sort:
        """The order that the address asks for."""
        fields = tuple(column.field for column in self.columns)
        return address.sort(self.sort, fields, self.first)

    def window(self, size: int) -> Window:
        """Return the part of the list that the address asks for."""
        return Window(page=address.page(self.page), size=size)


def draw_threads(
    history: History, wanted: Filter, size: int, chosen: str | None
) -> Sequence[ThreadLine]:
    """Draw the threads that fit; return those of this page."""
    listing = Listing(
        what="threads",
        page=address.PAGE,
        sort=SORT,
        first=columns.THREADS_FIRST,
        columns=columns.thread_columns(zone()),
    )
    grid = _grid("threads", listing, lambda row: row.thread_id, address.choose_thread)
    return _draw(listing, partial(history.threads, wanted), grid, size, chosen)


def draw_runs(history: History, wanted: Filter, size: int, chosen: str | None) -> Sequence[RunLine]:
    """Draw the runs that fit, of one thread or of all; return those of this page."""
    of_one = wanted.thread_id is not None
    listing = Listing(
        what="runs",
        page=address.RUN_PAGE if of_one else address.PAGE,
        sort=RUN_SORT if of_one else SORT,
        first=columns.RUNS_FIRST,
        columns=columns.run_columns(zone()),
    )
    grid = _grid(
        f"runs-{wanted.thread_id or 'all'}", listing, lambda row: row.run_id, address.choose_run
    )
    return _draw(listing, partial(history.runs, wanted), grid, size, chosen)


def draw_steps(history: History, run_id: str, size: int, chosen: int | None) -> Sequence[StepLine]:
    """Draw a run's log, or its calls only; return what this page has of it."""
    calls_only = st.toggle(texts.CALLS_ONLY, key=CALLS, bind="query-params")
    listing = Listing(
        what="steps",
        page=address.STEP_PAGE,
        sort=STEP_SORT,
        first=columns.STEPS_FIRST,
        columns=columns.step_columns(zone()),
    )
    grid = _grid(f"steps-{run_id}", listing, lambda row: str(row.seq), address.choose_step)

    def read(order: Sort, window: Window) -> Found[StepLine]:
        return history.steps(run_id, window, calls_only=calls_only, sort=order)

    return _draw(listing, read, grid, size, None if chosen is None else str(chosen))


def draw_head(what: str, key: str, total: int, size: int) -> None:
    """Draw how long a list is, and the way to its other pages."""
    pages = -(-total // size)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.markdown(f"**{counted(texts.COUNTS[what], total)}**", width="content")
        if pages > 1:
            st.pagination(pages, key=key, max_visible_pages=5, width=340, bind="query-params")


def _grid(
    key: str, listing: Listing, identity: Callable[[Any], str], choose: Callable[[str], None]
) -> Grid[Any]:
    return Grid(
        key=key,
        columns=listing.columns,
        identity=identity,
        choose=choose,
        sort_by=partial(address.choose_sort, listing.sort),
    )


def _draw(
    listing: Listing,
    read: Callable[[Sort, Window], Found[Row]],
    grid: Grid[Row],
    size: int,
    chosen: str | None,
) -> Sequence[Row]:
    """Read one page of a list and draw it, under how many there are in all."""
    window, order = listing.window(size), listing.order
    found = read(order, window)
    if not found.rows and found.total:  # the list has become shorter than the address thinks
        window = Window(page=-(-found.total // size), size=size)
        st.session_state[listing.page] = window.page
        found = read(order, window)
    draw_head(listing.what, listing.page, found.total, size)
    if found.rows:
        grid.draw(found.rows, chosen, order)
    return found.rows
