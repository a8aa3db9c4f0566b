"""Threads and messages that come without a run, and what API clients change: jobs for the writer.

Whoever adds or removes a message first takes the thread's row, as whoever begins a run does; so
no run begins between the look for one and the change.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update

from conversation.errors import NotFound
from conversation.records import Message, Run, Thread
from storage import branching, reading, writing
from storage.rows import MESSAGE, Values, message_of, run_of
from storage.rules import title_in, titled
from storage.search_table import SearchRow
from storage.tables import DeltaRow, MessageRow, RunRow, ThreadRow


def add_thread(
    connection: Connection, thread: Thread, messages: tuple[Message, ...], now: datetime
) -> Thread:
    """Begin a thread, with messages in this order."""
    thread = titled(thread, messages)
    writing.add_thread(connection, thread, {"last_activity": now})
    writing.put_messages(connection, messages)
    return thread


def add_message(connection: Connection, message: Message, now: datetime) -> Message:
    """Put a message at the end of its thread's active branch."""
    thread = branching.change(connection, message.thread_id, {"last_activity": now})
    branching.refuse_busy(connection, thread.id)
    if not thread.title and (title := title_in((message,))):
        branching.change(connection, thread.id, {"title": title})
    writing.put_messages(connection, (replace(message, branch_id=thread.branch_id),))
    return reading.message(connection, message.id)


def change_message(connection: Connection, message_id: str, metadata: Mapping[str, str]) -> Message:
    """Give a message other metadata."""
    query = update(MessageRow).where(MessageRow.id == message_id)
    query = query.values(metadata=dict(metadata))
    row = connection.execute(query.returning(*MESSAGE)).one_or_none()
    if row is None:
        raise NotFound("message", message_id)
    return message_of(row)


def remove_message(connection: Connection, message_id: str) -> None:
    """Delete a message."""
    thread_id = reading.message(connection, message_id).thread_id
    runs = select(RunRow.id).where(RunRow.thread_id == thread_id)
    connection.execute(select(ThreadRow.id).where(ThreadRow.id == thread_id).with_for_update())
    branching.refuse_busy(connection, thread_id)
    connection.execute(delete(DeltaRow).where(DeltaRow.message_id == message_id))
    connection.execute(
        delete(SearchRow).where(SearchRow.run_id.in_(runs), SearchRow.source == message_id)
    )
    if not connection.execute(delete(MessageRow).where(MessageRow.id == message_id)).rowcount:
        raise NotFound("message", message_id)


def set_thread(
    connection: Connection,
    thread_id: str,
    metadata: Mapping[str, str] | None,
    resources: Mapping[str, object] | None,
) -> Thread:
    """Change what is given."""
    given: dict[str, Mapping[str, Any] | None] = {"metadata": metadata, "resources": resources}
    changes: Values = {name: dict(value) for name, value in given.items() if value is not None}
    if not changes:
        return reading.thread(connection, thread_id)
    return branching.change(connection, thread_id, changes)


def set_run(connection: Connection, run_id: str, metadata: Mapping[str, str]) -> Run:
    """Give a run other metadata."""
    query = update(RunRow).where(RunRow.id == run_id).values(metadata=dict(metadata))
    row = connection.execute(query.returning(*RunRow.__table__.c)).one_or_none()
    if row is None:
        raise NotFound("run", run_id)
    return run_of(row)
