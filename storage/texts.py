"""Streamed text on its way into messages."""

from collections import defaultdict
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, delete, exists, func, literal, select

from conversation.records import Message, PendingText
from storage.columns import UtcTime, Words
from storage.rows import MESSAGE, inserting, message_of
from storage.rules import joined, with_text
from storage.tables import DeltaRow, MessageRow, RunRow

_COLUMNS: Final = ["message_id", "offset", "text", "at"]
_WANTED: Final = (
    select(
        MessageRow.id,
        bindparam("to_offset", type_=DeltaRow.offset.type),
        bindparam("piece", type_=Words()),
        bindparam("now", type_=UtcTime()),
    )
    .join(RunRow, RunRow.id == MessageRow.run_id)
    .where(
        MessageRow.id == bindparam("message"),
        MessageRow.status == "in_progress",
        RunRow.id == bindparam("run"),
        RunRow.fence == bindparam("by_fence"),
    )
)


_OWN: Final = (
    select(*MESSAGE).where(MessageRow.run_id == bindparam("run")).order_by(MessageRow.position)
)
_FLUSHED: Final = (
    select(DeltaRow.message_id, DeltaRow.offset, DeltaRow.text)
    .join(MessageRow, MessageRow.id == DeltaRow.message_id)
    .where(MessageRow.run_id == bindparam("run"), MessageRow.status == "in_progress")
)


def append(connection: Connection, texts: tuple[PendingText, ...], now: datetime) -> None:
    """Keep the pieces whose message is in progress and whose run has their fence."""
    pieces = [
        {
            "message": text.message_id,
            "run": text.run_id,
            "by_fence": text.fence,
            "to_offset": text.offset,
            "piece": text.text,
            "now": now,
        }
        for text in texts
    ]
    if pieces:
        wanted = inserting(connection.dialect.name, DeltaRow).from_select(_COLUMNS, _WANTED)
        connection.execute(wanted.on_conflict_do_nothing(), pieces)


def of_run(connection: Connection, run_id: str) -> list[Message]:
    """Return the run's own messages, oldest first, those in progress with what was flushed."""
    flushed: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    for message_id, offset, text in connection.execute(_FLUSHED, {"run": run_id}):
        flushed[message_id].append((offset, text))
    messages = [message_of(row) for row in connection.execute(_OWN, {"run": run_id})]
    return [with_text(message, joined(flushed[message.id])) for message in messages]


def sweep(connection: Connection, ended_before: datetime) -> int:
    """Remove the pieces of messages that were final by then; return how many there were."""
    ended_at = func.coalesce(MessageRow.ended_at, MessageRow.created_at)
    final = exists().where(
        MessageRow.id == DeltaRow.message_id,
        MessageRow.status != "in_progress",
        ended_at < literal(ended_before, UtcTime()),
    )
    return connection.execute(delete(DeltaRow).where(final)).rowcount
