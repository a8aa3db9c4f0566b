"""Percentiles by nearest rank, in SQL.

The p-th is the smallest of the values that at least p percent of them do not exceed. So it is
always one of them, and all databases find the same one.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, func, select, tuple_

from conversation.history import Percentiles

_WANTED: Final = (50, 95, 99)

Conditions = list[ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Values:
    """Values in groups: of which columns, and of which rows."""

    group: Any
    value: Any
    conditions: Conditions

    @property
    def count(self) -> ColumnElement[int]:
        """How many there are in a group; to be selected by group."""
        return func.count(self.value)


def percentiles(
    connection: Connection, values: Values, counts: dict[str, int]
) -> dict[str, Percentiles]:
    """Return those of each group; `counts` says how many values each has."""
    places = {
        (group, rank(percent, count))
        for group, count in counts.items()
        for percent in _WANTED
        if count
    }
    found: defaultdict[str, dict[int, float]] = defaultdict(dict)
    if places:
        for group, place, value in connection.execute(_at(values, sorted(places))):
            found[group][place] = value
    return {group: _of(found[group], count) for group, count in counts.items()}


def rank(percent: int, count: int) -> int:
    """Return `percent` of a count, rounded up."""
    return -(-count * percent // 100)


def _at(values: Values, places: list[tuple[str, int]]) -> Any:
    place = func.row_number().over(partition_by=values.group, order_by=values.value)
    ranked = (
        select(values.group.label("name"), values.value.label("value"), place.label("place"))
        .where(values.value.is_not(None), *values.conditions)
        .subquery()
    )
    return select(ranked.c.name, ranked.c.place, ranked.c.value).where(
        tuple_(ranked.c.name, ranked.c.place).in_(places)
    )


def _of(found: dict[int, float], count: int) -> Percentiles:
    p50, p95, p99 = (found.get(rank(percent, count)) for percent in _WANTED)
    return Percentiles(p50=p50, p95=p95, p99=p99)
