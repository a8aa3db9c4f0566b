"""Assistants and their versions."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, insert, select, update

from conversation.errors import NotFound, Outdated
from conversation.records import Assistant, Page
from storage.metadata import carrying
from storage.paging import listed
from storage.tables import AssistantRow, AssistantVersionRow

_VERSIONS: Final = (
    select(AssistantVersionRow.body)
    .join(AssistantRow, AssistantRow.id == AssistantVersionRow.assistant_id)
    .where(AssistantRow.id == bindparam("assistant"))
)
_NEWEST: Final = _VERSIONS.where(
    AssistantVersionRow.version == AssistantRow.version, AssistantRow.deleted_at.is_(None)
)
_NAMED: Final = _VERSIONS.where(AssistantVersionRow.version == bindparam("version"))


def save(connection: Connection, assistant: Assistant, now: datetime) -> Assistant:
    """Create it, or make a new version of it.

    Compare and set: `Outdated` unless it has the newest version, `NotFound` if it was deleted.
    """
    version = connection.scalar(
        update(AssistantRow)
        .where(
            AssistantRow.id == assistant.id,
            AssistantRow.version == assistant.version,
            AssistantRow.deleted_at.is_(None),
        )
        .values(version=AssistantRow.version + 1, metadata=assistant.metadata)
        .returning(AssistantRow.version)
    )
    if version is None:
        _refuse_known(connection, assistant.id)
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
    """Return the newest version, unless it was deleted, or the named one in any case."""
    wanted = {"assistant": assistant_id, "version": version}
    found: Assistant | None = connection.scalar(_NEWEST if version is None else _NAMED, wanted)
    if found is None:
        raise NotFound("assistant", assistant_id)
    return found


def find_all(
    connection: Connection,
    page: Page | None,
    metadata: Mapping[str, str] | None,
    project_id: str | None,
) -> list[Assistant]:
    """Return assistants as they are now, those of a project that carry all of `metadata`."""
    query: Select[Any] = select(AssistantVersionRow.body).join(
        AssistantRow,
        (AssistantRow.id == AssistantVersionRow.assistant_id)
        & (AssistantRow.version == AssistantVersionRow.version),
    )
    query = query.where(AssistantRow.deleted_at.is_(None))
    query = query.where(*carrying(connection, AssistantRow.meta, metadata))
    if project_id is not None:
        query = query.where(AssistantRow.project_id == project_id)
    return [row.body for row in listed(connection, query, page, AssistantRow, "assistant")]


def remove(connection: Connection, assistant_id: str, now: datetime) -> None:
    """Delete an assistant; its versions stay, for the runs that were started with them."""
    there = (AssistantRow.id == assistant_id, AssistantRow.deleted_at.is_(None))
    if not connection.execute(update(AssistantRow).where(*there).values(deleted_at=now)).rowcount:
        raise NotFound("assistant", assistant_id)


def _refuse_known(connection: Connection, assistant_id: str) -> None:
    query = select(AssistantRow.deleted_at).where(AssistantRow.id == assistant_id)
    known = connection.execute(query).one_or_none()
    if known is not None:
        raise (NotFound if known.deleted_at else Outdated)("assistant", assistant_id)


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
