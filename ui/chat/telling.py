"""What one run has told so far, as a chat shows it: answers, rounds of calls and notices, in order.

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
from conversation.ports import TextDelta
from conversation.records import Message
from conversation.script import TERMINAL, State

Phase = Literal["asked", "waiting", "running", "done", "dropped"]
Progress = Literal["writing", "whole", "part", "stopped"]
Ending = Failed | Expired | Incomplete | Cancelled


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
class Round:
    """The calls a model asked for at once, in its order; they run at the same time."""

    id: str
    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """How the run ended, where that needs saying."""

    id: str
    ending: Ending


Item = Answer | Round | Notice


class Telling:
    """Takes a run's news and keeps what a chat and its sidebar show of it."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.items: dict[str, Item] = {}
        self.steps: list[Logged] = []
        self.state = State.NEW
        self._rounds: dict[str, str] = {}
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

    @property
    def text(self) -> str:
        """All that the model has written, one message after the other."""
        written = [item.text for item in self.items.values() if isinstance(item, Answer)]
        return "\n\n".join(filter(None, written))

    @property
    def calls(self) -> list[Call]:
        """The calls of all rounds."""
        rounds = [item for item in self.items.values() if isinstance(item, Round)]
        return [call for one in rounds for call in one.calls]

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
                self._ending = Notice(id=f"end-{self.run_id}", ending=event)
            case _:
                self._call(event)

    def _call(self, event: Event) -> None:
        match event:
            case ToolCallsRequested():
                self._ask(event)
            case ApprovalRequested():
                self._change(event.call_id, phase="waiting")
            case ApprovalDecided():
                self._change(event.call_id, phase="asked")
            case ToolStarted():
                self._change(event.call_id, phase="running")
            case ToolExecuted():
                self._change(
                    event.call_id,
                    phase="done",
                    output=event.output,
                    seconds=max(0.0, event.seconds),
                    failed=event.failed,
                )
            case _:
                pass

    def _ask(self, event: ToolCallsRequested) -> None:
        self._rounds |= {call.call_id: event.step_id for call in event.calls}
        self.items[event.step_id] = Round(
            id=event.step_id,
            calls=tuple(
                Call(id=call.call_id, name=call.name, arguments=call.arguments)
                for call in event.calls
            ),
        )

    def _change(self, call_id: str, **known: object) -> None:
        """Note what has become of a call."""
        found = self.items.get(self._rounds.get(call_id, ""))
        if isinstance(found, Round):
            calls = (
                replace(one, **known) if one.id == call_id else one  # type: ignore[arg-type]
                for one in found.calls
            )
            self.items[found.id] = replace(found, calls=tuple(calls))

    def _move(self, state: State) -> None:
        self.state = state
        if not self.ended:
            return
        closed: Progress = "stopped" if state is State.CANCELLED else "part"
        stopped = closed == "stopped" and any(map(_is_open, self.items.values()))
        self.items = {key: _closed(item, closed) for key, item in self.items.items()}
        if self._ending is not None and not stopped:
            self.items[self._ending.id] = self._ending


def told_by(run_id: str, log: Iterable[Logged], messages: Iterable[Message]) -> Telling:
    """Return what a run that has ended told, by its log and what it wrote."""
    telling, steps = Telling(run_id), list(log)
    telling.take(steps[:-1])
    telling.take(
        TextDelta(message_id=message.id, offset=0, text=message.text)
        for message in messages
        if message.run_id == run_id and _cut_off(message)
    )
    telling.take(steps[-1:])  # the end closes what is still open
    return telling


def _cut_off(message: Message) -> bool:
    return message.status == "incomplete" and message.incomplete_reason != "superseded"


def _is_open(item: Item) -> bool:
    return isinstance(item, Answer) and item.progress == "writing"


def _closed(item: Item, progress: Progress) -> Item:
    """Return an item as it stays once its run has ended."""
    match item:
        case Answer(progress="writing"):
            return replace(item, progress=progress)
        case Round():
            return replace(item, calls=tuple(map(_dropped, item.calls)))
        case _:
            return item


def _dropped(call: Call) -> Call:
    return call if call.phase == "done" else replace(call, phase="dropped")
