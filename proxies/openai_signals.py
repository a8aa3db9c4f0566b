"""From what the Responses API sends to signals. Nothing here talks to anybody.

Streamed events and whole responses are plain dicts with the API's own names; what is unknown is
passed over, so that a new kind of event breaks nothing.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from conversation.errors import ProviderError
from conversation.ids import new_id
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
from proxies.counts import count
from proxies.failures import Complaint
from proxies.openai_request import OPENAI, Maker
from proxies.redact import redacted

Raw = dict[str, Any]
Secrets = tuple[str, ...]

_STATUS: Final = re.compile(r"[45]\d\d")
_CUT_SHORT: Final[dict[str, FinishReason]] = {
    "max_output_tokens": "max_tokens",
    "content_filter": "content_filter",
}


def signals_in(raw: Raw, secrets: Secrets = (), maker: Maker = OPENAI) -> Iterator[Signal]:
    """Yield what one streamed event says; raise what it reports as a failure."""
    match raw:
        case {"type": "response.output_text.delta", "delta": str(text)}:
            yield Saying(text)
        case {"type": "response.refusal.delta", "delta": str(text)}:
            yield Refusing(text)
        case {
            "type": "response.created" | "response.queued" | "response.in_progress",
            "response": {"status": str(status)},
        }:
            yield Alive(status)
        case {"type": "response.output_item.done", "item": dict(item)}:
            yield _kept(item, maker)
        case {
            "type": "response.completed" | "response.incomplete" | "response.failed",
            "response": dict(response),
        }:
            yield from _end_of(response, secrets, maker)
        case {"type": "error"}:
            raise failure_in(raw, secrets, maker.label)
        case _:
            pass


def signals_of(response: Raw, secrets: Secrets = (), maker: Maker = OPENAI) -> Iterator[Signal]:
    """Yield what a whole response says, in the order in which a stream would have said it."""
    for item in response.get("output") or ():
        # Reasoning items may have content too, but it is not for people.
        if item.get("type") == "message":
            for part in item.get("content") or ():
                yield from _said_in(part)
        yield _kept(item, maker)
    yield from _end_of(response, secrets, maker)


def failure_in(complaint: Raw, secrets: Secrets = (), name: str = OPENAI.label) -> ProviderError:
    """Return the error for an `error` event, or for the `error` of a failed response."""
    code = str(complaint.get("code") or "")
    return Complaint(
        provider=name,
        # Some give a status as the code; who has neither is at fault, like a 500.
        status=int(code) if _STATUS.fullmatch(code) else 500,
        code=code,
        sentence=redacted(str(complaint.get("message") or ""), secrets),
    ).error()


def _said_in(part: Raw) -> Iterator[Signal]:
    if text := _text(part.get("text")):
        yield Saying(text)
    if refusal := _text(part.get("refusal")):
        yield Refusing(refusal)


def _kept(item: Raw, maker: Maker) -> Item:
    return Item(ProviderItem(provider=maker.name, body=item))


def _end_of(response: Raw, secrets: Secrets, maker: Maker) -> Iterator[Signal]:
    """Yield how a response ended; nothing when it is not at its end."""
    used = _used(response.get("usage") or {})
    match response.get("status"):
        case "completed":
            yield from _completed(tuple(_calls(response)), used)
        case "incomplete":
            reason = str((response.get("incomplete_details") or {}).get("reason") or "")
            yield from (used, Finished(_CUT_SHORT.get(reason, "max_tokens"), reason))
        case "failed":
            yield used
            raise failure_in(response.get("error") or {}, secrets, maker.label)
        case _:
            pass


def _completed(calls: tuple[ToolCall, ...], used: Used) -> Iterator[Signal]:
    if calls:
        yield Asking(calls)
    yield used
    yield Finished("tool_calls" if calls else "stop")


def _calls(response: Raw) -> Iterator[ToolCall]:
    for item in response.get("output") or ():
        if item.get("type") == "function_call":
            yield ToolCall(
                call_id=new_id("call"),
                name=str(item.get("name") or ""),
                arguments=_arguments(item.get("arguments")),
                ref=_text(item.get("call_id")) or None,
            )


def _text(given: object) -> str:
    return given if isinstance(given, str) else ""


def _arguments(given: Any) -> str:
    """Return the JSON text; servers that only speak like OpenAI may send the object itself."""
    return given if given and isinstance(given, str) else json.dumps(given or {})


def _used(usage: Raw) -> Used:
    return Used(
        input=count(usage, "input_tokens"),
        output=count(usage, "output_tokens"),
        cached=count(usage, "input_tokens_details", "cached_tokens"),
        reasoning=count(usage, "output_tokens_details", "reasoning_tokens"),
    )
