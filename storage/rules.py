"""What every store does alike, whatever it keeps its rows in."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from conversation.events import Event, Logged, StateChanged, TriggerRefused
from conversation.records import Message, Run, StepStatus, Thread, Write
from conversation.script import TERMINAL, State
from conversation.text import first_words

_MESSAGES_END = {
    State.CANCELLED: "run_cancelled",
    State.ERROR: "run_failed",
    State.EXPIRED: "run_expired",
    State.COMPLETED: "superseded",
}
_STEPS_END: dict[State, StepStatus] = {
    State.CANCELLED: "cancelled",
    State.ERROR: "failed",
    State.EXPIRED: "expired",
    State.COMPLETED: "completed",
    State.INCOMPLETE: "completed",
}


def title_in(messages: Iterable[Message]) -> str:
    """Return the beginning of what a user says first."""
    return first_words(next((m.text for m in messages if m.role == "user" and m.text), ""))


def titled(thread: Thread, messages: Iterable[Message]) -> Thread:
    """Return a thread that gets these messages, with a title from them if it has none."""
    return thread if thread.title else replace(thread, title=title_in(messages))


def may_apply(write: Write) -> bool:
    """Tell whether the write leaves ended runs alone, but for refused triggers in their log."""
    if write.expect not in TERMINAL:
        return True
    remark = Write(
        run_id=write.run_id,
        expect=write.expect,
        to=write.expect,
        events=tuple(event for event in write.events if isinstance(event, TriggerRefused)),
        fence=write.fence,
        seq=write.seq,
    )
    return bool(write.events) and write == remark


def ends(write: Write) -> bool:
    """Tell whether the write ends its run."""
    return write.to in TERMINAL and write.expect not in TERMINAL


def starts(write: Write) -> bool:
    """Tell whether the write says that the model was asked; it may have answered since."""
    if write.to == State.STARTED:
        return write.expect != State.STARTED
    return any(
        isinstance(event, StateChanged) and event.after == State.STARTED for event in write.events
    )


def released(run: Run) -> bool:
    """Tell whether the run's last segment ended as it should, with a wait that may be over."""
    return run.worker_id is None and run.state == State.REQUIRES_ACTION


def goes_on(write: Write) -> bool:
    """Tell whether the write leaves its run to whoever executes the next segment."""
    return write.release and write.waiting is None and write.to not in TERMINAL


def sets_waiting(write: Write) -> bool:
    """Tell whether the write says anew for whom the run waits: when it moves on or is released."""
    return write.release or write.to != write.expect


def moved(run: Run, write: Write, now: datetime) -> Run:
    """Return the run as the write leaves it."""
    ended = ends(write)
    first_start = starts(write) and run.started_at is None
    waiting = None if ended else write.waiting
    return replace(
        run,
        state=write.to,
        seq=run.seq + len(write.events),
        usage=run.usage + write.usage if write.usage else run.usage,
        error=write.error or run.error,
        incomplete_reason=write.incomplete_reason or run.incomplete_reason,
        worker_id=None if ended or write.release else run.worker_id,
        waiting=waiting if sets_waiting(write) else run.waiting,
        started_at=now if first_start else run.started_at,
        ended_at=now if ended else run.ended_at,
    )


def message_reason(write: Write) -> str:
    """Return why a message that is still open at its run's end is incomplete."""
    return _MESSAGES_END.get(write.to) or write.incomplete_reason or "max_tokens"


def step_status(write: Write) -> StepStatus:
    """Return how steps end that are still open at their run's end."""
    return _STEPS_END[write.to]


def joined(pieces: Iterable[tuple[int, str]]) -> str:
    """Return streamed pieces, each of which goes to an offset, as one text."""
    kept: list[str] = []
    length = 0
    for offset, piece in sorted(pieces):
        if offset < length:  # another attempt to say the same
            kept, length = ["".join(kept)[:offset]], offset
        kept.append(piece)
        length += len(piece)
    return "".join(kept)


def with_text(message: Message, flushed: str) -> Message:
    """Return the message with what was flushed of it, if that is more than it has."""
    return replace(message, text=flushed) if len(flushed) > len(message.text) else message


def logged(run_id: str, events: tuple[Event, ...], last: int, now: datetime) -> list[Logged]:
    """Return `events` as lines of the log, the last of which has `seq` `last`."""
    first = last - len(events) + 1
    return [
        Logged(run_id=run_id, seq=seq, at=now, event=event)
        for seq, event in enumerate(events, first)
    ]
