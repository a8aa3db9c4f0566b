"""Words: what the full-text index is made of and what is looked up in it, on every database alike.

Databases disagree on what a word is, so it is decided here: letters and digits, without case and
accents; a Chinese or Japanese character is a word by itself. Both get the words ready made.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

LONGEST_TEXT: Final = 10_000
"""How much of a text, in characters, can be found."""

_LONGEST_WORD: Final = 64
_MOST_TERMS: Final = 32
_LAST_PLACE: Final = 16_383
_ALONE: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_ACCENTS: Final = "\u0300-\u036f"
_WORD: Final = re.compile(f"[{_ALONE}]|(?:(?![{_ALONE}])[^\\W_]|[{_ACCENTS}])+")
_TERM: Final = re.compile(r'"([^"]*)"(\*?)|([^\s"]+)')


@dataclass(frozen=True, slots=True)
class Term:
    """Words that follow each other; with `prefix` the last one may go on."""

    words: tuple[str, ...]
    prefix: bool = False


def places(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the words of a text with where each starts and ends."""
    for match in _WORD.finditer(text[:LONGEST_TEXT]):
        word = _plain(match.group())
        if word:
            yield word, match.start(), match.end()


def words(text: str) -> str:
    """Return the words of a text, parted by blanks."""
    return " ".join(word for word, _, _ in places(text))


def parse(query: str) -> tuple[Term, ...]:
    """Return what all must occur: words, `prefix*`es and "phrases"; nothing in it is wrong."""
    terms = (_term(match) for match in _TERM.finditer(query[:LONGEST_TEXT]))
    return tuple(dict.fromkeys(term for term in terms if term.words))[:_MOST_TERMS]


def to_fts5(terms: tuple[Term, ...]) -> str:
    """Return terms in the language of SQLite's FTS5."""
    return " AND ".join(f'"{" ".join(term.words)}"' + "*" * term.prefix for term in terms)


def to_tsquery(terms: tuple[Term, ...]) -> str:
    """Return terms in the language of PostgreSQL's tsquery."""
    return " & ".join(
        f"({' <-> '.join(repr(word) for word in term.words)}{':*' * term.prefix})" for term in terms
    )


def to_tsvector(listed: str) -> str:
    """Return what `words` returned in the language of PostgreSQL's tsvector."""
    return " ".join(
        f"'{word}':{min(place, _LAST_PLACE)}" for place, word in enumerate(listed.split(), 1)
    )


def _term(match: re.Match[str]) -> Term:
    phrase, starred, word = match.groups()
    text = word if phrase is None else phrase
    prefix = bool(starred) or (word is not None and word.endswith("*"))
    return Term(tuple(one for one, _, _ in places(text)), prefix)


def _plain(word: str) -> str:
    if not word.isascii():
        word = "".join(c for c in unicodedata.normalize("NFKD", word.casefold()) if c.isalnum())
    return word.lower()[:_LONGEST_WORD]
