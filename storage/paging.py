"""Pages of lists, by position: what comes after a row, not how many rows to skip."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, select, tuple_

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
    """Return `query` cut to a page; `NotFound` when there is no row to go on from."""
    if page.after is not None:
        query = query.where(_beyond(order, _mark(connection, page.after, table, what, order), page))
    directed = [column.desc() for column in order] if page.newest_first else order
    return query.order_by(*directed).limit(page.limit)


def _mark(connection: Connection, after: str, table: Any, what: str, order: Order) -> Any:
    mark = connection.execute(select(*order).where(table.id == after)).one_or_none()
    if mark is None:
        raise NotFound(what, after)
    return tuple(mark)


def _beyond(order: Order, mark: Any, page: Page) -> Any:
    place = tuple_(*order)
    return place < mark if page.newest_first else place > mark
