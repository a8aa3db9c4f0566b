"""What has to hold for clients of the API, beyond what holds for every run."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Any, Final

from sqlalchemy import select

from storage.tables import AssistantRow, MessageRow, RunRow, ThreadRow
from tests.chaos.journal import Fact
from tests.chaos.rows import Rows

ApiCheck = Callable[[str, Sequence[Fact]], Iterator[str]]

_TABLES: Final[dict[str, Any]] = {"assistant": AssistantRow, "thread": ThreadRow, "run": RunRow}


def answers_were_right(url: str, facts: Sequence[Fact]) -> Iterator[str]:
    """No answer was one of those that nobody should see, and no log had holes."""
    for fact in facts:
        if fact.kind in {"wrong", "hole"}:
            yield " ".join((fact.kind, *fact.words))


def what_was_made_is_there_once(url: str, facts: Sequence[Fact]) -> Iterator[str]:
    """What was asked for is there once or not at all; what was promised is there as promised."""
    with closing(Rows(url)) as rows:
        for kind, table in _TABLES.items():
            made = rows.read(select(table.id, table.meta))
            there = [(meta["key"], made_id) for made_id, meta in made if "key" in meta]
            times = Counter(key for key, _ in there)
            yield from (f"the {kind} {key} is there {n} times" for key, n in times.items() if n > 1)
            promised = [fact.words for fact in facts if fact.kind == "kept"]
            for what, key, made_id in promised:
                if what == kind and (key, made_id) not in there:
                    yield f"the {kind} {made_id} was promised as {key} and is not there"


def posted_messages_are_there(url: str, facts: Sequence[Fact]) -> Iterator[str]:
    """A message that was accepted says what was said, where it was said."""
    with closing(Rows(url)) as rows:
        query = select(MessageRow.id, MessageRow.thread_id, MessageRow.text)
        said = {message_id: (thread, text) for message_id, thread, text in rows.read(query)}
    for fact in facts:
        if fact.kind == "posted":
            key, thread_id, message_id = fact.words
            where, text = said.get(message_id, ("", ""))
            if where != thread_id or (key != "-" and key not in text):
                yield f"{message_id} was accepted in {thread_id} as {key}: {where!r}, {text!r}"


def ends_are_what_was_seen(url: str, facts: Sequence[Fact]) -> Iterator[str]:
    """A run that a client has seen the end of ended so."""
    with closing(Rows(url)) as rows:
        states = dict(rows.read(select(RunRow.id, RunRow.state)))
    for fact in facts:
        if fact.kind == "seen":
            run_id, status = fact.words
            ended = {"error": "failed"}.get(str(states.get(run_id)), str(states.get(run_id)))
            if ended != status:
                yield f"{run_id} was seen as {status} and is {ended}"


API_CHECKS: Final[Sequence[ApiCheck]] = (
    answers_were_right,
    what_was_made_is_there_once,
    posted_messages_are_there,
    ends_are_what_was_seen,
)
