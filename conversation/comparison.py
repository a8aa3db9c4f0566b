"""Two threads side by side, message by message: a conversation and its replay, say.

What was asked in both stands beside each other; what was asked in one stands alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from conversation.difference import Difference, difference
from conversation.equality import canonical_arguments
from conversation.exports.transcript import Call, Passage, Transcript
from conversation.records import Usage
from conversation.script import State

Costs = Mapping[str, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """How one of both answered; `cost` is None where the price is not known."""

    run_id: str
    model: str
    state: State
    answer: str
    calls: tuple[Call, ...]
    path: tuple[State, ...]
    usage: Usage
    cost: float | None
    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A user's message and both answers; a side is None where nobody answered.

    `calls` stand beside each other if they are equal or take each other's place.
    """

    asked: str
    left: Side | None
    right: Side | None
    answers: Difference
    calls: tuple[tuple[Call | None, Call | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What one side adds up to; `cost` is None if that of any answer is not known."""

    answers: int
    calls: int
    failed_calls: int
    usage: Usage
    cost: float | None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All pairs, and what the sides add up to."""

    pairs: tuple[Pair, ...]
    left: Totals
    right: Totals


def compare(left: Transcript, right: Transcript, costs: Costs) -> Comparison:
    """Compare two threads; `costs` are those of their runs, by id."""
    both = _facing(left.passages, right.passages)
    pairs = tuple(_pair(one, other, costs) for one, other in both)
    return Comparison(
        pairs=pairs,
        left=_totals([pair.left for pair in pairs if pair.left]),
        right=_totals([pair.right for pair in pairs if pair.right]),
    )


def _facing(
    left: Sequence[Passage], right: Sequence[Passage]
) -> Iterator[tuple[Passage | None, Passage | None]]:
    matcher = SequenceMatcher(None, [_asked(p) for p in left], [_asked(p) for p in right], False)
    for op, a, b, c, d in matcher.get_opcodes():
        if op == "equal":
            yield from zip(left[a:b], right[c:d], strict=True)
        else:
            yield from ((one, None) for one in left[a:b])
            yield from ((None, other) for other in right[c:d])


def _asked(passage: Passage) -> str:
    return "\n\n".join(message.text for message in passage.asked if message.role == "user")


def _pair(left: Passage | None, right: Passage | None, costs: Costs) -> Pair:
    one, other = _side(left, costs), _side(right, costs)
    return Pair(
        asked=next(_asked(passage) for passage in (left, right) if passage),
        left=one,
        right=other,
        answers=difference(one.answer if one else "", other.answer if other else ""),
        calls=tuple(_beside(one.calls if one else (), other.calls if other else ())),
    )


def _side(passage: Passage | None, costs: Costs) -> Side | None:
    if passage is None or passage.run is None:
        return None
    run = passage.run
    seconds = (run.ended_at - run.created_at).total_seconds() if run.ended_at else None
    return Side(
        run_id=run.id,
        model=run.spec.model,
        state=run.state,
        answer=passage.answer,
        calls=passage.calls,
        path=tuple(state for state, _ in passage.path),
        usage=run.usage,
        cost=costs.get(run.id),
        seconds=seconds,
    )


def _beside(
    left: Sequence[Call], right: Sequence[Call]
) -> Iterator[tuple[Call | None, Call | None]]:
    matcher = SequenceMatcher(None, [_key(c) for c in left], [_key(c) for c in right], False)
    for _, a, b, c, d in matcher.get_opcodes():
        yield from zip_longest(left[a:b], right[c:d])


def _key(call: Call) -> tuple[str, str]:
    return call.name, canonical_arguments(call.arguments)


def _totals(sides: Sequence[Side]) -> Totals:
    costs = [side.cost for side in sides]
    known = [cost for cost in costs if cost is not None]
    calls = [call for side in sides for call in side.calls]
    return Totals(
        answers=len(sides),
        calls=len(calls),
        failed_calls=sum(call.failed for call in calls),
        usage=sum((side.usage for side in sides), Usage()),
        cost=sum(known) if len(known) == len(costs) else None,
        seconds=sum(side.seconds or 0.0 for side in sides),
    )
