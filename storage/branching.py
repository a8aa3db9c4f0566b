"""Branches: forking one off, choosing one, and changing what else a thread shows."""

from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, select, update

from conversation.errors import NotFound, ThreadBusy
from conversation.records import Branch, Thread
from storage.rows import BRANCH, Values, branch_of, branch_values, thread_of
from storage.tables import UNDER_WAY, BranchRow, RunRow, ThreadRow

_UNDER_WAY: Final = select(RunRow.id).where(RunRow.thread_id == bindparam("thread"), UNDER_WAY)


def refuse_busy(connection: Connection, thread_id: str) -> None:
    """Raise `ThreadBusy` when a run is under way on the thread."""
    run_id = connection.scalar(_UNDER_WAY, {"thread": thread_id})
    if run_id is not None:
        raise ThreadBusy(thread_id, run_id)


def branches(connection: Connection, thread_id: str) -> list[Branch]:
    """Return a thread's branches: the first one, then the others as they were forked off."""
    query = (
        select(*BRANCH)
        .where(BranchRow.thread_id == thread_id)
        .order_by(BranchRow.forked_at.is_not(None), BranchRow.forked_at, BranchRow.id)
    )
    found = [branch_of(row) for row in connection.execute(query)]
    if not found:
        raise NotFound("thread", thread_id)
    return found


def add(connection: Connection, branch: Branch) -> None:
    """Add a branch to a thread and make it the active one."""
    connection.execute(insert(BranchRow), branch_values(branch))
    _activate(connection, branch.thread_id, branch.id)


def choose(connection: Connection, thread_id: str, branch_id: str) -> Thread:
    """Make a branch of the thread the active one, unless a run is under way."""
    thread = _activate(connection, thread_id, branch_id)  # locked, so that no run begins meanwhile
    known = select(BranchRow.id).where(BranchRow.id == branch_id, BranchRow.thread_id == thread_id)
    if connection.scalar(known) is None:
        raise NotFound("branch", branch_id)
    refuse_busy(connection, thread_id)
    return thread


def change(connection: Connection, thread_id: str, changes: Values) -> Thread:
    """Change columns of a thread."""
    query = update(ThreadRow).where(ThreadRow.id == thread_id).values(**changes)
    row = connection.execute(query.returning(*ThreadRow.__table__.c)).one_or_none()
    if row is None:
        raise NotFound("thread", thread_id)
    return thread_of(row)


def changes_of(title: str | None, pinned: bool | None, instructions: str | None) -> Values:
    """Return what is given as columns; a title is the person's who gives it."""
    given: dict[str, Any] = {"title": title, "pinned": pinned, "instructions": instructions}
    changes = {name: value for name, value in given.items() if value is not None}
    return changes if title is None else changes | {"titled_by": "person"}


def entitle(connection: Connection, thread_id: str, title: str) -> bool:
    """Give a thread a model's title; False where that is too late."""
    query = (
        update(ThreadRow)
        .where(ThreadRow.id == thread_id, ThreadRow.titled_by == "words")
        .values(title=title, titled_by="model")
    )
    return connection.execute(query).rowcount == 1


def _activate(connection: Connection, thread_id: str, branch_id: str) -> Thread:
    return change(connection, thread_id, {"active_branch_id": branch_id})
