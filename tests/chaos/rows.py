"""What has to hold among the rows of a database, beyond what a store shows of them."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, create_engine, func, select

from conversation.records import Run
from conversation.script import State
from storage.tables import (
    DeltaRow,
    EventRow,
    MessageRow,
    RunRow,
    StepRow,
    ThreadRow,
    WorkerRow,
)
from storage.thread_tables import ModelCallRow, QueuedRow
from tests.chaos.invariants import Evidence

TRIES_OF_A_PROCESS: Final = 100


class Rows:
    """A database, read row by row."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url)

    def read(self, query: Any) -> list[Any]:
        """Return the rows of a query."""
        with self._engine.connect() as connection:
            return _all(connection, query)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()


RowCheck = Callable[[Evidence, Rows], Iterator[str]]


def messages_are_there_once(left: Evidence, rows: Rows) -> Iterator[str]:
    """A message that was asked for is there once or not at all, one that was accepted once."""
    asked = [fact.words[0] for fact in left.told("asked")]
    promised = {fact.words[0] for kind in ("accepted", "queued") for fact in left.told(kind)}
    promised.discard("-")
    texts = rows.read(select(MessageRow.text).where(MessageRow.role == "user"))
    there = Counter(key for (text,) in texts for key in _keys(text))
    for key in asked:
        if there[key] > 1:
            yield f"the message {key} is there {there[key]} times"
    for key in promised:
        if not there[key]:
            yield f"the message {key} was accepted and is not there"
    yield from _positions(rows)


def queues_kept_their_order(left: Evidence, rows: Rows) -> Iterator[str]:
    """What one process sent to a thread, at once or through its queue, was sent in that order."""
    for (thread_id,) in rows.read(select(QueuedRow.thread_id)):
        yield f"a message still waits in {thread_id}"
    query = select(MessageRow.text).join(RunRow, RunRow.message_id == MessageRow.id)
    sent = [key for (text,) in rows.read(query.order_by(RunRow.number)) for key in _keys(text)]
    place = {key: number for number, key in reversed(list(enumerate(sent)))}
    lines: defaultdict[tuple[int, str], list[str]] = defaultdict(list)
    for fact in left.facts:
        if fact.kind == "queued" or (fact.kind == "accepted" and fact.words[3] == "send"):
            lines[fact.pid, fact.words[1]].append(fact.words[0])
    for (_, thread_id), keys in lines.items():
        places = [place[key] for key in keys if key in place]
        if places != sorted(places):
            yield f"in {thread_id} the order was {keys}, and became {places}"


def nothing_is_left_of_the_dead(left: Evidence, rows: Rows) -> Iterator[str]:
    """No worker, no streamed text, no half of a step."""
    for table in (WorkerRow, DeltaRow):
        [(count,)] = rows.read(select(func.count()).select_from(table))
        if count:
            yield f"{table.__tablename__} has {count} rows left"
    query = select(StepRow.id, StepRow.run_id).where(StepRow.status == "in_progress")
    for step_id, run_id in rows.read(query):
        yield f"{step_id} of {run_id} is still in progress"


def sums_are_right(left: Evidence, rows: Rows) -> Iterator[str]:
    """What threads add up to is what there is."""
    events = dict(rows.read(select(EventRow.run_id, func.count()).group_by(EventRow.run_id)))
    runs: Counter[str] = Counter()
    logged: Counter[str] = Counter()
    tokens: Counter[str] = Counter()
    for run in left.runs:
        runs[run.thread_id] += 1
        logged[run.thread_id] += events.get(run.id, 0)
        tokens[run.thread_id] += run.usage.input + run.usage.output
    query = select(ThreadRow.id, ThreadRow.runs, ThreadRow.events, ThreadRow.tokens)
    for thread_id, *shown in rows.read(query):
        there = [runs[thread_id], logged[thread_id], tokens[thread_id]]
        if shown != there:
            yield f"{thread_id} shows {shown} runs, events, tokens; there are {there}"


def model_calls_are_sane(left: Evidence, rows: Rows) -> Iterator[str]:
    """Requests are numbered without holes, by whoever sent them, and a whole answer came."""
    table = ModelCallRow
    query = select(
        table.run_id, table.number, table.attempt, table.response.is_not(None), table.ended_at
    ).order_by(table.run_id, table.number, table.attempt)
    calls: defaultdict[str, list[tuple[int, int, bool, Any]]] = defaultdict(list)
    for run_id, number, attempt, answered, ended_at in rows.read(query):
        calls[run_id].append((number, attempt, answered, ended_at))
    for run in left.runs:
        yield from _sane(run, calls[run.id])


def _sane(run: Run, calls: list[tuple[int, int, bool, Any]]) -> Iterator[str]:
    numbers = sorted({number for number, *_ in calls})
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"{run.id} has the requests {numbers}"
    for number, attempt, *_ in calls:
        if (attempt - 1) // TRIES_OF_A_PROCESS >= max(1, run.attempt):
            yield f"request {number} of {run.id} was tried by {attempt}, the run by {run.attempt}"
    if run.state is State.COMPLETED:
        if not calls or not calls[-1][2]:
            yield f"{run.id} is complete without an answer: {calls}"
        elif calls[-1][3] is None:
            yield f"the last request of {run.id} has not ended"


def _positions(rows: Rows) -> Iterator[str]:
    query = (
        select(MessageRow.thread_id, MessageRow.branch_id, MessageRow.position)
        .group_by(MessageRow.thread_id, MessageRow.branch_id, MessageRow.position)
        .having(func.count() > 1)
    )
    for thread_id, branch_id, position in rows.read(query):
        yield f"{thread_id} has more than one message at {position} of {branch_id}"


def _keys(text: str) -> set[str]:
    """Return the keys in a message; those of several calls end in a letter."""
    words = text.replace('"', " ").split()
    return {w.rstrip("abc") for w in words if w[0] == "k" and w[1:].rstrip("abc").isdigit()}


def _all(connection: Connection, query: Any) -> list[Any]:
    return [tuple(row) for row in connection.execute(query)]


ROW_CHECKS: Final[Sequence[RowCheck]] = (
    messages_are_there_once,
    queues_kept_their_order,
    nothing_is_left_of_the_dead,
    sums_are_right,
    model_calls_are_sane,
)
