"""CSV of any rows that are dataclasses: a line of names, then a line for each row.

A text that a spreadsheet would take for a formula gets an apostrophe before it, and so does one
that would look like that: what begins with apostrophes and then a formula has one too many.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import fields
from datetime import date, datetime
from typing import Any, Final

from conversation.exports.lines import json_line, utc

_FORMULA: Final = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""The last four are the wide forms of the first; some spreadsheets take them, too."""

_CHUNK: Final = 500


def csv_lines(kind: type[Any], rows: Iterable[Any]) -> Iterator[str]:
    """Yield the rows, all of the dataclass `kind`, in pieces of many lines."""
    names = [field.name for field in fields(kind)]
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(names)
    for number, row in enumerate(rows, 1):
        writer.writerow([cell(getattr(row, name)) for name in names])
        if number % _CHUNK == 0:
            yield _emptied(buffer)
    yield _emptied(buffer)


def cell(value: object) -> str:
    """Return a value as the text of a cell; times are ISO 8601 in UTC, nothing is empty."""
    match value:
        case None:
            return ""
        case str():
            return defused(str(value))
        case bool():
            return "true" if value else "false"
        case datetime():
            return utc(value)
        case int() | float() | date():
            return str(value)
        case _:
            return defused(json_line(value))


def defused(text: str) -> str:
    """Return `text` so that a spreadsheet shows it and never executes it."""
    return f"'{text}" if text.lstrip("'")[:1] in _FORMULA else text


def _emptied(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
