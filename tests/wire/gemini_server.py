"""A pretended Gemini: `generateContent`, whole or streamed, by API key or as Vertex AI.

    server.script(Answer(text="Hello."))                      # a text
    server.script(Answer(calls=(Call("price", {"symbol": "X"}),)))  # one or more calls
    server.script(Answer(finish="SAFETY"))                    # an end other than STOP
    server.script(Answer(blocked="PROHIBITED_CONTENT"))       # a prompt it will not answer
    server.script(Answer(text="Well", breaks=Break.RESET))    # broken after the text
    server.script(failure(429, "RESOURCE_EXHAUSTED", retry_delay="1s"))  # an HTTP error

Thoughts are signed as by Gemini 3: the first call of an answer, or the end of a text.
"""

import base64
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from tests.wire import gemini_rules, pretence
from tests.wire.server import Break, Json, ProviderServer, Reply, Request, json_reply

_numbers: Final = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Call:
    """A function the model calls; models before Gemini 3 give their calls no id."""

    name: str
    arguments: Json = field(default_factory=dict)
    with_id: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the model says. `thought` is a summary that is not part of the answer.

    `breaks` comes after the last piece of text, bytes go out as they are.
    """

    text: str = ""
    thought: str = ""
    calls: tuple[Call, ...] = ()
    finish: str | None = "STOP"
    blocked: str = ""
    breaks: Break | bytes | None = None


def failure(
    status: int,
    name: str,
    message: str = "",
    *,
    reason: str = "",
    retry_delay: str = "",
    quota: str = "",
) -> Reply:
    """Return an HTTP error as Google words it."""
    details: list[Json] = []
    if reason:
        details.append({"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason})
    if quota:
        violations = [{"quotaId": quota}]
        kind = "type.googleapis.com/google.rpc.QuotaFailure"
        details.append({"@type": kind, "violations": violations})
    if retry_delay:
        kind = "type.googleapis.com/google.rpc.RetryInfo"
        details.append({"@type": kind, "retryDelay": retry_delay})
    error = {"code": status, "message": message or f"It is {name}.", "status": name}
    return json_reply({"error": {**error, "details": details}}, status=status)


def error_in_stream(status: int, name: str) -> bytes:
    """Return an error as it comes inside a stream; for `Answer.breaks`."""
    return _sse({"error": {"code": status, "message": f"It is {name}.", "status": name}})


class GeminiServer(ProviderServer[Answer]):
    """Answers `POST .../models/{model}:generateContent` and `:streamGenerateContent`."""

    def __init__(self, *, token_delay: float = 0.0, port: int = 0) -> None:
        """Wait `token_delay` seconds before each chunk of a stream."""
        super().__init__(token_delay=token_delay, port=port)
        self._signatures: set[str] = set()

    def check(self, request: Request) -> None:
        """Reject what the real one would."""
        gemini_rules.check(request, self._signatures)

    def reject(self, reason: str) -> Reply:
        """Return the 400."""
        return failure(400, "INVALID_ARGUMENT", reason)

    def improvise(self, request: Request) -> Answer:
        """Answer from results if there are any, ask for prices, or make small talk."""
        parts: list[Json] = request.body["contents"][-1]["parts"]
        results = [str(_result(part)) for part in parts if "functionResponse" in part]
        if results:
            return Answer(text=pretence.answer_from(results))
        said = " ".join(part.get("text", "") for part in parts)
        offered = {
            declaration["name"]
            for tool in request.body.get("tools", ())
            for declaration in tool["functionDeclarations"]
        }
        symbols = pretence.symbols_asked_for(said) if "get_stock_price" in offered else []
        calls = tuple(Call("get_stock_price", {"symbol": symbol}) for symbol in symbols)
        return Answer(calls=calls) if calls else Answer(text=pretence.small_talk(said))

    def perform(self, answer: Answer, request: Request) -> Reply:
        """Return the answer as JSON, or as a stream of chunks."""
        if "streamGenerateContent" in request.path:
            pieces = tuple(self._stream(answer))
            return Reply(pieces=pieces, kind="text/event-stream")
        if answer.blocked:
            return json_reply(_blocked(answer))
        parts = [*_texts(answer, whole=True), *self._signed(answer)]
        return json_reply(_chunk(parts, answer.finish))

    def _stream(self, answer: Answer) -> Iterator[bytes | Break]:
        if answer.blocked:
            yield _sse(_blocked(answer))
            return
        for part in _texts(answer, whole=False):
            yield _sse(_chunk([part]))
        if answer.breaks is not None:
            yield answer.breaks
            return
        yield _sse(_chunk(list(self._signed(answer)), answer.finish))

    def _signed(self, answer: Answer) -> Iterator[Json]:
        """Yield the calls, the first one signed; or an empty text that signs the answer."""
        if answer.text and not answer.calls:
            yield {"text": "", "thoughtSignature": self._sign()}
        for position, call in enumerate(answer.calls):
            named = {"id": f"gemini-{next(_numbers)}"} if call.with_id else {}
            part: Json = {"functionCall": {"name": call.name, "args": call.arguments, **named}}
            yield part if position else {**part, "thoughtSignature": self._sign()}

    def _sign(self) -> str:
        # Bytes that are no text, and differ between the two alphabets of base64.
        signature = base64.b64encode(b"\xfb\xff\xfe" + str(next(_numbers)).encode()).decode()
        self._signatures.add(signature)
        return signature


def _texts(answer: Answer, *, whole: bool) -> Iterator[Json]:
    if answer.thought:
        yield {"text": answer.thought, "thought": True}
    if answer.text:
        for text in [answer.text] if whole else pretence.tokens(answer.text):
            yield {"text": text}


def _result(part: Json) -> object:
    response: Json = part["functionResponse"]["response"]
    return response.get("output", response.get("error"))


def _chunk(parts: list[Json], finish: str | None = None) -> Json:
    candidate: Json = {"index": 0, "content": {"role": "model", "parts": parts}}
    if finish:
        candidate["finishReason"] = finish
    usage = {
        "promptTokenCount": 20,
        "cachedContentTokenCount": 5,
        "candidatesTokenCount": 6,
        "thoughtsTokenCount": 4,
        "totalTokenCount": 30,
    }
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "gemini-test"}


def _blocked(answer: Answer) -> Json:
    return {"promptFeedback": {"blockReason": answer.blocked}}


def _sse(chunk: Json) -> bytes:
    return f"data: {json.dumps(chunk)}\r\n\r\n".encode()
