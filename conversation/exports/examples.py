"""Which conversations can teach a model: the examples of fine-tuning, whatever their format.

A conversation is one example. Exchanges that a provider would refuse, or that teach what went
wrong, are left out of it and counted.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from conversation.exports.transcript import Call, Passage, Transcript, Utterance
from conversation.records import Run
from conversation.script import State
from conversation.turns import ToolSpec

Flaw = Literal[
    "not_completed",
    "no_question",  # the user had written nothing new
    "no_answer",  # the exchange ended without a message of the model
    "unanswered_call",
    "unknown_function",  # a function was called that was not on offer
    "broken_arguments",  # they are not a JSON object
]


@dataclass(slots=True)
class Tally:
    """What became of the conversations, as far as they have been read.

    `conversations` that are left out are those of which no exchange is left.
    """

    examples: int = 0
    exchanges: int = 0
    conversations_left_out: int = 0
    left_out: Counter[Flaw] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """Exchanges that ended well, with the last one's instructions and every function on offer."""

    instructions: str
    tools: tuple[ToolSpec, ...]
    passages: tuple[Passage, ...]


def example_of(transcript: Transcript, tally: Tally) -> Example | None:
    """Return what can be learned from a conversation, if anything, and count."""
    good = []
    for passage in transcript.passages:
        flaw = flaw_of(passage)
        if flaw:
            tally.left_out[flaw] += 1
        else:
            good.append(passage)
    if not good:
        tally.conversations_left_out += 1
        return None
    tally.examples += 1
    tally.exchanges += len(good)
    runs = [passage.run for passage in good if passage.run]
    return Example(
        instructions=runs[-1].spec.instructions, tools=_offered(runs), passages=tuple(good)
    )


def flaw_of(passage: Passage) -> Flaw | None:
    """Return why an exchange is no example, None if it is one."""
    run = passage.run
    if run is None or run.state is not State.COMPLETED:
        return "not_completed"
    if not any(one.role == "user" and one.text.strip() for one in passage.asked):
        return "no_question"
    if not _leads_to_an_answer(passage.said):
        return "no_answer"
    offered = {tool.name for tool in run.spec.tools}
    flaws = (_flaw_of_call(call, offered) for call in passage.calls)
    return next(filter(None, flaws), None)


def _leads_to_an_answer(said: Sequence[Utterance]) -> bool:
    """Tell whether every round but the last asks for calls, and the last says something."""
    rounds = [bool(one.calls) for one in said]
    return rounds == [True] * (len(said) - 1) + [False] and bool(said[-1].text.strip())


def arguments_of(call: Call) -> dict[str, Any] | None:
    """Return a call's arguments; None if they are not an object in JSON as providers read it."""
    try:
        values = json.loads(call.arguments or "{}", parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) else None


def _flaw_of_call(call: Call, offered: set[str]) -> Flaw | None:
    if call.output is None:
        return "unanswered_call"
    if call.name not in offered:
        return "unknown_function"
    return "broken_arguments" if arguments_of(call) is None else None


def _offered(runs: list[Run]) -> tuple[ToolSpec, ...]:
    return tuple({tool.name: tool for run in runs for tool in run.spec.tools}.values())


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
