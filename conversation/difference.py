"""How two texts differ, word by word."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Final, Literal

Op = Literal["equal", "delete", "insert"]
Difference = tuple[tuple[Op, str], ...]

_WORDS: Final = re.compile(r"\S+\s*|\s+")
_LINES: Final = re.compile(r"[^\n]*\n|[^\n]+")
_MOST: Final = 2000
"""So many pieces a side can be compared while somebody waits; the time grows by their square."""


def difference(before: str, after: str) -> Difference:
    """Return what is in both, only in `before` (`delete`) and only in `after` (`insert`).

    Long texts are compared by lines, and very long ones are simply different.
    """
    for pieces in (_WORDS, _LINES):
        left, right = pieces.findall(before), pieces.findall(after)
        if max(len(left), len(right)) <= _MOST:
            return tuple(_merged(_compared(left, right)))
    return tuple(_merged(iter([("delete", before), ("insert", after)])))


def _compared(left: list[str], right: list[str]) -> Iterator[tuple[Op, str]]:
    for op, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if op == "equal":
            yield "equal", "".join(left[a:b])
        else:
            yield "delete", "".join(left[a:b])
            yield "insert", "".join(right[c:d])


def _merged(parts: Iterator[tuple[Op, str]]) -> Iterator[tuple[Op, str]]:
    return ((op, text) for op, text in parts if text)
