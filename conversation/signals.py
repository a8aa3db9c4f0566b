"""What an assistant proxy tells the mediator while a model answers.

A proxy yields, in this order: `Sent` once the request is on its way; `Retrying` for each new
attempt before the first token; `Alive`, `Saying`, `Refusing`, `Item` as they arrive; at most one
`Asking` with all calls of the answer; `Used`; and `Finished`. A failure is an exception of
`conversation.errors`; an answer that stops without `Finished` was cut off.

Beside them it tells what goes over the wire, for each attempt: `Requested` as the request goes
out, and `Responded` when all of the answer is there or no more will come, before `Finished` and
before the exception or the `Retrying` of a failure. Who leaves an answer hears no `Responded`.
"""

from dataclasses import dataclass
from typing import Literal

from conversation.turns import ProviderItem, ToolCall

FinishReason = Literal["stop", "tool_calls", "max_tokens", "content_filter"]


@dataclass(frozen=True, slots=True)
class Sent:
    """The request is on its way."""


@dataclass(frozen=True, slots=True)
class Requested:
    """A request as it goes out: JSON text without secrets, and not too long to be kept."""

    request: str


@dataclass(frozen=True, slots=True)
class Responded:
    """What came back, like the request before it; None when nothing came."""

    response: str | None


@dataclass(frozen=True, slots=True)
class Alive:
    """The model shows a sign of life; `status` is the provider's word for what it is doing."""

    status: str = ""


@dataclass(frozen=True, slots=True)
class Saying:
    """The next piece of the answer's text."""

    text: str


@dataclass(frozen=True, slots=True)
class Refusing:
    """The next piece of a refusal's text."""

    text: str


@dataclass(frozen=True, slots=True)
class Asking:
    """The model wants these functions run before it goes on."""

    calls: tuple[ToolCall, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """Something to be kept with the step and sent back to the same provider only."""

    item: ProviderItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrying:
    """The request failed and goes out again after `delay` seconds; `attempt` counts from 1."""

    code: str
    reason: str
    delay: float
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """Tokens of one request, attempts that failed included.

    `cached` are part of `input`, `reasoning` part of `output`.
    """

    input: int = 0
    output: int = 0
    cached: int = 0
    reasoning: int = 0

    def __add__(self, other: "Used") -> "Used":
        """Return the sum of both."""
        return Used(
            input=self.input + other.input,
            output=self.output + other.output,
            cached=self.cached + other.cached,
            reasoning=self.reasoning + other.reasoning,
        )


@dataclass(frozen=True, slots=True)
class Finished:
    """The answer is over; `detail` says more where a reason needs it (which filter, say)."""

    reason: FinishReason
    detail: str = ""


Signal = (
    Sent
    | Requested
    | Responded
    | Alive
    | Saying
    | Refusing
    | Asking
    | Item
    | Retrying
    | Used
    | Finished
)
