"""What one run has told so far, as a chat shows it: answers, calls and notices, in order.

It is made of what the feed says, from the beginning or piece by piece, with the same result.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from conversation.events import (
    ApprovalDecided,
    ApprovalRequested,
    Cancelled,
    Event,
    Expired,
    Failed,
    Incomplete,
    Logged,
    MessageRetrieved,
    Retried,
    StateChanged,
    ToolCallsRequested,
    ToolExecuted,
    ToolStarted,
)
from conversation.narration import narrate
from conversation.ports import TextDelta
from conversation.script import TERMINAL, State

Phase = Literal["asked", "waiting", "running", "done", "dropped"]
Progress = Literal["writing", "whole", "part", "stopped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A message of the model; `part` or `stopped` is what had arrived of one without an end."""

    id: str
    text: str = ""
    progress: Progress = "writing"
    refusal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A function the model wants run; `dropped` when the run ended without its output."""

    id: str
    name: str
    arguments: str
    phase: Phase = "asked"
    output: str | None = None
    seconds: float = 0.0
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """How the run ended, where that needs saying."""

    id: str
    kind: Literal["failed", "expired", "incomplete", "cancelled"]
    text: str
    hint: str = ""


Item = Answer | Call | Notice


class Telling:
    """Takes a run's news and keeps what a chat and its sidebar show of it."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.items: dict[str, Item] = {}
        self.steps: list[Logged] = []
        self.state = State.NEW
        self._ending: Notice | None = None

    @property
    def ended(self) -> bool:
        """Tell whether nothing more will come."""
        return self.state in TERMINAL

    @property
    def writing(self) -> bool:
        """Tell whether the newest item is an answer that grows."""
        last = next(reversed(self.items.values()), None)
        return isinstance(last, Answer) and last.progress == "writing"

    def take(self, news: Iterable[Logged | TextDelta]) -> None:
        """Take what is new, in the feed's order."""
        for piece in news:
            if isinstance(piece, TextDelta):
                self._say(piece)
            else:
                self.steps.append(piece)
                self._happen(piece.event)

    def _say(self, delta: TextDelta) -> None:
        known = self.items.get(delta.message_id)
        answer = known if isinstance(known, Answer) else Answer(id=delta.message_id)
        text = answer.text[: delta.offset] + delta.text
        self.items[delta.message_id] = replace(answer, text=text)

    def _happen(self, event: Event) -> None:
        match event:
            case MessageRetrieved():
                self.items[event.message_id] = Answer(
                    id=event.message_id, text=event.text, progress="whole", refusal=event.refusal
                )
            case Retried():  # the new attempt says again what the dead one was saying
                self.items = {key: item for key, item in self.items.items() if not _is_open(item)}
            case StateChanged():
                self._move(event.after)
            case Failed() | Expired() | Incomplete() | Cancelled():
                self._ending = _notice(self.run_id, event)
            case _:
                self._call(event)

    def _call(self, event: Event) -> None:
        match event:
            case ToolCallsRequested():
                for call in event.calls:
                    self.items[call.call_id] = Call(
                        id=call.call_id, name=call.name, arguments=call.arguments
                    )
            case ApprovalRequested():
                self._phase(event.call_id, "waiting")
            case ApprovalDecided():
                self._phase(event.call_id, "asked")
            case ToolStarted():
                self._phase(event.call_id, "running")
            case ToolExecuted():
                self.items[event.call_id] = _executed(event)
            case _:
                pass

    def _phase(self, call_id: str, phase: Phase) -> None:
        call = self.items.get(call_id)
        if isinstance(call, Call):
            self.items[call_id] = replace(call, phase=phase)

    def _move(self, state: State) -> None:
        self.state = state
        if not self.ended:
            return
        closed: Progress = "stopped" if state is State.CANCELLED else "part"
        stopped = closed == "stopped" and any(map(_is_open, self.items.values()))
        self.items = {key: _closed(item, closed) for key, item in self.items.items()}
        if self._ending is not None and not stopped:
            self.items[self._ending.id] = self._ending


def _executed(event: ToolExecuted) -> Call:
    return Call(
        id=event.call_id,
        name=event.name,
        arguments=event.arguments,
        phase="done",
        output=event.output,
        seconds=event.seconds,
        failed=event.failed,
    )


def _notice(run_id: str, event: Failed | Expired | Incomplete | Cancelled) -> Notice:
    key = f"end-{run_id}"
    if isinstance(event, Failed):
        return Notice(id=key, kind="failed", text=event.message, hint=event.hint)
    return Notice(id=key, kind=event.kind, text=narrate(event))


def _is_open(item: Item) -> bool:
    return isinstance(item, Answer) and item.progress == "writing"


def _closed(item: Item, progress: Progress) -> Item:
    """Return an item as it stays once its run has ended."""
    if isinstance(item, Answer) and item.progress == "writing":
        return replace(item, progress=progress)
    if isinstance(item, Call) and item.phase != "done":
        return replace(item, phase="dropped")
    return item
