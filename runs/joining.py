"""Two steps of a run as one, where the second follows at once on the first."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace
from typing import TypeVar

from conversation.records import Usage, Write
from conversation.script import TERMINAL

Row = TypeVar("Row")


def can_join(first: Write, second: Write) -> bool:
    """Tell whether the second step begins where the first ends, and nobody waits in between."""
    return (
        first.fence == second.fence
        and first.to == second.expect
        and first.to not in TERMINAL
        and not first.release
        and second.seq is None
    )


def joined(first: Write, second: Write) -> Write:
    """Return one step that does what both do; of rows with the same key, the second's count."""
    calls = _newest((*first.calls, *second.calls), lambda one: one.call.call_id)
    items = _newest((*first.items, *second.items), lambda one: (one.round, one.position))
    asked = (*first.model_calls, *second.model_calls)
    return replace(
        second,
        expect=first.expect,
        seq=first.seq,
        events=first.events + second.events,
        messages=_newest((*first.messages, *second.messages), lambda one: one.id),
        steps=_newest((*first.steps, *second.steps), lambda one: one.id),
        calls=calls,
        items=items,
        model_calls=_newest(asked, lambda one: (one.number, one.attempt)),
        usage=_sum(first.usage, second.usage),
        error=second.error or first.error,
        incomplete_reason=second.incomplete_reason or first.incomplete_reason,
    )


def _newest(rows: Iterable[Row], key: Callable[[Row], Hashable]) -> tuple[Row, ...]:
    return tuple({key(row): row for row in rows}.values())


def _sum(first: Usage | None, second: Usage | None) -> Usage | None:
    return first + second if first and second else first or second
