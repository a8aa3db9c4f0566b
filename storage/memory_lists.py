"""Finding rows that are kept in dictionaries, and pages of them."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from conversation.errors import NotFound
from conversation.records import Assistant, Message, Page, Run, Step, Thread

Found = TypeVar("Found")
Owned = TypeVar("Owned", Assistant, Thread)
Record = TypeVar("Record", Assistant, Thread, Run, Message, Step)


def known(rows: dict[Any, Found], what: str, wanted: Any) -> Found:
    """Return the row of this key."""
    if wanted not in rows:
        raise NotFound(what, wanted)
    return rows[wanted]


def listed(what: str, records: Iterable[Record], page: Page | None = None) -> list[Record]:
    """Return a page of records by their creation; without a page all of them, oldest first."""
    return cut(what, sorted(records, key=lambda record: record.created_at), page)


def cut(what: str, records: list[Record], page: Page | None) -> list[Record]:
    """Return a page of records that are in order."""
    if page is None:
        return records
    directed = records[::-1] if page.newest_first else records
    places = {record.id: place for place, record in enumerate(directed)}
    start = known(places, what, page.after) + 1 if page.after is not None else 0
    end = known(places, what, page.before) if page.before is not None else len(directed)
    if page.after is None and page.before is not None:
        start = max(0, end - page.limit)
    return directed[start : min(end, start + page.limit)]


def carrying(
    records: Iterable[Owned], metadata: Mapping[str, str] | None, project_id: str | None
) -> list[Owned]:
    """Return the records of a project (of any: None) that carry all of `metadata`."""
    wanted = (metadata or {}).items()
    own = (one for one in records if project_id in {None, one.project_id})
    return [one for one in own if wanted <= one.metadata.items()]
