"""A pretended OpenAI: the Responses API, whole or streamed event by event.

server.script(Answer(text="Hello."))                      # a text
server.script(Answer(calls=(Call("price", {"symbol": "X"}),)))  # one or more calls
server.script(Answer(reasoning=True, text="Hm."))         # a reasoning item first
server.script(Answer(text="Well", breaks=Break.RESET))    # broken after the text
server.script(failure(429, "rate_limit_exceeded"))        # an HTTP error
"""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from tests.wire import openai_rules, pretence
from tests.wire.server import Break, Json, ProviderServer, Reply, Request, json_reply

End = Literal["completed", "incomplete", "failed", "error", "quiet"]

_numbers: Final = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Call:
    """A function the model calls; arguments given as text go out as they are."""

    name: str
    arguments: Json | str = field(default_factory=dict)

    def text(self) -> str:
        """Return the arguments as the model writes them."""
        return self.arguments if isinstance(self.arguments, str) else json.dumps(self.arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the model says; `code` is why it is incomplete, failed or an error.

    `breaks` comes after the last piece of text, bytes go out as they are.
    """

    text: str = ""
    refusal: str = ""
    calls: tuple[Call, ...] = ()
    reasoning: bool = False
    end: End = "completed"
    code: str = ""
    breaks: Break | bytes | None = None


def failure(
    status: int, code: str, message: str = "", *, retry_after: str = "", **headers: str
) -> Reply:
    """Return an HTTP error as OpenAI words it; `x_name` is the header `x-name`."""
    error = {"message": message or f"It is {code}.", "type": code, "param": None, "code": code}
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    told |= {"Retry-After": retry_after} if retry_after else {}
    return json_reply({"error": error}, status=status, headers=told)


class OpenAIServer(ProviderServer[Answer]):
    """Answers `POST /v1/responses`."""

    path = "/v1"

    def __init__(self, *, token_delay: float = 0.0, port: int = 0) -> None:
        """Wait `token_delay` seconds before each event of a stream."""
        super().__init__(token_delay=token_delay, port=port)
        self._made = openai_rules.Made()

    def check(self, request: Request) -> None:
        """Reject what the real one would."""
        openai_rules.check(request, self._made)

    def reject(self, reason: str) -> Reply:
        """Return the 400."""
        return failure(400, "invalid_request_error", reason)

    def improvise(self, request: Request) -> Answer:
        """Answer from results if there are any, ask for prices, or make small talk."""
        items: list[Json] = request.body["input"]
        last = list(itertools.takewhile(lambda item: item.get("role") != "user", reversed(items)))
        results = [item["output"] for item in reversed(last) if "output" in item]
        if results:
            return Answer(text=pretence.answer_from(results))
        said = next((pretence.said(item) for item in reversed(items) if "content" in item), "")
        offered = {tool["name"] for tool in request.body.get("tools", ())}
        symbols = pretence.symbols_asked_for(said) if "get_stock_price" in offered else []
        calls = tuple(Call("get_stock_price", {"symbol": symbol}) for symbol in symbols)
        return Answer(calls=calls) if calls else Answer(text=pretence.small_talk(said))

    def perform(self, answer: Answer, request: Request) -> Reply:
        """Return the answer as JSON, or as a stream of events."""
        response = _response(request.body)
        output = self._items(answer)
        if not request.body.get("stream"):
            return json_reply({**response, **_ending(answer, output)})
        pieces = tuple(_numbered(_events(answer, response, output)))
        return Reply(pieces=pieces, kind="text/event-stream; charset=utf-8")

    def _items(self, answer: Answer) -> list[Json]:
        """Return the complete output items, and remember them."""
        items = [*_messages(answer), *map(_function_call, answer.calls)]
        if answer.reasoning:
            reasoning: Json = {
                "id": _new("rs"),
                "type": "reasoning",
                "summary": [],
                "encrypted_content": _new("gAAAAA"),
            }
            items.insert(0, reasoning)
        self._made.remember(items)
        return items


def _new(prefix: str) -> str:
    return f"{prefix}_{next(_numbers):024d}"


def _response(asked: Json) -> Json:
    kept = {name: asked.get(name) for name in ("model", "instructions", "temperature", "store")}
    return {
        "id": _new("resp"),
        "object": "response",
        "created_at": 1_700_000_000,
        "status": "in_progress",
        "error": None,
        "incomplete_details": None,
        "output": [],
        "parallel_tool_calls": asked.get("parallel_tool_calls", True),
        "tool_choice": "auto",
        "tools": asked.get("tools", []),
        "usage": None,
        **kept,
    }


def _messages(answer: Answer) -> Iterator[Json]:
    if answer.text or answer.refusal:
        part = (
            {"type": "refusal", "refusal": answer.refusal}
            if answer.refusal
            else {"type": "output_text", "text": answer.text, "annotations": [], "logprobs": []}
        )
        yield {
            "id": _new("msg"),
            "type": "message",
            "status": "completed",
            "role": "assistant",
            "content": [part],
        }


def _function_call(call: Call) -> Json:
    return {
        "id": _new("fc"),
        "type": "function_call",
        "status": "completed",
        "arguments": call.text(),
        "call_id": _new("call"),
        "name": call.name,
    }


def _ending(answer: Answer, output: list[Json]) -> Json:
    """Return what a response's last state adds to its first."""
    usage = {
        "input_tokens": 20,
        "input_tokens_details": {"cached_tokens": 5, "cache_write_tokens": 0},
        "output_tokens": 10,
        "output_tokens_details": {"reasoning_tokens": 4 if answer.reasoning else 0},
        "total_tokens": 30,
    }
    ended: Json = {"status": answer.end, "output": output, "usage": usage}
    if answer.end == "incomplete":
        ended["incomplete_details"] = {"reason": answer.code}
    if answer.end == "failed":
        ended["error"] = {"code": answer.code, "message": f"It is {answer.code}."}
    return ended


def _events(answer: Answer, response: Json, output: list[Json]) -> Iterator[Json | bytes | Break]:
    yield {"type": "response.created", "response": response}
    yield {"type": "response.in_progress", "response": response}
    for index, item in enumerate(output):
        yield from _item_events(index, item, answer)
    match answer.end:
        case "quiet":
            return
        case "error":
            yield {"type": "error", "code": answer.code, "message": f"It is {answer.code}."}
        case end:
            yield {"type": f"response.{end}", "response": {**response, **_ending(answer, output)}}


def _item_events(index: int, item: Json, answer: Answer) -> Iterator[Json | bytes | Break]:
    at = {"output_index": index}
    started = {**item, "status": "in_progress"}
    match item["type"]:
        case "message":
            yield {"type": "response.output_item.added", "item": {**started, "content": []}, **at}
            yield from _part_events({**at, "item_id": item["id"]}, item["content"][0])
            if answer.breaks is not None:
                yield answer.breaks
        case "function_call":
            yield {"type": "response.output_item.added", "item": {**started, "arguments": ""}, **at}
            yield from _argument_events({**at, "item_id": item["id"]}, item["arguments"])
        case _:
            # Complete only in `done`: what `added` has of it is of no use.
            yield {
                "type": "response.output_item.added",
                "item": {**item, "encrypted_content": "incomplete"},
                **at,
            }
    yield {"type": "response.output_item.done", "item": item, **at}


def _part_events(at: Json, part: Json) -> Iterator[Json]:
    field_, kind = (
        ("text", "output_text") if part["type"] == "output_text" else ("refusal", "refusal")
    )
    at = {**at, "content_index": 0}
    yield {"type": "response.content_part.added", "part": {**part, field_: ""}, **at}
    for token in pretence.tokens(part[field_]):
        yield {"type": f"response.{kind}.delta", "delta": token, **at}
    yield {"type": f"response.{kind}.done", field_: part[field_], **at}
    yield {"type": "response.content_part.done", "part": part, **at}


def _argument_events(at: Json, arguments: str) -> Iterator[Json]:
    for start in range(0, len(arguments), 8):
        delta = arguments[start : start + 8]
        yield {"type": "response.function_call_arguments.delta", "delta": delta, **at}
    yield {"type": "response.function_call_arguments.done", "arguments": arguments, **at}


def _numbered(events: Iterator[Json | bytes | Break]) -> Iterator[bytes | Break]:
    for number, event in enumerate(events):
        if isinstance(event, dict):
            data = json.dumps({**event, "sequence_number": number})
            yield f"event: {event['type']}\ndata: {data}\n\n".encode()
        else:
            yield event
            return
