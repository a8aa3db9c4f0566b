"""A filter as conditions on runs, pushed down to the database."""

from dataclasses import replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, not_, select

from conversation.history import EVERYTHING, Filter
from conversation.script import State
from storage.search import runs_found, threads_found
from storage.tables import RunRow, ThreadRow, ToolCallRow
from storage.thread_tables import FeedbackRow
from storage.words import parse

FAILED: Final = (State.ERROR, State.EXPIRED, State.INCOMPLETE)
"""How a run ends that should have gone on and was not stopped by a person."""

_LARGEST: Final = 2**31 - 1


def is_limited(wanted: Filter) -> bool:
    """Tell whether the filter leaves any run out."""
    others = replace(wanted, text="", pinned=None, title="")
    return others != EVERYTHING or bool(parse(wanted.text))


def fitting(wanted: Filter, dialect: str) -> list[ColumnElement[bool]]:
    """Return the conditions on a run that the filter stands for."""
    conditions = [*_in_time(wanted), *_one_of(wanted), *_above(wanted)]
    if wanted.thread_id is not None:
        conditions.append(RunRow.thread_id == wanted.thread_id)
    if wanted.ratings:
        rated = select(FeedbackRow.run_id).where(FeedbackRow.rating.in_(sorted(wanted.ratings)))
        conditions.append(RunRow.id.in_(rated))
    if wanted.tools:
        conditions.append(_calls_one_of(wanted.tools))
    if wanted.failed is not None:
        failed = RunRow.state.in_(FAILED)
        conditions.append(failed if wanted.failed else not_(failed))
    if terms := parse(wanted.text):
        conditions.append(RunRow.id.in_(runs_found(terms, dialect)))
    return conditions


def threads_fitting(wanted: Filter, dialect: str) -> list[ColumnElement[bool]]:
    """Return the conditions on a thread that the filter stands for."""
    conditions = [] if wanted.pinned is None else [ThreadRow.pinned == wanted.pinned]
    if wanted.title:
        conditions.append(ThreadRow.title.icontains(wanted.title, autoescape=True))
    if not is_limited(wanted):
        return conditions
    if is_limited(replace(wanted, text="")):
        threads = select(RunRow.thread_id).where(*fitting(wanted, dialect))
    else:
        threads = threads_found(parse(wanted.text), dialect)
    return [*conditions, ThreadRow.id.in_(threads)]


def others_fitting(wanted: Filter, dialect: str) -> Select[str] | None:
    """Return the query for the ids of the runs that fit but for the text; None for any run."""
    rest = replace(wanted, text="")
    return select(RunRow.id).where(*fitting(rest, dialect)) if is_limited(rest) else None


def _in_time(wanted: Filter) -> list[ColumnElement[bool]]:
    conditions = []
    if wanted.since is not None:
        conditions.append(RunRow.created_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(RunRow.created_at < wanted.until)
    return conditions


def _one_of(wanted: Filter) -> list[ColumnElement[bool]]:
    choices: tuple[tuple[Any, frozenset[Any]], ...] = (
        (RunRow.id, wanted.run_ids),
        (RunRow.state, wanted.states),
        (RunRow.provider, wanted.providers),
        (RunRow.model, wanted.models),
        (RunRow.assistant_id, wanted.assistants),
    )
    return [column.in_(sorted(values)) for column, values in choices if values]


def _above(wanted: Filter) -> list[ColumnElement[bool]]:
    conditions = []
    if wanted.longer_than is not None:
        conditions.append(RunRow.duration > wanted.longer_than)
    if wanted.more_tokens_than is not None:
        conditions.append(RunRow.tokens > max(-1, min(wanted.more_tokens_than, _LARGEST)))
    return conditions


def _calls_one_of(names: frozenset[str]) -> ColumnElement[bool]:
    calls = select(ToolCallRow.run_id).where(ToolCallRow.name.in_(sorted(names)))
    return RunRow.id.in_(calls)
