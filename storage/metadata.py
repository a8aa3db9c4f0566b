"""Finding rows by the metadata they carry."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, func


def carrying(
    connection: Connection, column: Any, metadata: Mapping[str, str] | None
) -> list[ColumnElement[bool]]:
    """Return the conditions that a row carries all of `metadata`."""
    # Not by a JSON path: SQLite's have no way to write a quotation mark in a key.
    on_server = connection.dialect.name == "postgresql"
    each = func.json_each_text if on_server else func.json_each
    conditions: list[ColumnElement[bool]] = []
    for key, value in (metadata or {}).items():
        pairs = each(column).table_valued("key", "value")
        carried = exists().select_from(pairs).where(pairs.c.key == key, pairs.c.value == value)
        conditions.append(carried)
    return conditions
