"""Lists as the API answers them, a part at a time."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Generic, Literal, Protocol, TypeVar

from pydantic import BaseModel

from conversation.records import Page


class _Identified(Protocol):
    id: str


ItemT = TypeVar("ItemT")
ObjectT = TypeVar("ObjectT", bound=_Identified)
RecordT = TypeVar("RecordT")


class Deleted(BaseModel):
    """What is there no more."""

    id: str
    object: str
    deleted: Literal[True] = True


class ListOf(BaseModel, Generic[ItemT]):
    """A part of a list; `has_more` tells whether it goes on."""

    object: Literal["list"] = "list"
    data: list[ItemT]
    first_id: str | None
    last_id: str | None
    has_more: bool


def listed(
    read: Callable[[Page], Sequence[RecordT]], page: Page, shown: Callable[[RecordT], ObjectT]
) -> "ListOf[ObjectT]":  # quoted: pydantic builds no schema of a protocol
    """Return the part of a list that `page` wants; `read` is asked for one more than that."""
    found = read(replace(page, limit=page.limit + 1))
    has_more = len(found) > page.limit
    if has_more:
        # What comes before something is cut at its far end, which is the first.
        only_before = page.before is not None and page.after is None
        found = found[1:] if only_before else found[:-1]
    data = [shown(record) for record in found]
    return ListOf(
        data=data,
        first_id=data[0].id if data else None,
        last_id=data[-1].id if data else None,
        has_more=has_more,
    )
