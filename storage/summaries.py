"""What runs and threads add up to, and the word index: kept in the transaction of the events."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    Connection,
    Double,
    Executable,
    bindparam,
    case,
    func,
    or_,
    select,
    update,
)

from conversation.events import Event, ToolCallsRequested, ToolExecuted
from conversation.history import HitKind
from conversation.prices import cost
from conversation.records import Message, Opening, Run, Write
from storage.columns import UtcTime
from storage.rows import Values, inserting
from storage.search_table import SearchRow
from storage.tables import MessageRow, RunRow, ThreadRow
from storage.words import words

_THREADS: Final = ThreadRow.__table__.c
_DOLLARS: Final[BindParameter[float]] = bindparam("dollars", type_=Double())
_JOINED: Final = (
    update(ThreadRow)
    .where(ThreadRow.id == bindparam("thread"))
    .values(
        runs=_THREADS.runs + 1,
        events=_THREADS.events + bindparam("more_events"),
        last_activity=bindparam("now", type_=UtcTime()),
        last_model=bindparam("model"),
        last_assistant_id=bindparam("assistant"),
        title=case((_THREADS.title == "", bindparam("words")), else_=_THREADS.title),
    )
    .returning(ThreadRow.id)
)
_SEEN: Final = (
    update(ThreadRow)
    .where(ThreadRow.id == bindparam("thread"))
    .values(
        events=_THREADS.events + bindparam("more_events"),
        last_activity=bindparam("now", type_=UtcTime()),
    )
)
_USED: Final = _SEEN.values(
    tokens=_THREADS.tokens + bindparam("more_tokens"),
    cost=func.coalesce(_THREADS.cost + _DOLLARS, _DOLLARS, _THREADS.cost),
)
_PRICING: Final = select(RunRow.provider, RunRow.model, RunRow.created_at).where(
    RunRow.id == bindparam("run")
)
_MOST_MESSAGES: Final = 1_000
# Whatever precedes a message that a run wrote, or was begun by, was entered when that run began.
_ENTERED: Final = (
    select(MessageRow.position)
    .where(
        MessageRow.branch_id == bindparam("branch"),
        or_(
            MessageRow.run_id.is_not(None),
            select(RunRow.id)
            .where(RunRow.message_id == MessageRow.id, RunRow.id != bindparam("run"))
            .exists(),
        ),
    )
    .order_by(MessageRow.position.desc())
    .limit(1)
    .scalar_subquery()
)
_NOT_ENTERED: Final = (
    select(MessageRow.role, MessageRow.id, MessageRow.text)
    .where(
        MessageRow.branch_id == bindparam("branch"),
        MessageRow.position > func.coalesce(_ENTERED, 0),
        MessageRow.position < bindparam("before"),
    )
    .order_by(MessageRow.position.desc())
    .limit(_MOST_MESSAGES)
)
_END: Final = 2**31 - 1
"""A position that no message has."""


def new_thread(run: Run, events: int, now: datetime) -> Values:
    """Return what a thread adds up to whose first run begins."""
    return {
        "runs": 1,
        "events": events,
        "last_activity": now,
        "last_model": run.spec.model,
        "last_assistant_id": run.spec.assistant_id,
    }


def run_begins(connection: Connection, run: Run, title: str, events: int, now: datetime) -> bool:
    """Add a run to its thread, which takes `title` if it has none; False without such a thread."""
    values = {
        "thread": run.thread_id,
        "more_events": events,
        "now": now,
        "model": run.spec.model,
        "assistant": run.spec.assistant_id,
        "words": title,
    }
    return connection.scalar(_JOINED, values) is not None


def run_moved(
    connection: Connection, step: Write, thread_id: str, dollars: float | None, now: datetime
) -> None:
    """Add a step of a run, and what it cost, to its thread."""
    values: Values = {"thread": thread_id, "more_events": len(step.events), "now": now}
    if step.usage is None:
        connection.execute(_SEEN, values)  # which leaves the indexes of tokens and cost alone
        return
    tokens = step.usage.input + step.usage.output
    connection.execute(_USED, values | {"more_tokens": tokens, "dollars": dollars})


def price(connection: Connection, step: Write) -> float | None:
    """Return what a step cost; None when it used nothing or the price is not known."""
    run = connection.execute(_PRICING, {"run": step.run_id}).one_or_none() if step.usage else None
    return cost(run.provider, run.model, step.usage, run.created_at) if run and step.usage else None


def calls_in(events: Iterable[Event]) -> int:
    """Return how many functions the model asked for."""
    return sum(len(event.calls) for event in events if isinstance(event, ToolCallsRequested))


def speaks(messages: Iterable[Message]) -> bool:
    """Tell whether one of the messages is the model's."""
    return any(message.role == "assistant" for message in messages)


Entry = tuple[HitKind, str, str]
"""What can be found: of which kind, the id of its message or call, and the text."""


def index_opening(connection: Connection, opening: Opening, now: datetime) -> None:
    """Enter a run's first messages into the word index, before they are there themselves.

    Those that had come to its thread without a run are entered with them, as this run's.
    """
    run = opening.run
    earlier = () if opening.thread else _not_entered(connection, opening)
    entries: Iterator[Entry] = (
        ("user_message" if role == "user" else "assistant_message", id_, text)
        for role, id_, text in (*earlier, *((m.role, m.id, m.text) for m in opening.messages))
    )
    index(connection, run.id, run.thread_id, entries, now)


def _not_entered(connection: Connection, opening: Opening) -> Iterable[tuple[str, str, str]]:
    """Return messages that came without a run since the last one: role, id and text."""
    branch = opening.branch
    values = {
        "run": opening.run.id,
        "branch": branch.parent_id if branch else opening.run.branch_id,
        "before": (branch.fork_position if branch else None) or _END,
    }
    return reversed(connection.execute(_NOT_ENTERED, values).all())


def index_step(connection: Connection, step: Write, thread_id: str, now: datetime) -> None:
    """Enter into the word index what is final with this step."""
    index(connection, step.run_id, thread_id, (*_said(step.messages), *_called(step.events)), now)


def index(
    connection: Connection, run_id: str, thread_id: str, entries: Iterable[Entry], now: datetime
) -> None:
    """Enter texts into the word index; those that are there already stay."""
    rows: list[dict[str, Any]] = [
        {
            "run_id": run_id,
            "thread_id": thread_id,
            "source": source,
            "kind": kind,
            "at": now,
            "words": words(text),
        }
        for kind, source, text in entries
        if text
    ]
    if rows:
        connection.execute(_entering(connection.dialect.name), rows)


@cache  # making it takes longer than executing it
def _entering(dialect: str) -> Executable:
    return inserting(dialect, SearchRow).on_conflict_do_nothing()


def _said(messages: Iterable[Message]) -> Iterator[Entry]:
    for message in messages:
        if message.role == "assistant" and message.status != "in_progress":
            yield "assistant_message", message.id, message.text


def _called(events: Iterable[Event]) -> Iterator[Entry]:
    for event in events:
        if isinstance(event, ToolExecuted):
            yield "tool_output", event.call_id, event.output
        elif isinstance(event, ToolCallsRequested):
            for call in event.calls:
                yield "tool_input", call.call_id, call.arguments
