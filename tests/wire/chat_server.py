"""A pretended OpenAI-compatible server: `/chat/completions`, whole or in chunks.

server.script(Answer(text="Hello."))                        # a text
server.script(Answer(calls=(Call("price"),), manner="whole"))   # a call in one chunk
server.script(Answer(reasoning="Hm.", text="Yes."))         # reasoning in a field of its own
server.script(failure(400, "does not support tools"))       # an HTTP error

Servers of this protocol differ in how they send calls: `manner` says how this one does.
"""

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from tests.wire import pretence
from tests.wire.openai_server import Call, failure
from tests.wire.server import Break, Json, ProviderServer, Rejected, Reply, Request, json_reply

__all__ = ["Answer", "Call", "ChatServer", "failure"]

Manner = Literal["pieces", "whole", "no ids", "no index", "one index", "one index, no ids"]

_NO_IDS: Final[dict[str, Json]] = {"no ids": {}, "one index, no ids": {"id": ""}}
_numbers: Final = itertools.count(1)
_ADDRESS: Final = re.compile(
    r"/v1/chat/completions|/openai/deployments/[\w.-]+/chat/completions\?api-version=[\w-]+"
)
_PARAMETERS: Final = {
    "messages", "model", "stream", "stream_options", "tools", "parallel_tool_calls",
    "temperature", "top_p", "max_tokens", "max_completion_tokens", "reasoning_effort",
    "response_format", "tool_choice",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the model says; `breaks` comes after the last piece of text, bytes go out as they are.

    `reasoning_field` None puts the reasoning between `<think>` tags in the text. `finish` "" is a
    stream that ends without saying why. `usage` is where the tokens are told.
    """

    text: str = ""
    refusal: str = ""
    calls: tuple[Call, ...] = ()
    manner: Manner = "pieces"
    reasoning: str = ""
    reasoning_field: str | None = "reasoning_content"
    finish: str | None = None
    usage: Literal["chunk", "every", "groq", "none"] = "chunk"
    breaks: Break | bytes | None = None

    def ending(self) -> str:
        """Return why the answer ends."""
        return self.finish if self.finish is not None else "tool_calls" if self.calls else "stop"


class ChatServer(ProviderServer[Answer]):
    """Answers `POST /v1/chat/completions`, and as Azure's older API at its deployments."""

    path = "/v1"

    def check(self, request: Request) -> None:
        """Reject what a strict server would."""
        if not _ADDRESS.fullmatch(request.path):
            raise Rejected(f"Unknown address: {request.path}")
        if unknown := request.body.keys() - _PARAMETERS:
            raise Rejected(f"Unknown parameter: '{min(unknown)}'.")
        if "stream_options" in request.body and not request.body.get("stream"):
            raise Rejected("stream_options is for streams.")
        _check_calls(request.body["messages"])

    def reject(self, reason: str) -> Reply:
        """Return the 400."""
        return failure(400, "invalid_request_error", reason)

    def improvise(self, request: Request) -> Answer:
        """Answer from results if there are any, ask for prices, or make small talk."""
        messages: list[Json] = request.body["messages"]
        last = list(itertools.takewhile(lambda one: one["role"] != "user", reversed(messages)))
        results = [one["content"] for one in reversed(last) if one["role"] == "tool"]
        if results:
            return Answer(text=pretence.answer_from(results))
        said = next((pretence.said(one) for one in reversed(messages) if one["role"] == "user"), "")
        symbols = pretence.symbols_asked_for(said) if request.body.get("tools") else []
        calls = tuple(Call("get_stock_price", {"symbol": symbol}) for symbol in symbols)
        return Answer(calls=calls) if calls else Answer(text=pretence.small_talk(said))

    def perform(self, answer: Answer, request: Request) -> Reply:
        """Return the answer as JSON, or as a stream of chunks."""
        if not request.body.get("stream"):
            return json_reply(_whole(answer, request.body))
        counted = bool((request.body.get("stream_options") or {}).get("include_usage"))
        pieces = tuple(_written(_chunks(answer, request.body, counted=counted)))
        return Reply(pieces=pieces, kind="text/event-stream; charset=utf-8")


def _check_calls(messages: list[Json]) -> None:
    """Want an output for every call, right after it, and no other."""
    awaited: list[str] = []
    for message in messages:
        if message["role"] == "tool":
            if message["tool_call_id"] not in awaited:
                raise Rejected(f"Nobody called {message['tool_call_id']}.")
            awaited.remove(message["tool_call_id"])
            continue
        if awaited:
            raise Rejected(f"No output for {awaited[0]}.")
        for call in message.get("tool_calls") or ():
            json.loads(call["function"]["arguments"])
            awaited.append(call["id"])
    if awaited:
        raise Rejected(f"No output for {awaited[0]}.")


def _usage(answer: Answer) -> Json:
    return {
        "prompt_tokens": 20,
        "completion_tokens": 10,
        "total_tokens": 30,
        "prompt_tokens_details": {"cached_tokens": 5},
        "completion_tokens_details": {"reasoning_tokens": 4 if answer.reasoning else 0},
    }


def _frame(asked: Json, kind: str) -> Json:
    return {
        "id": f"chatcmpl-{next(_numbers)}",
        "object": kind,
        "created": 1_700_000_000,
        "model": asked["model"],
    }


def _text(answer: Answer) -> str:
    inline = answer.reasoning and answer.reasoning_field is None
    return f"<think>\n{answer.reasoning}\n</think>\n\n{answer.text}" if inline else answer.text


def _whole(answer: Answer, asked: Json) -> Json:
    calls = [piece for group in _call_pieces(answer, "whole") for piece in group]
    message: Json = {"role": "assistant", "content": _text(answer) or None}
    if answer.reasoning and answer.reasoning_field:
        message[answer.reasoning_field] = answer.reasoning
    if answer.refusal:
        message["refusal"] = answer.refusal
    if calls:
        message["tool_calls"] = [_without(call, "index") for call in calls]
    choice = {"index": 0, "message": message, "finish_reason": answer.ending() or None}
    body = {**_frame(asked, "chat.completion"), "choices": [choice]}
    return body if answer.usage == "none" else {**body, "usage": _usage(answer)}


def _without(piece: Json, name: str) -> Json:
    return {key: value for key, value in piece.items() if key != name}


def _chunks(answer: Answer, asked: Json, *, counted: bool) -> Iterator[Json | bytes | Break]:
    frame = _frame(asked, "chat.completion.chunk")
    every = {"usage": _usage(answer)} if answer.usage == "every" else {}
    for delta in _deltas(answer):
        if isinstance(delta, dict):
            choice = {"index": 0, "delta": delta, "finish_reason": None}
            yield {**frame, "choices": [choice], **every}
        else:
            yield delta
    if answer.ending():
        groq = {"x_groq": {"usage": _usage(answer)}} if answer.usage == "groq" else {}
        choice = {"index": 0, "delta": {}, "finish_reason": answer.ending()}
        yield {**frame, "choices": [choice], **every, **groq}
    if answer.usage == "chunk" and counted:
        yield {**frame, "choices": [], "usage": _usage(answer)}


def _deltas(answer: Answer) -> Iterator[Json | bytes | Break]:
    yield {"role": "assistant", "content": ""}
    if answer.reasoning and answer.reasoning_field:
        for token in pretence.tokens(answer.reasoning):
            yield {answer.reasoning_field: token}
    for token in pretence.tokens(_text(answer)):
        yield {"content": token}
    if answer.breaks is not None:
        yield answer.breaks
    for token in pretence.tokens(answer.refusal):
        yield {"refusal": token}
    for group in _call_pieces(answer, answer.manner):
        yield {"tool_calls": group}


def _call_pieces(answer: Answer, manner: Manner) -> Iterator[list[Json]]:
    """Yield the pieces of the calls as this manner groups them into chunks."""
    for index, call in enumerate(answer.calls):
        ref = _NO_IDS.get(manner, {"id": f"call-{next(_numbers)}"})
        place = {} if manner == "no index" else {"index": 0 if "one index" in manner else index}
        head: Json = {**place, **ref, "type": "function"}
        if manner in {"whole", "one index", "one index, no ids"}:
            yield [{**head, "function": {"name": call.name, "arguments": call.text()}}]
            continue
        yield [{**head, "function": {"name": call.name, "arguments": ""}}]
        text = call.text()
        for start in range(0, len(text), 8):
            yield [{**place, "function": {"arguments": text[start : start + 8]}}]


def _written(chunks: Iterator[Json | bytes | Break]) -> Iterator[bytes | Break]:
    for chunk in chunks:
        if isinstance(chunk, dict):
            yield f"data: {json.dumps(chunk)}\n\n".encode()
        else:
            yield chunk
            return
    yield b"data: [DONE]\n\n"
