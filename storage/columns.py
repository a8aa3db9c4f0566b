"""Column types that give back what they were given, on SQLite and PostgreSQL alike."""

import json
import re
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, LargeBinary, Text
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


class Packed(TypeDecorator[str]):
    """Long text that is only ever read as a whole, compressed."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """Compress it."""
        return None if value is None else zlib.compress(storable(value).encode())

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        """Bring it back."""
        return None if value is None else zlib.decompress(value).decode()


class UtcTime(TypeDecorator[datetime]):
    """An aware time, kept as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any]:
        """Turn it to UTC; SQLite drops the zone then, and keeps text: written here, for speed."""
        return _written_utc if dialect.name == "sqlite" else _utc

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        """Give SQLite's naive times their zone back, and PostgreSQL's the UTC one."""
        return _read_utc if dialect.name == "sqlite" else _utc


def _utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


def _written_utc(value: datetime | None) -> str | None:
    if value is None:
        return None
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _read_utc(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value).replace(tzinfo=UTC)


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

    def __init__(self, kind: Any, *, none_as_null: bool = False) -> None:
        super().__init__(none_as_null=none_as_null)
        self.kind = kind
        self._adapter: TypeAdapter[Any] = TypeAdapter(kind)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Take the value apart."""
        return self._adapter.dump_python(value, mode="json")

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Put the value together again."""
        return self._adapter.validate_python(value)
