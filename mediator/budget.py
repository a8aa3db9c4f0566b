"""How far a run's budgets of tokens go: what is left for a request, and what fits into that.

No tokenizer is asked: four characters count as a token, and a picture as what they usually cost.
What requests have used is what the provider said.
"""

import json
from collections.abc import Iterable
from dataclasses import replace
from itertools import accumulate
from typing import Final, Literal, NamedTuple

from conversation.records import RunSpec, Usage
from conversation.signals import FinishReason
from conversation.turns import Image, Round, Said, ToolSpec, Turn

BudgetName = Literal["max_prompt_tokens", "max_completion_tokens"]

BUDGETS: Final = frozenset[str]({"max_prompt_tokens", "max_completion_tokens"})

_CHARACTERS_PER_TOKEN: Final = 4
_PICTURE: Final = 765
_SMALL_PICTURE: Final = 85


class Spent(NamedTuple):
    """A budget that ends its run, and how large it was."""

    reason: BudgetName
    detail: str


def spent(spec: RunSpec, used: Usage) -> Spent | None:
    """Return the budget that is used up, if one is."""
    if spec.max_completion_tokens is not None and used.output >= spec.max_completion_tokens:
        return Spent("max_completion_tokens", _tokens(spec.max_completion_tokens))
    if spec.max_prompt_tokens is not None and used.input >= spec.max_prompt_tokens:
        return Spent("max_prompt_tokens", _tokens(spec.max_prompt_tokens))
    return None


def afforded(turn: Turn, spec: RunSpec, used: Usage) -> Turn | Spent:
    """Return the turn as what is left allows it, or the budget that allows none."""
    if over := spent(spec, used):
        return over
    capped = _capped(turn, spec, used)
    if spec.max_prompt_tokens is None:
        return capped
    kept = _kept(capped, spec.max_prompt_tokens - used.input)
    if kept is None:
        return Spent("max_prompt_tokens", _tokens(spec.max_prompt_tokens))
    return replace(capped, messages=kept)


def cut_by(reason: FinishReason, spec: RunSpec) -> str:
    """Return why a run ends with an answer that its provider cut for this reason."""
    of_budget = reason == "max_tokens" and spec.max_completion_tokens is not None
    return "max_completion_tokens" if of_budget else reason


def message_reason(reason: str) -> str:
    """Return why a message is incomplete whose run ends for this reason."""
    return "max_tokens" if reason in BUDGETS else reason


def estimated(turn: Turn) -> int:
    """Return about how many tokens a request for this turn has."""
    return _always_sent(turn) + sum(map(_of_message, turn.messages))


def _capped(turn: Turn, spec: RunSpec, used: Usage) -> Turn:
    """Ask for no longer an answer than there are tokens left."""
    if spec.max_completion_tokens is None:
        return turn
    rest = spec.max_completion_tokens - used.output
    asked = turn.sampling.max_output_tokens
    limit = rest if asked is None else min(asked, rest)
    return replace(turn, sampling=replace(turn.sampling, max_output_tokens=limit))


def _kept(turn: Turn, rest: int) -> tuple[Said, ...] | None:
    """Return the first message and as many of the newest as fit; None if the last one doesn't."""
    first, later = turn.messages[:1], turn.messages[1:]
    room = rest - _always_sent(turn) - sum(map(_of_message, first))
    sums = list(accumulate(map(_of_message, reversed(later))))
    fitting = sum(size <= room for size in sums)
    if room < 0 or (later and not fitting):
        return None
    return first + later[len(later) - fitting :]


def _always_sent(turn: Turn) -> int:
    """Return what a request costs without the thread's messages."""
    return (
        _of_texts([turn.instructions, *map(_written, turn.tools)])
        + (_of_texts([json.dumps(turn.answer.schema)]) if turn.answer.schema else 0)
        + sum(map(_of_round, turn.rounds))
    )


def _of_message(said: Said) -> int:
    return _of_texts([said.text]) + sum(map(_of_image, said.images))


def _of_image(image: Image) -> int:
    return _SMALL_PICTURE if image.detail == "low" else _PICTURE


def _of_round(past: Round) -> int:
    calls = (call.name + call.arguments for call in past.calls)
    return _of_texts([past.text, *calls, *(result.output for result in past.results)])


def _written(tool: ToolSpec) -> str:
    return tool.name + tool.description + json.dumps(tool.parameters)


def _of_texts(texts: Iterable[str]) -> int:
    return -(-sum(map(len, texts)) // _CHARACTERS_PER_TOKEN)


def _tokens(count: int) -> str:
    return f"{count} tokens"
