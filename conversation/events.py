"""The steps of an exchange as facts; every event is one row of the log.

Events never hold sentences (`conversation.narration` makes them), pieces of streamed text or
anything secret. Durations are monotonic seconds; the log adds run, sequence number and UTC time.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from conversation.script import State, Trigger
from conversation.turns import ToolCall


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSent:
    """The user's message is accepted and durable."""

    message_id: str
    text: str
    kind: Literal["message_sent"] = "message_sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChanged:
    """The run moved along the script."""

    trigger: Trigger
    before: State
    after: State
    kind: Literal["state_changed"] = "state_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChecked:
    """The provider said how far it is; `status` is its own word."""

    status: str
    kind: Literal["status_checked"] = "status_checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCallsRequested:
    """The model wants functions run, all of them before it goes on."""

    step_id: str
    calls: tuple[ToolCall, ...]
    kind: Literal["tool_calls_requested"] = "tool_calls_requested"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRequested:
    """A person has to allow this call before it runs."""

    call_id: str
    name: str
    arguments: str
    kind: Literal["approval_requested"] = "approval_requested"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalDecided:
    """A person has allowed or declined a call."""

    call_id: str
    name: str
    approved: bool
    kind: Literal["approval_decided"] = "approval_decided"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolStarted:
    """A function is about to run; committed before it does."""

    call_id: str
    name: str
    arguments: str
    kind: Literal["tool_started"] = "tool_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolExecuted:
    """A function the model asked for has run; `output` is what the model will see."""

    call_id: str
    name: str
    arguments: str
    output: str
    seconds: float
    failed: bool = False
    kind: Literal["tool_executed"] = "tool_executed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolOutputsSubmitted:
    """All outputs of the round are on their way back to the model."""

    call_ids: tuple[str, ...]
    kind: Literal["tool_outputs_submitted"] = "tool_outputs_submitted"


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRecorded:
    """Tokens of one request; `cached` are part of `input`, `reasoning` part of `output`."""

    input: int
    output: int
    cached: int = 0
    reasoning: int = 0
    kind: Literal["usage_recorded"] = "usage_recorded"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryScheduled:
    """A request failed before its first token and goes out again after `delay` seconds."""

    code: str
    reason: str
    delay: float
    attempt: int
    kind: Literal["retrying"] = "retrying"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    """The run was taken up again after whoever executed it was gone; `attempt` counts from 2."""

    attempt: int
    kind: Literal["retried"] = "retried"


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerRefused:
    """The script does not allow this trigger in this state; nothing was moved."""

    trigger: Trigger
    state: State
    kind: Literal["trigger_refused"] = "trigger_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRetrieved:
    """A message of the model is complete."""

    message_id: str
    text: str
    refusal: bool = False
    kind: Literal["message_retrieved"] = "message_retrieved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The run ended in an error; `message` is for people, `hint` says what they can do."""

    code: str
    message: str
    hint: str = ""
    kind: Literal["failed"] = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """The run was stopped."""

    kind: Literal["cancelled"] = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """The run ran out of time."""

    kind: Literal["expired"] = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incomplete:
    """The answer was cut short.

    `reason` is `max_tokens`, `content_filter`, `max_tool_rounds`, or the run's budget that was
    used up: `max_completion_tokens`, `max_prompt_tokens`.
    """

    reason: str
    detail: str = ""
    kind: Literal["incomplete"] = "incomplete"


Event = (
    MessageSent
    | StateChanged
    | StatusChecked
    | ToolCallsRequested
    | ApprovalRequested
    | ApprovalDecided
    | ToolStarted
    | ToolExecuted
    | ToolOutputsSubmitted
    | UsageRecorded
    | RetryScheduled
    | Retried
    | TriggerRefused
    | MessageRetrieved
    | Failed
    | Cancelled
    | Expired
    | Incomplete
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """An event with its place in the log: `seq` counts from 1 without holes within a run."""

    run_id: str
    seq: int
    at: datetime
    event: Event
