"""From what Gemini sends to signals. Nothing here talks to anybody."""

import json
from collections.abc import Iterator
from typing import Final

from google.genai import types

from conversation.errors import BadResponse, PromptBlocked
from conversation.ids import new_id
from conversation.signals import (
    Alive,
    Asking,
    Finished,
    FinishReason,
    Item,
    Saying,
    Signal,
    Used,
)
from conversation.turns import ProviderItem, ToolCall
from proxies.failures import cut_off
from proxies.gemini_body import Merged
from proxies.gemini_request import PROVIDER
from proxies.redact import redacted

NAME: Final = "Gemini"

_ENDS: Final[dict[str, FinishReason]] = {"STOP": "stop", "MAX_TOKENS": "max_tokens"}
_FUMBLES: Final = ("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS")
_NO_ENDS: Final = ("", "FINISH_REASON_UNSPECIFIED", "CONTINUATION")


class FumbledCall(BadResponse):
    """The model wrote a call of a function that can't be read; often it does better next time."""

    retryable = True


class Answer:
    """One answer while its chunks arrive; an answer that is not streamed is one chunk.

    With `one_call` what comes after the first call is left out: Gemini can't be asked for less.
    """

    def __init__(self, *, one_call: bool = False) -> None:
        self._one_call = one_call
        self.begun = False
        self._merged = Merged()
        self._parts: list[types.Part] = []
        self._used = Used()
        self._reason = ""
        self._detail = ""

    def signals_in(self, chunk: types.GenerateContentResponse) -> Iterator[Signal]:
        """Yield what one chunk says."""
        if not self.begun:
            self.begun = True
            yield Alive()
        self._merged.take(chunk)
        self._used = _used(chunk.usage_metadata) or self._used
        _check_prompt(chunk.prompt_feedback)
        for candidate in (chunk.candidates or ())[:1]:
            yield from self._said_in(candidate)

    def ending(self) -> Iterator[Signal]:
        """Yield what is known once all chunks are there; raise if the answer is none."""
        parts = _to_first_call(self._parts) if self._one_call else self._parts
        if parts:
            yield Item(ProviderItem(provider=PROVIDER, body=_body(parts)))
        # Tokens are billed however it ends.
        used = self._used
        if self._reason in _NO_ENDS:
            yield used
            raise cut_off(NAME)
        if self._reason in _FUMBLES:
            yield used
            raise FumbledCall(f"{NAME} called a function in a way that can't be read.")
        calls = tuple(_calls(parts)) if self._reason == "STOP" else ()
        if calls:
            yield Asking(calls)
        yield used
        yield self._finished(calls)

    def body(self) -> dict[str, object] | None:
        """Return what came, as if it had come at once; None when nothing did."""
        return self._merged.body(self._parts)

    def _said_in(self, candidate: types.Candidate) -> Iterator[Signal]:
        if candidate.finish_reason:
            self._reason = str(candidate.finish_reason.value)
            self._detail = redacted(candidate.finish_message or "")
        for part in (candidate.content and candidate.content.parts) or ():
            _add(self._parts, part)
            if part.text and not part.thought:
                yield Saying(part.text)

    def _finished(self, calls: tuple[ToolCall, ...]) -> Finished:
        if calls:
            return Finished("tool_calls")
        # Whatever else ends an answer is a filter of one kind or another.
        reason = _ENDS.get(self._reason, "content_filter")
        detail = ": ".join(filter(None, (self._reason, self._detail)))
        return Finished(reason, "" if reason == "stop" else detail)


def _check_prompt(feedback: types.GenerateContentResponsePromptFeedback | None) -> None:
    if feedback is not None and feedback.block_reason:
        why = redacted(feedback.block_reason_message or feedback.block_reason.value)
        raise PromptBlocked(f"{NAME} will not answer this prompt: {why}")


def _add(parts: list[types.Part], part: types.Part) -> None:
    """Add a part; pieces of plain text become one, everything else stays as it came."""
    if parts and _plain(part) and _plain(parts[-1]):
        parts[-1] = types.Part(text=f"{parts[-1].text}{part.text}")
    else:
        parts.append(part)


def _to_first_call(parts: list[types.Part]) -> list[types.Part]:
    called = (place for place, part in enumerate(parts, 1) if part.function_call is not None)
    return parts[: next(called, len(parts))]


def _plain(part: types.Part) -> bool:
    return part.model_dump(exclude_none=True).keys() == {"text"}


def _body(parts: list[types.Part]) -> dict[str, object]:
    content = types.Content(role="model", parts=parts)
    return content.model_dump(mode="json", by_alias=True, exclude_none=True)


def _calls(parts: list[types.Part]) -> Iterator[ToolCall]:
    for part in parts:
        if (call := part.function_call) is not None:
            yield ToolCall(
                call_id=new_id("call"),
                name=call.name or "",
                arguments=json.dumps(call.args or {}, ensure_ascii=False),
                ref=call.id,
            )


def _used(usage: types.GenerateContentResponseUsageMetadata | None) -> Used | None:
    if usage is None:
        return None
    thoughts = _count(usage.thoughts_token_count)
    return Used(
        input=_count(usage.prompt_token_count) + _count(usage.tool_use_prompt_token_count),
        output=_count(usage.candidates_token_count) + thoughts,
        cached=_count(usage.cached_content_token_count),
        reasoning=thoughts,
    )


def _count(tokens: int | None) -> int:
    return max(0, tokens or 0)
