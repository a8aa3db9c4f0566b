"""What a run's end closes: messages and steps that are still in progress."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, select, update

from conversation.records import Message, Write
from storage import texts
from storage.rules import message_reason, step_status
from storage.summaries import Entry, index
from storage.tables import MessageRow, StepRow

_STILL_OPEN: Final = select(MessageRow.id).where(
    MessageRow.run_id == bindparam("run"), MessageRow.status == "in_progress"
)
_CLOSING_STEPS: Final = (
    update(StepRow)
    .where(StepRow.run_id == bindparam("run"), StepRow.status == "in_progress")
    .values(status=bindparam("closed"), ended_at=bindparam("now"))
)


def close(connection: Connection, ending: Write, thread_id: str, now: datetime) -> None:
    """Close what the ended run left open; its messages keep what was flushed of them."""
    _close_steps(connection, ending, now)
    if connection.scalars(_STILL_OPEN, {"run": ending.run_id}).first():
        partial = _close_messages(connection, ending, now)
        entries: Iterator[Entry] = (("assistant_message", one.id, one.text) for one in partial)
        index(connection, ending.run_id, thread_id, entries, now)


def _close_steps(connection: Connection, ending: Write, now: datetime) -> None:
    values = {"run": ending.run_id, "closed": step_status(ending), "now": now}
    connection.execute(_CLOSING_STEPS, values)


def _close_messages(connection: Connection, ending: Write, now: datetime) -> list[Message]:
    partial = [m for m in texts.of_run(connection, ending.run_id) if m.status == "in_progress"]
    connection.execute(
        update(MessageRow)
        .where(MessageRow.id == bindparam("message"))
        .values(
            text=bindparam("flushed"),
            status="incomplete",
            incomplete_reason=message_reason(ending),
            ended_at=now,
        ),
        [{"message": message.id, "flushed": message.text} for message in partial],
    )
    return partial
