"""What a function returned, as the text that the model gets to read."""

from typing import Any, Final

from pydantic_core import PydanticSerializationError, to_json

from tools.failures import ToolFailed

LIMIT: Final = 100_000
"""How many bytes of UTF-8 an output may have; more is cut, with a note."""


def text_of(value: Any) -> str:
    """Return a str as it is and anything else as JSON, cut to `LIMIT`."""
    return cut(value if isinstance(value, str) else _json(value))


def cut(text: str) -> str:
    """Return `text`, or as much as fits into `LIMIT` bytes and a note; no character is split."""
    data = text.encode("utf-8", errors="replace")
    if len(data) <= LIMIT:
        return data.decode()
    note = f"\n[cut: {len(data)} bytes are more than the {LIMIT} that fit]"
    return data[: LIMIT - len(note)].decode("utf-8", errors="ignore") + note


def _json(value: Any) -> str:
    """Write JSON; dates and decimals become strings, NaN and infinity (not JSON) null."""
    try:
        return to_json(value, inf_nan_mode="null").decode()
    except (PydanticSerializationError, ValueError, RecursionError) as error:
        message = f"The function has run, but its result can't be written as JSON: {error}"
        raise ToolFailed(message) from error
