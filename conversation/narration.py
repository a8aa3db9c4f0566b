"""The only place that makes sentences of facts: of events, and of how a run ended.

What comes out is plain text on one line. Names, arguments, outputs and messages are shown as they
are, shortened, without control characters and never interpreted: whoever shows them escapes them.
"""

import json
from typing import Final, assert_never

from conversation.events import (
    ApprovalDecided,
    ApprovalRequested,
    Cancelled,
    Event,
    Expired,
    Failed,
    Incomplete,
    MessageRetrieved,
    MessageSent,
    Retried,
    RetryScheduled,
    StateChanged,
    StatusChecked,
    ToolCallsRequested,
    ToolExecuted,
    ToolOutputsSubmitted,
    ToolStarted,
    TriggerRefused,
    UsageRecorded,
)
from conversation.records import Run
from conversation.script import State, Trigger

_LONGEST: Final = 300
_LONGEST_ARGUMENTS: Final = 160

_TRIGGERS: Final = {
    Trigger.SET_USER_MESSAGE: "the message was accepted",
    Trigger.STARTED: "the model was asked",
    Trigger.HEARTBEAT: "the model is answering",
    Trigger.ACTION_REQUIRED: "the model wants functions run",
    Trigger.TOOLS_EXECUTED: "all functions have run",
    Trigger.TOOL_OUTPUTS_SUBMITTED: "their outputs go to the model",
    Trigger.ASSISTANT_MESSAGE_RETRIEVED: "the answer is complete",
    Trigger.CUT_SHORT: "the answer was cut short",
    Trigger.RETRY: "it was taken up again",
    Trigger.CANCEL: "it was asked to stop",
    Trigger.CANCELLED: "it has stopped",
    Trigger.EXPIRE: "it ran out of time",
    Trigger.ERROR: "something went wrong",
}

_CUT_SHORT: Final = {
    "max_tokens": "its limit of tokens was reached",
    "content_filter": "the provider's content filter stepped in",
    "max_tool_rounds": "the model kept asking for functions",
}

_CUT_OFF: Final = {
    "in_progress": "still being written",
    "run_cancelled": "it was stopped",
    "run_failed": "the exchange failed",
    "run_expired": "its time was up",
}

_ENDINGS: Final = {
    State.COMPLETED: "Answered",
    State.ERROR: "Failed",
    State.CANCELLED: "Stopped",
    State.EXPIRED: "Out of time",
    State.INCOMPLETE: "Cut short",
}


def narrate(event: Event) -> str:  # noqa: C901, PLR0912 - one line per kind of event
    """Say what happened, in one short sentence."""
    match event:
        case MessageSent():
            return f"The user wrote: {_short(event.text)}"
        case StateChanged():
            return f"From {_name(event.before)} to {_name(event.after)}: {_TRIGGERS[event.trigger]}"
        case StatusChecked():
            return f"The provider says: {_short(event.status)}"
        case ToolCallsRequested():
            return f"The model asks for {_listed([call.name for call in event.calls])}"
        case ApprovalRequested():
            return f"{call_text(event.name, event.arguments)} needs a person's approval"
        case ApprovalDecided():
            return f"{_short(event.name)} was {'allowed' if event.approved else 'declined'}"
        case ToolStarted():
            return f"{call_text(event.name, event.arguments)} begins"
        case ToolExecuted():
            return _executed(event)
        case ToolOutputsSubmitted():
            return f"{_count(len(event.call_ids), 'output')} sent back to the model"
        case UsageRecorded():
            return _usage(event)
        case RetryScheduled():
            return f"Retry {event.attempt} follows in {event.delay:.1f} s: {_short(event.reason)}"
        case Retried():
            return f"Taken up again after an interruption, attempt {event.attempt}"
        case TriggerRefused():
            return f"'{_name(event.trigger)}' is not possible while {_name(event.state)}"
        case MessageRetrieved():
            return f"The model {'declined' if event.refusal else 'wrote'}: {_short(event.text)}"
        case Failed():
            return _failed(event)
        case Cancelled():
            return "Stopped"
        case Expired():
            return "Out of time: the answer did not come soon enough"
        case Incomplete():
            return _incomplete(event)
        case _:
            assert_never(event)


def system_line(event: Event) -> str | None:
    """Say what a chat shows between the messages: functions, approvals, bad endings; else None."""
    match event:
        case ToolExecuted() | ApprovalRequested() | ApprovalDecided():
            return narrate(event)
        case Failed() | Expired() | Incomplete():
            return narrate(event)
        case _:
            return None


def outcome(run: Run) -> str:
    """Say how a run ended and after how long, or where it stands."""
    if not run.ended:
        return f"Under way: {_name(run.state)}"
    said = _ENDINGS[run.state]
    if run.started_at and run.ended_at:
        said += f" after {_seconds(max(0.0, (run.ended_at - run.started_at).total_seconds()))}"
    if run.error:
        return f"{said}: {_short(run.error.message)}"
    if run.incomplete_reason:
        return f"{said}: {_reason(run.incomplete_reason)}"
    return said


def cut_off(reason: str) -> str:
    """Say why a message is not whole."""
    return _CUT_OFF.get(reason) or _reason(reason)


def call_text(name: str, arguments: str) -> str:
    """Show a call as `name(argument="value", ...)`; what is not a JSON object stays as it is."""
    return f"{_short(name)}({_short(_arguments(arguments), _LONGEST_ARGUMENTS)})"


def _arguments(text: str) -> str:
    try:
        values = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return text
    if not isinstance(values, dict):
        return text
    return ", ".join(f"{key}={json.dumps(v, ensure_ascii=False)}" for key, v in values.items())


def _executed(event: ToolExecuted) -> str:
    arrow = "→ failed:" if event.failed else "→"
    call = call_text(event.name, event.arguments)
    return f"{call} {arrow} {_short(event.output)} · {_seconds(event.seconds)}"


def _usage(event: UsageRecorded) -> str:
    read = f"{event.input:,} read" + (f" ({event.cached:,} cached)" if event.cached else "")
    thought = f" ({event.reasoning:,} reasoning)" if event.reasoning else ""
    return f"Tokens: {read}, {event.output:,} written{thought}"


def _failed(event: Failed) -> str:
    return _short(" ".join(filter(None, (event.message, event.hint))), 2 * _LONGEST)


def _incomplete(event: Incomplete) -> str:
    detail = f" ({_short(event.detail)})" if event.detail else ""
    return f"Cut short: {_reason(event.reason)}{detail}"


def _reason(reason: str) -> str:
    return _CUT_SHORT.get(reason, _short(reason))


def _name(word: State | Trigger) -> str:
    return word.value.replace("_", " ")


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:,.0f} s"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _listed(names: list[str]) -> str:
    return _short(", ".join(names) or "nothing")


def _short(text: str, longest: int = _LONGEST) -> str:
    """Return `text` on one line, free of control characters and cut to `longest` characters."""
    start = text[: 4 * longest]
    line = " ".join("".join(c if c.isprintable() else " " for c in start).split())
    whole = len(line) <= longest and len(start) == len(text)
    return line if whole else line[: longest - 1] + "…"
