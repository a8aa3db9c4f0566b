"""What is kept of a request or an answer: JSON text without secrets, and not too long.

What is left out is replaced by a note that says how much it was.
"""

import json
import math
import re
from collections.abc import Iterator
from typing import Any, Final

from conversation.text import storable
from proxies.redact import Secrets

LIMIT: Final = 64 * 1024

_DEEPEST: Final = 60
_LISTS: Final = 8
_NOTE: Final = 64
_DATA_URL: Final = re.compile(r"(data:[\w.+/-]*(?:;[\w.=-]+)*;base64,)([\w+/=-]{64,})")
_DATA: Final = re.compile(r"[\w+/-]{1000,}={0,2}", re.ASCII)
_MIXED: Final = re.compile(r"(?=.*\d)(?=.*[a-z])(?=.*[A-Z])")


def kept(value: object, secrets: Secrets | None = None, *, limit: int = LIMIT) -> str:
    """Return `value` as JSON of at most `limit` bytes, newest and shortest parts first.

    Long texts lose their middle, long lists their beginning.
    """
    clean = _clean(value, secrets or Secrets(), _DEEPEST)
    text = _written(clean)
    if _size(text) <= limit:
        return text
    for longest in (limit // 4, limit // 16, limit // 64, _NOTE):
        shorter = _written(_without_oldest(_without_middles(clean, longest), limit))
        if _size(shorter) <= limit:
            return shorter
    return _written({"left_out": f"{_size(text):,} bytes"})


def parsed(text: str | bytes) -> object:
    """Return the JSON that a text is, or else the text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text if isinstance(text, str) else text.decode(errors="replace")


# without secrets, and without what nobody can read


def _clean(value: object, secrets: Secrets, deeper: int) -> object:
    match value:
        case str():
            return secrets.hidden(_without_data(storable(value)))
        case None | bool() | int():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case dict() | list() | tuple():
            return _clean_inside(value, secrets, deeper - 1) if deeper else "[left out: too deep]"
        case _:
            return secrets.hidden(storable(str(value)))


def _clean_inside(
    value: dict[Any, Any] | list[Any] | tuple[Any, ...], secrets: Secrets, deeper: int
) -> object:
    if isinstance(value, dict):
        return {
            secrets.hidden(storable(str(name))): _clean(part, secrets, deeper)
            for name, part in value.items()
        }
    return [_clean(part, secrets, deeper) for part in value]


def _without_data(text: str) -> str:
    if _DATA.fullmatch(text) and _MIXED.match(text):
        return _data_note(text)
    return _DATA_URL.sub(lambda found: found[1] + _data_note(found[2]), text)


def _data_note(data: str) -> str:
    return f"[{len(data.rstrip('=')) * 3 // 4:,} bytes of data left out]"


# not too long


def _without_middles(value: Any, longest: int) -> Any:
    """Return a copy in which no text is longer than `longest` characters and a note."""
    if isinstance(value, str):
        if len(value) <= longest:
            return value
        half = longest // 2
        note = f" [{len(value) - 2 * half:,} characters left out] "
        return value[:half] + note + value[-half:]
    if isinstance(value, dict):
        return {name: _without_middles(part, longest) for name, part in value.items()}
    if isinstance(value, list):
        return [_without_middles(part, longest) for part in value]
    return value


def _without_oldest(value: Any, limit: int) -> Any:
    """Return `value`, whose heaviest lists have lost as much of their beginning as is too much."""
    done: list[int] = []
    for _ in range(_LISTS):
        excess = _size(_written(value)) - limit
        lists = [items for items in _lists(value) if len(items) > 1 and id(items) not in done]
        if excess <= 0 or not lists:
            break
        heaviest = max(lists, key=lambda items: _size(_written(items)))
        _drop_oldest(heaviest, excess + _NOTE)
        done.append(id(heaviest))
    return value


def _lists(value: Any) -> Iterator[list[Any]]:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if isinstance(value, list):
        yield value
    for part in parts:
        yield from _lists(part)


def _drop_oldest(items: list[Any], excess: int) -> None:
    """Drop items worth `excess` bytes, but not the newest one."""
    dropped = 0
    while excess > 0 and dropped < len(items) - 1:
        excess -= _size(_written(items[dropped]))
        dropped += 1
    items[:dropped] = [f"[{dropped:,} left out]"]


# as text


def _written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _size(text: str) -> int:
    return len(text.encode())
