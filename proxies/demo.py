"""The demo model: a few rules in place of a language model, to try Parley without any key.

It knows nothing but the turn it is given, and never says it is more than it is.
"""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Iterable
from dataclasses import asdict
from typing import Final

from conversation.signals import (
    Alive,
    Asking,
    Finished,
    FinishReason,
    Refusing,
    Requested,
    Responded,
    Saying,
    Sent,
    Signal,
    Used,
)
from conversation.turns import Turn
from proxies.demo_reply import Reply
from proxies.demo_wishes import reply_within
from proxies.kept import kept

MODEL: Final = "demo"

_WORD: Final = re.compile(r"\s*\S+\s*")
_CHARACTERS_PER_TOKEN: Final = 4


class DemoProxy:
    """Answers by rule; streams word by word, `delay` seconds apart."""

    name: str = "demo"

    def __init__(self, delay: float = 0.03) -> None:
        self._delay = delay

    async def respond(self, turn: Turn) -> AsyncGenerator[Signal, None]:
        """Answer `turn` with the signals a real model's proxy would yield."""
        reply = reply_within(turn)
        if reply.failure and not reply.text:
            raise reply.failure
        yield Sent()
        yield Requested(kept(asdict(turn)))
        await asyncio.sleep(reply.pause)
        yield Alive()
        words, reason = _within_limit(reply, turn)
        for piece in words if turn.stream else filter(None, ["".join(words)]):
            await asyncio.sleep(self._delay)
            yield Refusing(piece) if reply.refusal else Saying(piece)
        if reply.failure:
            yield Responded(_answer(words, reply, ends="broken off"))
            raise reply.failure
        if reply.calls:
            yield Asking(reply.calls)
        used = Used(input=_tokens(_heard(turn)), output=_tokens(_written(words, reply)))
        yield Responded(_answer(words, reply, ends=reason, usage=asdict(used)))
        yield used
        yield Finished(reason)

    async def models(self) -> tuple[str, ...]:
        """Return the one there is."""
        return (MODEL,)

    async def aclose(self) -> None:
        """Nothing to close."""


def _within_limit(reply: Reply, turn: Turn) -> tuple[list[str], FinishReason]:
    """Split the text into words, no more than the limit of tokens allows."""
    words = _WORD.findall(reply.text)
    limit = turn.sampling.max_output_tokens
    if limit is not None and len(words) > limit:
        return words[:limit], "max_tokens"
    return words, "tool_calls" if reply.calls else "stop"


def _answer(words: list[str], reply: Reply, **ending: object) -> str:
    """Return an answer as it is kept."""
    said = {"refusal" if reply.refusal else "text": "".join(words)}
    return kept({**said, "calls": [asdict(call) for call in reply.calls], **ending})


def _heard(turn: Turn) -> Iterable[str]:
    """Return everything a real model would be sent."""
    yield turn.instructions
    yield from (said.text for said in turn.messages)
    yield from (json.dumps(asdict(tool)) for tool in turn.tools)
    yield json.dumps(turn.answer.schema) if turn.answer.schema else ""
    for past in turn.rounds:
        yield past.text
        yield from (call.arguments for call in past.calls)
        yield from (result.output for result in past.results)


def _written(words: list[str], reply: Reply) -> Iterable[str]:
    yield from words
    yield from (call.name + call.arguments for call in reply.calls)


def _tokens(texts: Iterable[str]) -> int:
    """Guess how many tokens there are, as one does without a tokenizer."""
    return -(-sum(map(len, texts)) // _CHARACTERS_PER_TOKEN)


def connect(*, delay: float = 0.03) -> DemoProxy:
    """Return the demo's proxy; `delay` is the seconds from word to word."""
    return DemoProxy(delay=delay)
