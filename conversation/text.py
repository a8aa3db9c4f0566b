"""Text that comes from outside: people, models and tools can send what nothing else takes."""

import re
from typing import Final

_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")
SUBSTITUTE: Final = "\N{REPLACEMENT CHARACTER}"
TITLE: Final = 80
"""How many characters a thread's title has at most."""


def storable(text: str) -> str:
    """Return `text` with what no database and no wire takes (NUL, lone surrogates) replaced.

    One character stands for one, so offsets into the text hold.
    """
    return _UNSTORABLE.sub(SUBSTITUTE, text)


def first_words(text: str) -> str:
    """Return the beginning of a message as a thread's title."""
    return " ".join(text[: 4 * TITLE].split())[:TITLE]
