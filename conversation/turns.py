"""What is said to a model and what it may ask for, in words that belong to no provider.

A turn is complete in itself: everything the model needs goes with every call, so a thread can
change its model in the middle. Nothing here knows a wire format; the assistant proxies do.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

Role = Literal["user", "assistant"]
RunsWhere = Literal["parley", "client"]
Detail = Literal["auto", "low", "high"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A function the model wants run; `arguments` is the JSON text as the model wrote it.

    `call_id` is ours (`call_...`). `ref` is the provider's own id for the call, where it has one.
    """

    call_id: str
    name: str
    arguments: str
    ref: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What the model will be told about a call; `seconds` is how long the function took."""

    call_id: str
    output: str
    failed: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSpec:
    """A function on offer; `parameters` is a JSON schema of type object."""

    name: str
    description: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    runs: RunsWhere = "parley"
    strict: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolChoice:
    """Whether the model may, must or must not call functions; with a `name`, it must call that."""

    mode: Literal["auto", "none", "required"] = "auto"
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFormat:
    """What the answer's text has to be; `name` and `schema` (of JSON) go with `json_schema`.

    `text` was asked for, `auto` is where nothing was: a model is told the same.
    """

    kind: Literal["auto", "text", "json_object", "json_schema"] = "auto"
    name: str = ""
    description: str = ""
    schema: dict[str, Any] = field(default_factory=dict)
    strict: bool | None = None

    @property
    def free(self) -> bool:
        """Whether any text will do."""
        return self.kind in {"auto", "text"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How the model is asked to answer; None leaves it to the provider."""

    temperature: float | None = None
    top_p: float | None = None
    max_output_tokens: int | None = None
    reasoning_effort: str | None = None
    parallel_tool_calls: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture that a message shows, by its address."""

    url: str
    detail: Detail = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message of the thread; pictures come after its text."""

    role: Role
    text: str
    images: tuple[Image, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderItem:
    """Something only its provider understands (reasoning, signatures); replayed to it unchanged.

    `provider` is the proxy's name; `body` is JSON.
    """

    provider: str
    body: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One answer of this run that asked for tools, with what the tools said.

    `items` are what the model's provider sent, in order; they hold the text and the calls again.
    Another provider ignores them and uses `text`, `calls` and `results`.
    """

    text: str
    calls: tuple[ToolCall, ...]
    results: tuple[ToolResult, ...]
    items: tuple[ProviderItem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One request to a model: the thread so far, then this run's rounds of tool calls."""

    model: str
    messages: tuple[Said, ...]
    instructions: str = ""
    rounds: tuple[Round, ...] = ()
    tools: tuple[ToolSpec, ...] = ()
    sampling: Sampling = field(default_factory=Sampling)
    tool_choice: ToolChoice = field(default_factory=ToolChoice)
    answer: AnswerFormat = field(default_factory=AnswerFormat)
    stream: bool = True
