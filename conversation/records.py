"""What is kept: assistants, threads, messages, runs and what happened inside them.

Records are plain values. Times are aware UTC. The store hands them out and takes them whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from conversation.events import Event
from conversation.headroom import Headroom
from conversation.script import TERMINAL, State
from conversation.turns import (
    AnswerFormat,
    Detail,
    ProviderItem,
    Role,
    Sampling,
    ToolCall,
    ToolChoice,
    ToolSpec,
)

DEFAULT_PROJECT = "proj_default"

MessageStatus = Literal["in_progress", "completed", "incomplete"]
StepKind = Literal["message_creation", "tool_calls"]
StepStatus = Literal["in_progress", "completed", "failed", "cancelled", "expired"]
Waiting = Literal["client", "person"]
TitledBy = Literal["words", "model", "person"]
Rating = Literal["up", "down"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assistant:
    """Model, instructions, tools and defaults; `version` counts its changes from 1.

    `hosted` are the API's own tools (file_search, code_interpreter) and `resources` what they work
    on, as JSON in the API's words.
    """

    id: str
    model: str
    name: str = ""
    description: str = ""
    instructions: str = ""
    tools: tuple[ToolSpec, ...] = ()
    hosted: tuple[dict[str, Any], ...] = ()
    resources: dict[str, Any] = field(default_factory=dict)
    sampling: Sampling = field(default_factory=Sampling)
    answer: AnswerFormat = field(default_factory=AnswerFormat)
    metadata: dict[str, str] = field(default_factory=dict)
    version: int = 1
    project_id: str = DEFAULT_PROJECT
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """Messages in order; `branch_id` is the branch that is shown and written to.

    `titled_by` says whose the title is: a user's first words, which a thread takes that has none, a
    model's, or a person's.
    `instructions` are added to those of whoever answers. `resources` are for the API's own tools.
    """

    id: str
    branch_id: str
    title: str = ""
    titled_by: TitledBy = "words"
    pinned: bool = False
    instructions: str = ""
    resources: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    project_id: str = DEFAULT_PROJECT
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A line of messages: the parent's before `fork_position`, then its own from there on.

    A thread's first branch has no parent and was never forked off.
    """

    id: str
    thread_id: str
    parent_id: str | None = None
    fork_position: int | None = None
    forked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentPart:
    """A part of a message: text, or a picture by its address or by a file's id."""

    kind: Literal["text", "image_url", "image_file"]
    text: str = ""
    url: str = ""
    file_id: str = ""
    detail: Detail = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message; `run_id` is the run that wrote it, None for the user's.

    `parts` are given where it consists of more than one text; `text` is then that of its text
    parts, with a blank line between them. `attachments` are files, in the API's words.

    `incomplete_reason` is `superseded` for what a dead attempt left, else the run's ending
    (`run_cancelled`, `run_failed`, `run_expired`, `max_tokens`, `content_filter`).
    The store gives a new message its position.
    """

    id: str
    thread_id: str
    role: Role
    text: str
    branch_id: str
    position: int = 0
    status: MessageStatus = "completed"
    refusal: bool = False
    incomplete_reason: str | None = None
    run_id: str | None = None
    assistant_id: str | None = None
    parts: tuple[ContentPart, ...] = ()
    attachments: tuple[dict[str, Any], ...] = ()
    metadata: dict[str, str] = field(default_factory=dict)
    created_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpec:
    """What a run was started with; it never changes, and resuming uses nothing else.

    With `recorded_from`, a thread's id, no function runs: calls get the outputs they had there.
    With `continues`, the id of an answer that is not whole, the model is asked to go on with it.
    With `last_messages` it is told no more than so many of the messages up to this run.
    `asked_model` is the model's name as an API client knows it. A `tool_choice` that forces a call
    holds for the first answer. The budgets are tokens over all requests of the run.
    """

    provider: str
    model: str
    assistant_id: str | None = None
    assistant_version: int | None = None
    instructions: str = ""
    tools: tuple[ToolSpec, ...] = ()
    sampling: Sampling = field(default_factory=Sampling)
    stream: bool = True
    max_tool_rounds: int = 25
    recorded_from: str | None = None
    continues: str | None = None
    last_messages: int | None = None
    asked_model: str = ""
    hosted: tuple[dict[str, Any], ...] = ()
    tool_choice: ToolChoice = field(default_factory=ToolChoice)
    answer: AnswerFormat = field(default_factory=AnswerFormat)
    max_prompt_tokens: int | None = None
    max_completion_tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens over all requests of a run; `cached` are part of `input`, `reasoning` of `output`."""

    input: int = 0
    output: int = 0
    cached: int = 0
    reasoning: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        """Return the sum of both."""
        return Usage(
            input=self.input + other.input,
            output=self.output + other.output,
            cached=self.cached + other.cached,
            reasoning=self.reasoning + other.reasoning,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunError:
    """Why a run failed, for people; `code` is that of `conversation.errors`."""

    code: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One exchange. `seq` is its last event's number, `fence` rises with every claim.

    `attempt` counts for people. `worker_id` is who executes it now, `waiting` whom it waits for.
    `message_id` is the user's message that began it.
    """

    id: str
    thread_id: str
    branch_id: str
    spec: RunSpec
    state: State = State.NEW
    message_id: str | None = None
    project_id: str = DEFAULT_PROJECT
    seq: int = 0
    fence: int = 0
    attempt: int = 0
    worker_id: str | None = None
    waiting: Waiting | None = None
    usage: Usage = field(default_factory=Usage)
    error: RunError | None = None
    incomplete_reason: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    expires_at: datetime | None = None

    @property
    def ended(self) -> bool:
        """Tell whether nothing more will happen in this run."""
        return self.state in TERMINAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A message being written or a group of tool calls; `round` counts the model's answers.

    `usage` is that of the answer, once it is over: of its last step, where it has two.
    """

    id: str
    run_id: str
    round: int
    kind: StepKind
    status: StepStatus = "in_progress"
    message_id: str | None = None
    usage: Usage | None = None
    created_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """A tool call and what became of it; `output` is None until it is known.

    `approved` is None until a person has decided, and for calls that need nobody.
    """

    run_id: str
    step_id: str
    position: int
    call: ToolCall
    approved: bool | None = None
    started_at: datetime | None = None
    output: str | None = None
    failed: bool = False
    seconds: float | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredItem:
    """A provider's opaque item, the `position`-th of answer `round` of a run."""

    run_id: str
    round: int
    position: int
    item: ProviderItem


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCall:
    """One request to a model as it went out, and what came back, as JSON without secrets.

    `number` counts a run's requests from 1, `attempt` the tries of one: from 1, and from 101, 201
    and so on in a process that took the run up after a crash. `response` is None while, or
    because, none came. Long bodies are kept shortened, and say so.
    """

    run_id: str
    number: int
    attempt: int = 1
    provider: str
    request: str
    response: str | None = None
    started_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What a person thinks of an answer."""

    run_id: str
    rating: Rating
    comment: str = ""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedMessage:
    """A message that waits for the exchange before it; sent with whom it was meant for."""

    id: str
    thread_id: str
    text: str
    provider: str | None = None
    model: str | None = None
    assistant_id: str | None = None
    stream: bool = True
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Everything that comes into being when a user's message is accepted, in one transaction.

    `thread` is given when it is new, `branch` when the run begins one by forking: it becomes the
    thread's active branch. `run` is at state `new`; accepting it makes it `ready`. `queued_id`
    names the message that leaves the queue with it: where that has left already, `NotFound`.
    """

    run: Run
    messages: tuple[Message, ...]
    events: tuple[Event, ...]
    thread: Thread | None = None
    branch: Branch | None = None
    queued_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One step of a run, all or nothing: a compare-and-set of its state, rows and events.

    It takes effect only while the run's state is `expect`, its fence is `fence` and its last
    event is `seq` (None: any; a fence is for those who execute the run, `seq` for those who act
    on what they have read: submitted outputs, approval). `to` may equal `expect`. Messages,
    steps, calls, items and model calls replace those of the same key or are added; a message's
    position is the store's. `usage` is added to the run's. `release` gives up the run's execution
    (its segment has ended); `waiting` then says for whom it waits. A run that moves on without
    being released waits for `waiting` too, which is nobody unless said; a remark (`to` equals
    `expect`) leaves that as it is.
    """

    run_id: str
    expect: State
    to: State
    events: tuple[Event, ...]
    fence: int | None = None
    seq: int | None = None
    messages: tuple[Message, ...] = ()
    steps: tuple[Step, ...] = ()
    calls: tuple[CallRecord, ...] = ()
    items: tuple[StoredItem, ...] = ()
    model_calls: tuple[ModelCall, ...] = ()
    usage: Usage | None = None
    error: RunError | None = None
    incomplete_reason: str | None = None
    release: bool = False
    waiting: Waiting | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingText:
    """Text that streamed in since the last flush: goes to `offset` (characters) of a message.

    It is kept only while the message is in progress and its run's fence is `fence`.
    """

    run_id: str
    fence: int
    message_id: str
    offset: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A run with all its rows: what is needed to take it up at any state.

    `messages` are those of its branch, oldest first, its own included; one in progress with what
    was flushed.
    """

    run: Run
    messages: tuple[Message, ...]
    steps: tuple[Step, ...] = ()
    calls: tuple[CallRecord, ...] = ()
    items: tuple[StoredItem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which part of a list: at most `limit`, newest or oldest first.

    It begins after the id `after`, or ends before the id `before`: what is nearest to that.
    """

    limit: int = 20
    after: str | None = None
    before: str | None = None
    newest_first: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderStatus:
    """A provider as the doors show it; `needs` names the setting that is missing, if one is.

    `model` is the usual one, empty while nobody knows it; `models` are those it offers, the usual
    one first. An `offline` provider is a server that was there and does not answer now.
    `headroom` is what it said last of its limits, by model.
    """

    name: str
    label: str
    model: str
    needs: str = ""
    offline: bool = False
    models: tuple[str, ...] = ()
    headroom: Mapping[str, Headroom] = field(default_factory=dict)
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def available(self) -> bool:
        """Tell whether a conversation can be started with it."""
        return not (self.needs or self.offline)
