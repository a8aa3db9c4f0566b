"""Assistants and their versions."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, func, insert, select, update

from conversation.errors import NotFound
from conversation.records import Assistant, Page
from storage.paging import listed
from storage.tables import AssistantRow, AssistantVersionRow


def save(connection: Connection, assistant: Assistant, now: datetime) -> Assistant:
    """Create it, or make a new version of it; return it with its version."""
    version = connection.scalar(
        update(AssistantRow)
        .where(AssistantRow.id == assistant.id)
        .values(version=AssistantRow.version + 1, metadata=assistant.metadata)
        .returning(AssistantRow.version)
    )
    if version is None:
        saved = replace(assistant, version=1)
        _add(connection, saved)
    else:
        saved = replace(
            assistant, version=version, created_at=find(connection, assistant.id, 1).created_at
        )
    connection.execute(
        insert(AssistantVersionRow),
        {"assistant_id": saved.id, "version": saved.version, "body": saved, "saved_at": now},
    )
    return saved


def find(connection: Connection, assistant_id: str, version: int | None) -> Assistant:
    """Return the newest (or the named) version."""
    wanted = AssistantRow.version if version is None else version
    query = (
        select(AssistantVersionRow.body)
        .join(AssistantRow, AssistantRow.id == AssistantVersionRow.assistant_id)
        .where(AssistantRow.id == assistant_id, AssistantVersionRow.version == wanted)
    )
    found: Assistant | None = connection.scalar(query)
    if found is None:
        raise NotFound("assistant", assistant_id)
    return found


def find_all(
    connection: Connection, page: Page | None, metadata: dict[str, str] | None
) -> list[Assistant]:
    """Return assistants as they are now, those that carry all of `metadata`."""
    query: Select[Any] = select(AssistantVersionRow.body).join(
        AssistantRow,
        (AssistantRow.id == AssistantVersionRow.assistant_id)
        & (AssistantRow.version == AssistantVersionRow.version),
    )
    for key, value in (metadata or {}).items():
        query = query.where(_carries(connection, key, value))
    return [row.body for row in listed(connection, query, page, AssistantRow, "assistant")]


def _carries(connection: Connection, key: str, value: str) -> ColumnElement[bool]:
    # Not by a JSON path: SQLite's have no way to write a quotation mark in a key.
    on_server = connection.dialect.name == "postgresql"
    each = func.json_each_text if on_server else func.json_each
    pairs = each(AssistantRow.meta).table_valued("key", "value")
    return exists().select_from(pairs).where(pairs.c.key == key, pairs.c.value == value)


def _add(connection: Connection, assistant: Assistant) -> None:
    connection.execute(
        insert(AssistantRow),
        {
            "id": assistant.id,
            "project_id": assistant.project_id,
            "version": assistant.version,
            "metadata": assistant.metadata,
            "created_at": assistant.created_at,
        },
    )
