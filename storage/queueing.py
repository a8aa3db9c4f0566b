"""Messages that wait for the exchange before them."""

from collections.abc import Collection

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from conversation.errors import NotFound
from conversation.records import QueuedMessage
from conversation.script import State
from storage import reading
from storage.rows import columns_of, values_of
from storage.tables import RunRow, ThreadRow
from storage.thread_tables import QueuedRow

_QUEUED = columns_of(QueuedRow, QueuedMessage)
_NEWEST = (
    select(RunRow.state)
    .where(RunRow.thread_id == QueuedRow.thread_id)
    .order_by(RunRow.created_at.desc(), RunRow.number.desc())
    .limit(1)
    .scalar_subquery()
)
_FIRST = (
    select(*_QUEUED)
    .where(
        _NEWEST.in_(bindparam("behind", expanding=True)),
        QueuedRow.number.in_(select(func.min(QueuedRow.number)).group_by(QueuedRow.thread_id)),
    )
    .order_by(QueuedRow.number)
)
_OF_RUN = select(RunRow.thread_id).where(RunRow.id == bindparam("run")).scalar_subquery()
_BEHIND_RUN = (
    select(*_QUEUED)
    .where(
        QueuedRow.thread_id == _OF_RUN,
        _NEWEST.in_(bindparam("behind", expanding=True)),
    )
    .order_by(QueuedRow.number)
    .limit(1)
)


def enqueue(connection: Connection, message: QueuedMessage) -> None:
    """Put a message at the end of its thread's queue."""
    thread = select(ThreadRow.id).where(ThreadRow.id == message.thread_id)
    # Locked, so that the thread is not deleted meanwhile.
    if connection.scalar(thread.with_for_update(read=True, key_share=True)) is None:
        raise NotFound("thread", message.thread_id)
    connection.execute(insert(QueuedRow), values_of(message))


def queue(connection: Connection, thread_id: str) -> list[QueuedMessage]:
    """Return the messages that wait in a thread, oldest first."""
    query = select(*_QUEUED).where(QueuedRow.thread_id == thread_id).order_by(QueuedRow.number)
    found = [QueuedMessage(**row._mapping) for row in connection.execute(query)]
    if not found:
        reading.thread(connection, thread_id)
    return found


def first_waiting(
    connection: Connection, behind: Collection[State], run_id: str | None
) -> list[QueuedMessage]:
    """Return the first message of each queue, or that of a run, behind a run in such a state."""
    given = {"behind": list(behind), "run": run_id}
    rows = connection.execute(_FIRST if run_id is None else _BEHIND_RUN, given)
    return [QueuedMessage(**row._mapping) for row in rows]


def dequeue(connection: Connection, queued_id: str) -> bool:
    """Drop a message that waits; False when it waits no more."""
    return connection.execute(delete(QueuedRow).where(QueuedRow.id == queued_id)).rowcount == 1


def take(connection: Connection, queued_id: str) -> None:
    """Take a message out of the queue, or raise `NotFound`."""
    if not dequeue(connection, queued_id):
        raise NotFound("queued message", queued_id)
