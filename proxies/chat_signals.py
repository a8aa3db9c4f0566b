"""From what a `/chat/completions` server sends to signals. Nothing here talks to anybody.

Servers differ: calls come in pieces or whole, with ids or without, several under one index;
reasoning comes under several names, or between `<think>` tags in the text; usage comes in a chunk
of its own, in every chunk, or never. A whole answer is read like a stream of one chunk.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from conversation.errors import BadResponse, ProviderUnavailable
from conversation.signals import (
    Alive,
    Asking,
    Finished,
    FinishReason,
    Item,
    Refusing,
    Saying,
    Signal,
    Used,
)
from conversation.turns import ProviderItem, ToolCall
from proxies.chat_calls import Calls
from proxies.chat_details import FIELD, Details
from proxies.chat_request import called
from proxies.chat_thoughts import Thoughts
from proxies.counts import count

Raw = dict[str, Any]

_REASONING: Final = ("reasoning_content", "reasoning")
_FRAME: Final = ("id", "created", "model")
_THINKING: Final = "reasoning"
_REASONS: Final[dict[str, FinishReason]] = {
    "stop": "stop",
    "eos": "stop",
    "end_turn": "stop",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "length": "max_tokens",
    "max_tokens": "max_tokens",
    "model_length": "max_tokens",
    "content_filter": "content_filter",
}


@dataclass(slots=True)
class Answer:
    """One answer while it arrives; `provider` is whose items it makes."""

    provider: str
    finish: str = ""
    used: Used | None = None
    text: list[str] = field(default_factory=list)
    _begun: bool = False
    _usage: Raw | None = None
    _frame: Raw = field(default_factory=dict)
    _reasoning: dict[str, list[str]] = field(default_factory=dict)
    _details: Details = field(default_factory=Details)
    _calls: Calls = field(default_factory=Calls)
    _thoughts: Thoughts = field(default_factory=Thoughts)

    def signals_in(self, chunk: Raw) -> Iterator[Signal]:
        """Yield what a chunk, or a whole answer, says."""
        if not self._begun:
            self._begun = True
            self._frame = {name: chunk.get(name) for name in _FRAME if name in chunk}
            yield Alive()
        self._count(chunk)
        for choice in (chunk.get("choices") or ())[:1]:
            delta = choice.get("delta") or choice.get("message") or {}
            yield from self._said(delta)
            for piece in delta.get("tool_calls") or ():
                self._calls.take(piece)
            if legacy := delta.get("function_call"):
                self._calls.take({"index": 0, "function": legacy})
            self.finish = choice.get("finish_reason") or self.finish

    @property
    def reason(self) -> FinishReason:
        """Why the answer ended, in our words."""
        return _REASONS.get(self.finish, "stop")

    def ending(self) -> Iterator[Signal]:
        """Yield how the answer ended; nothing when it did not."""
        if rest := self._thoughts.rest():
            yield self._saying(rest)
        if self.finish == "error":
            yield from (self.used,) if self.used else ()
            raise ProviderUnavailable("The server broke the answer off with an error.")
        if self.finish:
            yield from self._finished()

    def _finished(self) -> Iterator[Signal]:
        whole = self.reason in {"stop", "tool_calls"}
        calls = self.calls() if whole else ()
        if calls:
            yield Item(ProviderItem(provider=self.provider, body=self._message(calls)))
            yield Asking(calls)
        if self.used:
            yield self.used
        yield Finished(("tool_calls" if calls else "stop") if whole else self.reason)

    @property
    def body(self) -> Raw:
        """What has arrived of a streamed answer, as a whole answer would have it."""
        calls = self._calls.body()
        message: Raw = {"role": "assistant", "content": "".join(self.text) or None}
        message |= self._thought()
        message |= {"tool_calls": calls} if calls else {}
        choice = {"index": 0, "message": message, "finish_reason": self.finish or None}
        usage = {"usage": self._usage} if self._usage else {}
        return {**self._frame, "object": "chat.completion", "choices": [choice], **usage}

    def calls(self) -> tuple[ToolCall, ...]:
        """Return the calls that have arrived; `BadResponse` for one without a name."""
        if any(not call.name for call in self._calls.begun):
            raise BadResponse("The model called a function without naming it.")
        return tuple(call.call() for call in self._calls.begun)

    def _said(self, delta: Raw) -> Iterator[Signal]:
        for name in _REASONING:
            thought = delta.get(name)
            if thought and isinstance(thought, str):
                self._reasoning.setdefault(name, []).append(thought)
                yield Alive(_THINKING)
        if self._details.take(delta.get(FIELD)):
            yield Alive(_THINKING)
        for thinking, text in _parts(delta.get("content")):
            said = "" if thinking else self._thoughts.spoken(text)
            if said:
                yield self._saying(said)
            elif thinking or self._thoughts.thinking:
                yield Alive(_THINKING)
        refusal = delta.get("refusal")
        if refusal and isinstance(refusal, str):
            yield Refusing(refusal)

    def _saying(self, text: str) -> Saying:
        self.text.append(text)
        return Saying(text)

    def _message(self, calls: tuple[ToolCall, ...]) -> Raw:
        """Return the answer as the server wants it back, reasoning and ids included."""
        return {
            "role": "assistant",
            "content": "".join(self.text) or None,
            **self._thought(),
            "tool_calls": [
                called(call, call.ref or call.call_id) | arrived.signatures
                for call, arrived in zip(calls, self._calls.begun, strict=True)
            ],
        }

    def _thought(self) -> Raw:
        """Return what was thought, in the fields it came in."""
        details = {FIELD: self._details.parts} if self._details.parts else {}
        return {name: "".join(pieces) for name, pieces in self._reasoning.items()} | details

    def _count(self, chunk: Raw) -> None:
        usage = chunk.get("usage") or (chunk.get("x_groq") or {}).get("usage")
        if isinstance(usage, dict):
            self._usage, self.used = usage, used_in(usage)


def used_in(usage: Raw) -> Used:
    """Return the tokens that a server counted."""
    return Used(
        input=count(usage, "prompt_tokens"),
        output=count(usage, "completion_tokens"),
        cached=count(usage, "prompt_tokens_details", "cached_tokens"),
        reasoning=count(usage, "completion_tokens_details", "reasoning_tokens"),
    )


def _parts(content: Any) -> Iterator[tuple[bool, str]]:
    """Yield the texts of a content, which is one or has parts, and whether each is a thought."""
    if isinstance(content, str):
        yield False, content
    elif isinstance(content, list):
        for part in content:
            kind = part.get("type")
            if kind == "text":
                yield False, part.get("text") or ""
            elif kind in {"thinking", "reasoning"}:
                yield True, ""
