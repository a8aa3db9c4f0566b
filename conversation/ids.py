"""Ids: a prefix that says what the thing is, and 24 random characters of `[A-Za-z0-9]`."""

import re
import secrets
import string
from typing import Final, Literal

Prefix = Literal["asst", "thread", "branch", "msg", "run", "step", "call", "worker", "wait", "key"]

_ALPHABET: Final = string.ascii_letters + string.digits
_LENGTH: Final = 24
_IDS: Final = len(_ALPHABET) ** _LENGTH
_SHAPE: Final = re.compile(r"[a-z]+_[A-Za-z0-9]{24}")


def new_id(prefix: Prefix) -> str:
    """Return a fresh id such as `run_6fQ...`: `prefix`, `_`, 24 alphanumeric characters."""
    left, letters = secrets.randbelow(_IDS), []  # at once: a run needs many, and chance is dear
    for _ in range(_LENGTH):
        left, place = divmod(left, len(_ALPHABET))
        letters.append(_ALPHABET[place])
    return f"{prefix}_{''.join(letters)}"


def is_id(text: str, prefix: Prefix) -> bool:
    """Tell whether `text` has the shape of an id with this prefix."""
    return text.startswith(f"{prefix}_") and _SHAPE.fullmatch(text) is not None
