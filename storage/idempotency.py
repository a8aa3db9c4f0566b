"""Requests that are carried out once: a compare-and-set on the project and the idempotency key."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, select, update

from conversation.api_ports import Once
from storage.api_tables import OnceRow
from storage.rows import columns_of, inserting, values_of

_ONCE: Final = columns_of(OnceRow, Once)


def begin(connection: Connection, once: Once) -> Once | None:
    """Reserve a key; None when it was free, else what was reserved before."""
    while not _reserved(connection, once):
        before = _find(connection, once.project_id, once.key)
        if before is not None:  # else it was freed between the two looks
            return before
    return None


def finish(connection: Connection, project_id: str, key: str, status: int, body: str) -> None:
    """Keep the answer to a request."""
    query = update(OnceRow).where(*_named(project_id, key))
    connection.execute(query.values(status=status, body=body))


def forget(connection: Connection, project_id: str, key: str) -> None:
    """Free a key."""
    connection.execute(delete(OnceRow).where(*_named(project_id, key)))


def sweep(connection: Connection, before: datetime) -> int:
    """Forget requests that old; return how many."""
    return connection.execute(delete(OnceRow).where(OnceRow.created_at < before)).rowcount


def _reserved(connection: Connection, once: Once) -> bool:
    adding = inserting(connection.dialect.name, OnceRow).values(values_of(once))
    added = adding.on_conflict_do_nothing().returning(OnceRow.key)
    return connection.scalar(added) is not None


def _find(connection: Connection, project_id: str, key: str) -> Once | None:
    row = connection.execute(select(*_ONCE).where(*_named(project_id, key))).one_or_none()
    return None if row is None else Once(**row._mapping)


def _named(project_id: str, key: str) -> tuple[ColumnElement[Any], ...]:
    return OnceRow.project_id == project_id, OnceRow.key == key
