"""Pages of lists, by position: what comes after a row, not how many rows to skip."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Select, tuple_

from conversation.errors import NotFound
from conversation.records import Page

Order = tuple[Any, ...]

IDS_AT_ONCE: Final = 500
"""How many ids one query asks for: databases bound what a statement may be given."""


def listed(
    connection: Connection, query: Select[Any], page: Page | None, table: Any, what: str
) -> Sequence[Any]:
    """Return the rows of a page by creation, then insertion; without a page all, oldest first."""
    order = (table.created_at, table.number)
    return paged(connection, query, page, table, what, order)


def paged(
    connection: Connection,
    query: Select[Any],
    page: Page | None,
    table: Any,
    what: str,
    order: Order,
    given: Mapping[str, Any] | None = None,
) -> Sequence[Any]:
    """Return the rows of a page, without one all in `order`; `NotFound` for a mark not in it.

    `given` is for the parameters of the query.
    """
    if page is None:
        return connection.execute(query.order_by(*order), given).all()
    here, cut = tuple_(*order), query
    for wanted, rises in ((page.after, not page.newest_first), (page.before, page.newest_first)):
        if wanted is not None:
            mark = _place(connection, query.where(table.id == wanted), order, given)
            if mark is None:
                raise NotFound(what, wanted)
            cut = cut.where(here > mark if rises else here < mark)
    backwards = page.before is not None and page.after is None
    falling = page.newest_first != backwards
    directed = [column.desc() for column in order] if falling else order
    rows = connection.execute(cut.order_by(*directed).limit(page.limit), given).all()
    return rows[::-1] if backwards else rows


def slices(ids: Iterable[str], size: int | None = None) -> Iterator[list[str]]:
    """Yield ids in portions, each id once."""
    known, most = sorted(set(ids)), size or IDS_AT_ONCE
    for start in range(0, len(known), most):
        yield known[start : start + most]


def _place(
    connection: Connection, query: Select[Any], order: Order, given: Mapping[str, Any] | None
) -> Any:
    row = connection.execute(query.with_only_columns(*order), given).one_or_none()
    return None if row is None else tuple(row)
