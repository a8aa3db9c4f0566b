"""The only place that makes sentences of facts: of events, and of how a run ended.

The words are those of `Phrases`: English, unless whoever asks says otherwise. What proxies said
of failures was written into the log as it happened, in English, and stays so.

What comes out is plain text on one line. Names, arguments, outputs and messages are shown as they
are, shortened, without control characters and never interpreted: whoever shows them escapes them.
"""

import json
import re
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
from conversation.phrases.english import ENGLISH
from conversation.phrases.phrases import Phrases
from conversation.records import Run
from conversation.script import Trigger

_LONGEST: Final = 300
_LONGEST_ARGUMENTS: Final = 160
_AMOUNT: Final = re.compile(r"([0-9]{1,18}) (?:rounds|tokens)")
"""A limit as the mediator logs it."""


def narrate(  # noqa: C901, PLR0912 - one line per kind of event
    event: Event, phrases: Phrases = ENGLISH
) -> str:
    """Say what happened, in one short sentence."""
    match event:
        case MessageSent():
            return phrases.message_sent.format(text=_short(event.text))
        case StateChanged():
            return _moved(event, phrases)
        case StatusChecked():
            return phrases.status_checked.format(status=_short(event.status))
        case ToolCallsRequested():
            return _requested(event, phrases)
        case ApprovalRequested():
            call = call_text(event.name, event.arguments)
            return phrases.approval_requested.format(call=call)
        case ApprovalDecided():
            said = phrases.call_allowed if event.approved else phrases.call_declined
            return said.format(name=_short(event.name))
        case ToolStarted():
            return phrases.tool_started.format(call=call_text(event.name, event.arguments))
        case ToolExecuted():
            return _executed(event, phrases)
        case ToolOutputsSubmitted():
            return _submitted(event, phrases)
        case UsageRecorded():
            return _usage(event, phrases)
        case RetryScheduled():
            return _retrying(event, phrases)
        case Retried():
            return phrases.retried.format(attempt=event.attempt)
        case TriggerRefused():
            return _refused(event, phrases)
        case MessageRetrieved():
            said = phrases.declined if event.refusal else phrases.message_retrieved
            return said.format(text=_short(event.text))
        case Failed():
            return _short(" ".join(filter(None, (event.message, event.hint))), 2 * _LONGEST)
        case Cancelled():
            return phrases.cancelled
        case Expired():
            return phrases.expired
        case Incomplete():
            return _incomplete(event, phrases)
        case _:
            assert_never(event)


def system_line(event: Event, phrases: Phrases = ENGLISH) -> str | None:
    """Say what a chat shows between the messages: functions, approvals, waits, bad endings."""
    match event:
        case ToolExecuted() | ApprovalRequested() | ApprovalDecided() | RetryScheduled():
            return narrate(event, phrases)
        case Failed() | Expired() | Incomplete():
            return narrate(event, phrases)
        case _:
            return None


def outcome(run: Run, phrases: Phrases = ENGLISH) -> str:
    """Say how a run ended and after how long, or where it stands."""
    if not run.ended:
        return phrases.under_way.format(state=phrases.states[run.state])
    said = phrases.endings[run.state]
    if run.started_at and run.ended_at:
        took = max(0.0, (run.ended_at - run.started_at).total_seconds())
        said = phrases.ended_after.format(ending=said, time=phrases.duration(took))
    if run.error:
        return phrases.ended_because.format(ended=said, reason=_short(run.error.message))
    if run.incomplete_reason:
        reason = _reason(run.incomplete_reason, phrases)
        return phrases.ended_because.format(ended=said, reason=reason)
    return said


def cut_off(reason: str, phrases: Phrases = ENGLISH) -> str:
    """Say why a message is not whole."""
    return phrases.cut_off.get(reason) or _reason(reason, phrases)


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


def _moved(event: StateChanged, phrases: Phrases) -> str:
    return phrases.state_changed.format(
        before=phrases.states[event.before],
        after=phrases.states[event.after],
        trigger=phrases.triggers[event.trigger],
    )


def _requested(event: ToolCallsRequested, phrases: Phrases) -> str:
    names = ", ".join(call.name for call in event.calls)
    return phrases.calls_requested.format(names=_short(names or phrases.no_calls))


def _executed(event: ToolExecuted, phrases: Phrases) -> str:
    said = phrases.tool_failed if event.failed else phrases.tool_executed
    return said.format(
        call=call_text(event.name, event.arguments),
        output=_short(event.output),
        time=phrases.duration(event.seconds),
    )


def _submitted(event: ToolOutputsSubmitted, phrases: Phrases) -> str:
    count = len(event.call_ids)
    return phrases.outputs_submitted[count != 1].format(count=phrases.number(count))


def _usage(event: UsageRecorded, phrases: Phrases) -> str:
    number = phrases.number
    read = phrases.read_cached if event.cached else phrases.read
    written = phrases.written_reasoning if event.reasoning else phrases.written
    return phrases.usage.format(
        read=read.format(count=number(event.input), cached=number(event.cached)),
        written=written.format(count=number(event.output), reasoning=number(event.reasoning)),
    )


def _retrying(event: RetryScheduled, phrases: Phrases) -> str:
    return phrases.retry_scheduled.format(
        attempt=event.attempt,
        delay=phrases.number(float(event.delay), 1),
        reason=_short(event.reason),
    )


def _refused(event: TriggerRefused, phrases: Phrases) -> str:
    return phrases.trigger_refused.format(
        trigger=_name(event.trigger), state=phrases.states[event.state]
    )


def _incomplete(event: Incomplete, phrases: Phrases) -> str:
    reason = _reason(event.reason, phrases)
    if not event.detail:
        return phrases.incomplete.format(reason=reason)
    return phrases.incomplete_detail.format(reason=reason, detail=_detail(event, phrases))


def _detail(event: Incomplete, phrases: Phrases) -> str:
    """Say how much was too much; what a provider said of its own limits stays as it is."""
    amount, said = _AMOUNT.fullmatch(event.detail), phrases.limits.get(event.reason)
    if amount is None or said is None:
        return _short(event.detail)
    count = int(amount[1])
    return said[count != 1].format(count=phrases.number(count))


def _reason(reason: str, phrases: Phrases) -> str:
    return phrases.cut_short.get(reason) or _short(reason)


def _name(trigger: Trigger) -> str:
    return trigger.value.replace("_", " ")


def _short(text: str, longest: int = _LONGEST) -> str:
    """Return `text` on one line, free of control characters and cut to `longest` characters."""
    start = text[: 4 * longest]
    line = " ".join("".join(c if c.isprintable() else " " for c in start).split())
    whole = len(line) <= longest and len(start) == len(text)
    return line if whole else line[: longest - 1] + "…"
