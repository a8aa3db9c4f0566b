"""What the address says is shown; to choose something is to write it there.

What widgets hold (filters, pages) they bind to the address themselves, unless their labels are in
the visitor's language: `named` is for those.
"""

from dataclasses import dataclass
from typing import Final

import streamlit as st

from conversation.errors import NotFound
from conversation.history import Sort
from conversation.ids import is_id
from conversation.ports import Core
from ui.language import history_texts as texts

THREAD: Final = "thread_id"
RUN: Final = "run"
STEP: Final = "step"

VIEW: Final = "view"
PART: Final = "part"
SEARCH: Final = "q"
PAGE: Final = "page"
RUN_PAGE: Final = "run_page"
STEP_PAGE: Final = "step_page"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The thread, run and step that are chosen; `note` says what was not found."""

    thread_id: str | None = None
    run_id: str | None = None
    step: int | None = None
    note: str = ""


def place(core: Core) -> Place:
    """Return what the address names; what is not there is taken out of it."""
    thread_id, run_id = _parameter(THREAD), _parameter(RUN)
    if run_id and (thread_of_run := _thread_of(core, run_id)) is None:
        _write(RUN, None)
        return Place(thread_id=_known(core, thread_id), note=texts.UNKNOWN_RUN)
    if run_id:
        return Place(thread_id=thread_of_run, run_id=run_id, step=step())
    if thread_id and not _known(core, thread_id):
        _write(THREAD, None)
        return Place(note=texts.UNKNOWN_THREAD)
    return Place(thread_id=thread_id)


def step() -> int | None:
    """Return the number of the step that is chosen."""
    return _number(_parameter(STEP))


def page(name: str) -> int:
    """Return which page of a list is shown; its widget, drawn later, may not know yet."""
    known = st.session_state.get(name)
    return known if isinstance(known, int) else max(1, _number(_parameter(name)) or 1)


def choose_thread(thread_id: str) -> None:
    """Show this thread."""
    _write(THREAD, thread_id)
    _write(RUN, None)
    _write(STEP, None)
    st.session_state[RUN_PAGE] = 1


def choose_run(run_id: str, thread_id: str | None = None) -> None:
    """Show this run."""
    if thread_id:
        _write(THREAD, thread_id)
    _write(RUN, run_id)
    _write(STEP, None)
    st.session_state[STEP_PAGE] = 1


def choose_step(seq: str) -> None:
    """Show this step."""
    _write(STEP, seq)


def open_run(thread_id: str, run_id: str | None) -> None:
    """Show a thread, and a run of it, among all threads."""
    st.session_state[VIEW] = "threads"
    choose_thread(thread_id)
    if run_id:
        choose_run(run_id)


def leave_thread() -> None:
    """Choose nothing."""
    for name in (THREAD, RUN, STEP):
        _write(name, None)


def sort(name: str, columns: tuple[str, ...], default: Sort) -> Sort:
    """Return how the list is sorted: `name` in the address is a column, with `-` downwards."""
    wanted = _parameter(name) or ""
    column = wanted.removeprefix("-")
    if column not in columns:
        return default
    return Sort(column=column, descending=wanted.startswith("-"))


def choose_sort(name: str, column: str, descending: bool) -> None:
    """Sort by this column."""
    _write(name, f"-{column}" if descending else column)


def _parameter(name: str) -> str | None:
    return st.query_params.get(name)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 8 else None


def _write(name: str, value: str | None) -> None:
    if value is None:
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = value


def _known(core: Core, thread_id: str | None) -> str | None:
    if not thread_id or not is_id(thread_id, "thread"):
        return None
    try:
        return core.store.thread(thread_id).id
    except NotFound:
        return None


def _thread_of(core: Core, run_id: str) -> str | None:
    if not is_id(run_id, "run"):
        return None
    try:
        return core.store.run(run_id).thread_id
    except NotFound:
        return None
