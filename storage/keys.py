"""Keys of API clients."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, insert, or_, select, update

from conversation.api_ports import ApiKey
from conversation.errors import NotFound
from storage.api_tables import ApiKeyRow
from storage.rows import columns_of, values_of

_KEY: Final = columns_of(ApiKeyRow, ApiKey)


def add(connection: Connection, key: ApiKey) -> None:
    """Keep a key."""
    connection.execute(insert(ApiKeyRow), values_of(key))


def find_all(connection: Connection) -> list[ApiKey]:
    """Return all keys, oldest first."""
    query = select(*_KEY).order_by(ApiKeyRow.created_at, ApiKeyRow.number)
    return [ApiKey(**row._mapping) for row in connection.execute(query)]


def find(connection: Connection, digest: str) -> ApiKey | None:
    """Return the key with this digest, unless it was revoked."""
    query = select(*_KEY).where(ApiKeyRow.digest == digest, ApiKeyRow.revoked_at.is_(None))
    row = connection.execute(query).one_or_none()
    return None if row is None else ApiKey(**row._mapping)


def revoke(connection: Connection, key_id: str, at: datetime) -> None:
    """Let a key be of no use; one that was revoked before keeps its time."""
    query = update(ApiKeyRow).where(ApiKeyRow.id == key_id)
    query = query.values(revoked_at=func.coalesce(ApiKeyRow.revoked_at, at))
    if not connection.execute(query).rowcount:
        raise NotFound("key", key_id)


def used(connection: Connection, key_id: str, at: datetime) -> None:
    """Note when a key was last used."""
    earlier = or_(ApiKeyRow.used_at.is_(None), ApiKeyRow.used_at < at)
    connection.execute(update(ApiKeyRow).where(ApiKeyRow.id == key_id, earlier).values(used_at=at))
