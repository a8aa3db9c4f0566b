"""What people think of answers, and what they have set for themselves."""

from collections.abc import Collection, Mapping
from typing import Final

from sqlalchemy import Connection, delete, select

from conversation.errors import NotFound
from conversation.records import Feedback
from storage.paging import slices
from storage.rows import columns_of, put, values_of
from storage.tables import RunRow, ThreadRow
from storage.thread_tables import FeedbackRow, PreferenceRow

_FEEDBACK: Final = columns_of(FeedbackRow, Feedback)


def rate(connection: Connection, feedback: Feedback) -> None:
    """Keep what a person thinks of a run's answer, in place of what they thought before."""
    thread = select(ThreadRow.id).join(RunRow, RunRow.thread_id == ThreadRow.id)
    thread = thread.where(RunRow.id == feedback.run_id)
    # Locked, so that the thread is not deleted meanwhile.
    if connection.scalar(thread.with_for_update(read=True, key_share=True, of=ThreadRow)) is None:
        raise NotFound("run", feedback.run_id)
    put(connection, FeedbackRow, [values_of(feedback)])


def unrate(connection: Connection, run_id: str) -> None:
    """Forget what a person thinks of a run's answer."""
    connection.execute(delete(FeedbackRow).where(FeedbackRow.run_id == run_id))


def feedback(connection: Connection, run_ids: Collection[str]) -> dict[str, Feedback]:
    """Return what people think, by run."""
    found: dict[str, Feedback] = {}
    for ids in slices(run_ids):
        query = select(*_FEEDBACK).where(FeedbackRow.run_id.in_(ids))
        found |= {row.run_id: Feedback(**row._mapping) for row in connection.execute(query)}
    return found


def preferences(connection: Connection, owner: str) -> dict[str, str]:
    """Return what somebody has set for themselves, by name."""
    query = select(PreferenceRow.name, PreferenceRow.value).where(PreferenceRow.owner == owner)
    return {row.name: row.value for row in connection.execute(query.order_by(PreferenceRow.name))}


def prefer(connection: Connection, owner: str, given: Mapping[str, str]) -> None:
    """Keep these preferences, besides the others."""
    rows = [{"owner": owner, "name": name, "value": given[name]} for name in sorted(given)]
    put(connection, PreferenceRow, rows)
