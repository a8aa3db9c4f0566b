"""Full-text search: where words occur, the same on SQLite and PostgreSQL, and the text around."""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    case,
    cast,
    column,
    func,
    literal,
    literal_column,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from conversation.history import Hit
from storage.search_table import INDEX, SearchRow
from storage.tables import MessageRow, ToolCallRow
from storage.words import LONGEST_TEXT, Term, places, to_fts5, to_tsquery

AROUND: Final = 60
"""How much text, in characters, is shown on each side of a match."""

_FTS5: Final = table(INDEX, column("rowid", Integer()))
_MOST_MATCHES: Final = 4

Span = tuple[int, int]


def runs_found(terms: tuple[Term, ...], dialect: str) -> Select[str]:
    """Return the query for the ids of the runs in which all terms occur together."""
    return _found(SearchRow.run_id, terms, dialect)


def threads_found(terms: tuple[Term, ...], dialect: str) -> Select[str]:
    """Return the query for the ids of the threads in which all terms occur together."""
    return _found(SearchRow.thread_id, terms, dialect)


def _found(column: Any, terms: tuple[Term, ...], dialect: str) -> Select[str]:
    found = select(column).where(matching(terms, dialect))
    # Told so, PostgreSQL looks a common word up once, not run by run; SQLite does so anyway.
    return found.distinct() if dialect == "postgresql" else found


def matching(terms: tuple[Term, ...], dialect: str) -> ColumnElement[bool]:
    """Return the condition that all terms occur in a row of the index."""
    if dialect == "postgresql":
        query = cast(literal(to_tsquery(terms)), TSQUERY)
        return SearchRow.words.bool_op("@@")(query)
    return SearchRow.number.in_(_rows_of_fts5(terms))


def _rows_of_fts5(terms: tuple[Term, ...]) -> Select[int]:
    named: ColumnElement[Any] = literal_column(INDEX)
    return select(_FTS5.c.rowid).where(named.bool_op("MATCH")(to_fts5(terms)))


def hit_numbers(terms: tuple[Term, ...], runs: Select[str] | None, dialect: str) -> Select[int]:
    """Return the query for the numbers of the rows where all terms occur, in `runs` if given."""
    if runs is not None:
        return select(SearchRow.number).where(matching(terms, dialect), SearchRow.run_id.in_(runs))
    if dialect == "postgresql":
        return select(SearchRow.number).where(matching(terms, dialect))
    return _rows_of_fts5(terms)


def hit_rows(numbers: Any) -> Select[Any]:
    """Return the query for rows of the index with the text they stand for, newest first."""
    is_message = SearchRow.kind.in_(("user_message", "assistant_message"))
    called = case((SearchRow.kind == "tool_input", ToolCallRow.arguments), else_=ToolCallRow.output)
    text = func.coalesce(MessageRow.text, called, "")
    return (
        select(
            SearchRow.thread_id,
            SearchRow.run_id,
            SearchRow.kind,
            SearchRow.at,
            func.substr(text, 1, LONGEST_TEXT).label("text"),
        )
        .outerjoin(MessageRow, and_(is_message, MessageRow.id == SearchRow.source))
        .outerjoin(
            ToolCallRow,
            and_(
                ~is_message,
                ToolCallRow.run_id == SearchRow.run_id,
                ToolCallRow.call_id == SearchRow.source,
            ),
        )
        .where(SearchRow.number.in_(numbers))
        .order_by(SearchRow.number.desc())
    )


def hit_of(row: Any, terms: tuple[Term, ...]) -> Hit:
    """Return a row of `hit_rows` with the text around its matches."""
    return Hit(
        thread_id=row.thread_id,
        run_id=row.run_id,
        kind=row.kind,
        context=context(row.text, terms),
        at=row.at,
    )


def context(text: str, terms: tuple[Term, ...]) -> tuple[tuple[str, bool], ...]:
    """Return the first matches in pieces with what is around them; `…` stands for what is not."""
    pieces: list[tuple[str, bool]] = []
    shown = 0
    for start, end in _merged(text, terms):
        pieces.append((_between(text, shown, start, first=not pieces), False))
        pieces.append((text[start:end], True))
        shown = end
    rest = text[shown : shown + AROUND]
    pieces.append((rest + "…" * (shown + AROUND < len(text)), False))
    return tuple(piece for piece in pieces if piece[0])


def _between(text: str, start: int, end: int, *, first: bool) -> str:
    if first:
        return "…" * (end > AROUND) + text[max(0, end - AROUND) : end]
    if end - start <= 2 * AROUND:
        return text[start:end]
    return f"{text[start : start + AROUND]}…{text[end - AROUND : end]}"


def _merged(text: str, terms: tuple[Term, ...]) -> list[Span]:
    """Return the first spans of each term, in order, none inside another."""
    known = list(places(text))
    spans: list[Span] = []
    for term in terms:
        spans.extend(_first(known, term))
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _first(known: list[tuple[str, int, int]], term: Term) -> list[Span]:
    return [span for span, _ in zip(_spans(known, term), range(_MOST_MATCHES), strict=False)]


def _spans(known: list[tuple[str, int, int]], term: Term) -> Iterator[Span]:
    length, last = len(term.words), term.words[-1]
    for place in range(len(known) - length + 1):
        here = [word for word, _, _ in known[place : place + length]]
        ends_right = here[-1].startswith(last) if term.prefix else here[-1] == last
        if ends_right and tuple(here[:-1]) == term.words[:-1]:
            yield known[place][1], known[place + length - 1][2]
