"""What an answer took: tokens, times and cost, in a line of small print."""

from collections.abc import Iterable

from conversation.events import Logged, StateChanged
from conversation.history import RunLine
from conversation.script import State
from ui.chat.telling import Telling
from ui.language import money, number, phrases, texts

LEAST = 0.0001
"""Dollars below which a cost is only said to be less."""


def figures_text(lines: list[RunLine], tellings: list[Telling]) -> str:
    """Say what the exchanges of one answer took, all together."""
    if not lines:
        return ""
    waited = sum(tool_seconds(telling.steps) for telling in tellings)
    said = (lines[-1].model, *_tokens(lines), *_times(lines, waited), _cost(lines))
    return " · ".join(filter(None, said))


def tool_seconds(steps: Iterable[Logged]) -> float:
    """Return for how long a run's calls were open; clocks may jump, times never run backwards."""
    total, since = 0.0, None
    for logged in steps:
        if isinstance(logged.event, StateChanged):
            if since is not None:
                total += max(0.0, (logged.at - since).total_seconds())
            since = logged.at if logged.event.after is State.REQUIRES_ACTION else None
    return total


def _tokens(lines: list[RunLine]) -> tuple[str, ...]:
    read, written = sum(x.input_tokens for x in lines), sum(x.output_tokens for x in lines)
    if not read and not written:
        return ()
    cached, thought = sum(x.cached_tokens for x in lines), sum(x.reasoning_tokens for x in lines)
    return (
        texts.TOKENS_IN.format(count=number(read)) + _part(texts.TOKENS_CACHED, cached),
        texts.TOKENS_OUT.format(count=number(written)) + _part(texts.TOKENS_REASONING, thought),
    )


def _part(said: str, count: int) -> str:
    return f" ({said.format(count=number(count))})" if count else ""


def _times(lines: list[RunLine], tools: float) -> tuple[str, ...]:
    first = lines[0].first_token
    whole = [max(0.0, line.duration) for line in lines if line.duration is not None]
    duration = phrases().duration
    return (
        texts.FIRST_TOKEN.format(time=duration(max(0.0, first))) if first is not None else "",
        texts.TOOL_TIME.format(time=duration(tools)) if tools else "",
        texts.WHOLE_TIME.format(time=duration(sum(whole))) if whole else "",
    )


def _cost(lines: list[RunLine]) -> str:
    costs = [line.price for line in lines if line.tokens or line.first_token is not None]
    known = [cost for cost in costs if cost is not None]
    if not costs:  # no model has answered
        return ""
    if len(known) < len(costs):
        return texts.COST_UNKNOWN
    total = sum(known)
    return texts.LESS_THAN.format(cost=money(LEAST)) if 0 < total < LEAST else money(total)
