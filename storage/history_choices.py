"""What there is to filter by."""

from typing import Any

from sqlalchemy import Connection, literal, select, union_all

from conversation.history import Choices
from storage.tables import RunRow, ToolCallRow

_COLUMNS: Any = {
    "providers": RunRow.provider,
    "models": RunRow.model,
    "assistants": RunRow.assistant_id,
    "tools": ToolCallRow.name,
}


def choices(connection: Connection) -> Choices:
    """Return every provider, model, assistant and tool that occurs, by name."""
    seen: dict[str, list[str]] = {kind: [] for kind in _COLUMNS}
    each = (
        select(literal(kind).label("kind"), column.label("name"))
        .where(column.is_not(None))
        .distinct()
        for kind, column in _COLUMNS.items()
    )
    for kind, name in connection.execute(union_all(*each)):
        seen[kind].append(name)
    used = connection.execute(select(RunRow.provider, RunRow.model).distinct())
    return Choices(
        **{kind: tuple(sorted(names)) for kind, names in seen.items()},
        used=tuple(sorted((provider, model) for provider, model in used)),
    )
