"""Pages of lists, by position: what comes after a row, not how many rows to skip."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, tuple_

from conversation.errors import NotFound
from conversation.records import Page

Order = tuple[Any, ...]


def listed(
    connection: Connection, query: Select[Any], page: Page | None, table: Any, what: str
) -> Sequence[Any]:
    """Return the rows of a page by creation, then insertion; without a page all, oldest first."""
    order = (table.created_at, table.number)
    if page is None:
        query = query.order_by(*order)
    else:
        query = paged(connection, query, page, table, what, order)
    return connection.execute(query).all()


def paged(
    connection: Connection, query: Select[Any], page: Page, table: Any, what: str, order: Order
) -> Select[Any]:
    """Return `query` cut to a page; `NotFound` when it has no row to go on from."""
    if page.after is not None:
        mark = query.with_only_columns(*order).where(table.id == page.after)
        place = connection.execute(mark).one_or_none()
        if place is None:
            raise NotFound(what, page.after)
        query = query.where(_beyond(order, tuple(place), page))
    directed = [column.desc() for column in order] if page.newest_first else order
    return query.order_by(*directed).limit(page.limit)


def _beyond(order: Order, mark: Any, page: Page) -> Any:
    here = tuple_(*order)
    return here < mark if page.newest_first else here > mark
