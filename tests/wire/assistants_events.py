"""What a pretended run is and says: its JSON, and the events of its stream."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from tests.wire import pretence
from tests.wire.server import Break, Json

End = Literal["completed", "incomplete", "failed", "expired", "cancelled", "error"]

ACTIVE: Final = ("queued", "in_progress", "requires_action", "cancelling")

_numbers: Final = itertools.count(1)


def new(prefix: str) -> str:
    """Return an id as the API's are."""
    return f"{prefix}_{next(_numbers):024d}"


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
    """What the model says until the run ends or waits; `code` is why it is cut short or fails.

    `breaks` comes after as many pieces of text as `after` says, bytes go out as they are; the run
    goes on meanwhile. `polls` is how often it is seen in progress then, or without a stream.
    `lost` is what happens to the connection as soon as the run has begun, `instead` is what its
    message is in the end.
    """

    text: str = ""
    more: str = ""
    refusal: str = ""
    calls: tuple[Call, ...] = ()
    end: End = "completed"
    code: str = ""
    breaks: Break | bytes | None = None
    after: int = 1_000
    polls: int = 1
    lost: Break | None = None
    instead: str = ""


@dataclass(slots=True, kw_only=True)
class Run:
    """A run as the server has it; `answer` is what comes of it next."""

    id: str
    thread_id: str
    body: Json
    answer: Answer
    status: str = "queued"
    polls: int = 0
    calls: list[Json] = field(default_factory=list)
    messages: list[Json] = field(default_factory=list)
    coming: list[Json] = field(default_factory=list)

    def takes(self, answer: Answer) -> None:
        """Begin a segment."""
        self.answer, self.polls, self.status = answer, answer.polls, "queued"
        self.calls = []
        parts = (_text(answer.text), _text(answer.more), _refusal(answer.refusal))
        self.coming = [_message(self, part) for part in parts if part]

    def polled(self) -> None:
        """Move on by one look."""
        if self.status not in {"queued", "in_progress"}:
            return
        self.polls -= 1
        self.status = "in_progress"
        if self.polls < 0:
            self.settle()

    def settle(self) -> None:
        """Come to the segment's end."""
        if self.answer.instead:
            self.coming[0]["content"] = [_text(self.answer.instead)]
        self.messages += self.coming
        self.calls = [
            {
                "id": new("call"),
                "type": "function",
                "function": {"name": call.name, "arguments": call.text()},
            }
            for call in self.answer.calls
        ]
        end = "failed" if self.answer.end == "error" else self.answer.end
        self.status = "requires_action" if self.calls else end

    def json(self) -> Json:
        """Return the run as the API does."""
        cut = {"reason": self.answer.code} if self.status == "incomplete" else None
        failed = {"code": self.answer.code, "message": f"It is {self.answer.code}."}
        wanted = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": self.calls}}
        waits = self.status == "requires_action"
        return {
            "id": self.id,
            "object": "thread.run",
            "created_at": 1_700_000_000,
            "thread_id": self.thread_id,
            "assistant_id": self.body["assistant_id"],
            "status": self.status,
            "required_action": wanted if waits else None,
            "last_error": failed if self.status == "failed" else None,
            "incomplete_details": cut,
            "model": self.body.get("model", "its own"),
            "instructions": self.body.get("instructions", ""),
            "tools": self.body.get("tools", []),
            "metadata": {},
            "usage": None if self.status in ACTIVE else _USAGE,
        }


_USAGE: Final[Json] = {
    "prompt_tokens": 20,
    "completion_tokens": 10,
    "total_tokens": 30,
    "prompt_token_details": {"cached_tokens": 5},
    "completion_tokens_details": {"reasoning_tokens": 4},
}


def events(run: Run, *, begins: bool) -> Iterator[bytes | Break]:
    """Yield the stream of a run's segment, and bring the run to where that leaves it."""
    answer = run.answer
    for name in (("created",) if begins else ()) + ("queued", "in_progress"):
        run.status = "queued" if name == "created" else name
        yield _event(f"thread.run.{name}", run.json())
    pieces = [piece for message in run.coming for piece in _message_events(message)]
    if answer.breaks is not None:
        yield from pieces[: answer.after]
        yield answer.breaks
        return
    yield from pieces
    run.settle()
    if answer.end == "error":
        failure = {"message": f"It is {answer.code}.", "code": answer.code, "type": "server_error"}
        yield _event("error", {"error": failure})
        return
    yield _event(f"thread.run.{run.status}", run.json())
    yield b"event: done\ndata: [DONE]\n\n"


def _text(text: str) -> Json | None:
    return {"type": "text", "text": {"value": text, "annotations": []}} if text else None


def _refusal(text: str) -> Json | None:
    return {"type": "refusal", "refusal": text} if text else None


def _message(run: Run, part: Json) -> Json:
    return {
        "id": new("msg"),
        "object": "thread.message",
        "created_at": 1_700_000_000,
        "thread_id": run.thread_id,
        "run_id": run.id,
        "role": "assistant",
        "status": "completed",
        "content": [part],
    }


def _message_events(message: Json) -> Iterator[bytes]:
    (part,) = message["content"]
    begun = {**message, "content": [], "status": "in_progress"}
    yield _event("thread.message.created", begun)
    for token in pretence.tokens(part.get("refusal") or part["text"]["value"]):
        said = {"text": {"value": token}} if "text" in part else {"refusal": token}
        delta = {"content": [{"index": 0, "type": part["type"], **said}]}
        data = {"id": message["id"], "object": "thread.message.delta", "delta": delta}
        yield _event("thread.message.delta", data)
    yield _event("thread.message.completed", message)


def _event(name: str, data: Json) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
