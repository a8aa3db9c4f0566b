"""Column types that give back what they were given, on SQLite and PostgreSQL alike."""

import json
import re
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator

from conversation.script import State
from conversation.text import SUBSTITUTE, storable

Number: Final = BigInteger().with_variant(Integer(), "sqlite")
"""A column that counts insertions; SQLite counts by itself only in an `INTEGER` primary key."""

_NUL_ESCAPE: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


def to_json(value: Any) -> str:
    """Return `value` as JSON that both databases take and can look into."""
    return _NUL_ESCAPE.sub(rf"\1{SUBSTITUTE}", storable(json.dumps(value, ensure_ascii=False)))


class Words(TypeDecorator[str]):
    """Text that people, models and tools wrote; unstorable characters are replaced one by one."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Replace what can't be stored."""
        return None if value is None else storable(value)


class UtcTime(TypeDecorator[datetime]):
    """An aware time, kept as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn it to UTC; SQLite then drops the zone."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give SQLite's naive times their zone back, and PostgreSQL's the UTC one."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Stated(TypeDecorator[State]):
    """A state of the script, by its name."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: State | None, dialect: Dialect) -> str | None:
        """Write the name."""
        return None if value is None else value.value

    def process_result_value(self, value: str | None, dialect: Dialect) -> State | None:
        """Read the name."""
        return None if value is None else State(value)


class Kept(TypeDecorator[Any]):
    """A value of one type, as JSON; plain JSON text, so that nothing reorders its keys."""

    impl = JSON
    cache_ok = True

    def __init__(self, kind: Any) -> None:
        super().__init__()
        self.kind = kind
        self._adapter: TypeAdapter[Any] = TypeAdapter(kind)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Take the value apart."""
        return self._adapter.dump_python(value, mode="json")

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Put the value together again."""
        return self._adapter.validate_python(value)
