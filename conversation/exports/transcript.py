"""A conversation as it was: what was asked, what the model said, the functions it had run.

It is put together from the log, where every whole message and every call is an event; only what
a model had begun to say when it was cut off is in the messages alone.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter

from conversation.branches import line, runs_of_line
from conversation.events import (
    Logged,
    MessageRetrieved,
    StateChanged,
    ToolCallsRequested,
    ToolExecuted,
)
from conversation.records import Branch, Message, Run, Thread
from conversation.script import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A function the model asked for; `output` is None while, or because, it did not come."""

    call_id: str
    name: str
    arguments: str
    output: str | None = None
    failed: bool = False
    seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """One answer of the model: its text, then its calls; `partial` says why a text is not whole."""

    at: datetime
    text: str = ""
    calls: tuple[Call, ...] = ()
    refusal: bool = False
    partial: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """What the user wrote and the run that followed; no run follows what is not yet answered.

    A program that speaks the API may have put messages of an assistant there, too: see their role.
    `path` is the states that the run went through, and since when it was in each.
    """

    asked: tuple[Message, ...]
    run: Run | None = None
    said: tuple[Utterance, ...] = ()
    path: tuple[tuple[State, datetime], ...] = ()

    @property
    def calls(self) -> tuple[Call, ...]:
        """All calls of the run, in the order the model asked for them."""
        return tuple(call for utterance in self.said for call in utterance.calls)

    @property
    def answer(self) -> str:
        """What the model said last, whole or not."""
        return self.said[-1].text if self.said else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """A thread's active branch, passage by passage."""

    thread: Thread
    passages: tuple[Passage, ...]


def transcribe(
    thread: Thread,
    messages: Sequence[Message],
    runs: Iterable[Run],
    log: Iterable[Logged],
    branches: Sequence[Branch] = (),
) -> Transcript:
    """Put a thread together: the active branch's messages in order, and all runs and events.

    With the thread's `branches`, runs are left out that answer a message in another one.
    """
    if branches:
        runs = runs_of_line(line(branches, thread.branch_id), runs, messages)
    events: dict[str, list[Logged]] = {}
    for logged in log:
        events.setdefault(logged.run_id, []).append(logged)
    shown = _Shown(messages)
    passages = [_passage(run, shown, events.get(run.id, [])) for run in shown.runs_among(runs)]
    left = tuple(shown.asked)
    return Transcript(
        thread=thread, passages=(*passages, *((Passage(asked=left),) if left else ()))
    )


class _Shown:
    """The messages of a branch; those that no run wrote are taken away as runs answer them."""

    def __init__(self, messages: Sequence[Message]) -> None:
        self.asked = deque(message for message in messages if message.run_id is None)
        self._all = messages
        self._places: dict[str | None, int] = {}
        for place, message in enumerate(messages):
            self._places[message.id] = place
            if message.run_id:
                self._places.setdefault(message.run_id, place)

    def runs_among(self, runs: Iterable[Run]) -> list[Run]:
        """Return the runs of this branch in its order; a clock may have been put back."""
        placed = ((self._place(run), run) for run in runs)
        own = [(place, run) for place, run in placed if place is not None]
        return [run for _, run in sorted(own, key=itemgetter(0))]

    def asked_before(self, run: Run) -> tuple[Message, ...]:
        """Take away what was written when the run began."""
        taken, place = [], self._place(run) or 0
        while self.asked and self._places[self.asked[0].id] <= place:
            taken.append(self.asked.popleft())
        return tuple(taken)

    def cut_off(self, run: Run, told: set[str]) -> Iterator[Utterance]:
        """Yield what the run's model had said when it was cut off; `told` are whole by now."""
        for message in self._all:
            reason = message.incomplete_reason or message.status
            if message.run_id != run.id or message.id in told:
                continue
            if reason not in {"completed", "superseded"}:
                yield Utterance(
                    at=message.created_at,
                    text=message.text,
                    refusal=message.refusal,
                    partial=reason,
                )

    def _place(self, run: Run) -> int | None:
        """Return where the run stands: at the message that began it, or its first own one.

        One that a program began on no message, and that wrote none, stands where it began.
        """
        place = self._places.get(run.message_id, self._places.get(run.id))
        if place is None and run.message_id is None:
            before = sum(message.created_at <= run.created_at for message in self._all)
            return max(0, before - 1)
        return place


@dataclass(slots=True)
class _Telling:
    """What a run's events have told so far."""

    said: list[Utterance] = field(default_factory=list)
    path: list[tuple[State, datetime]] = field(default_factory=list)
    outputs: dict[str, ToolExecuted] = field(default_factory=dict)
    whole: MessageRetrieved | None = None
    told: set[str] = field(default_factory=set)

    def take(self, logged: Logged) -> None:
        match logged.event:
            case StateChanged(after=state):
                self.path.append((state, logged.at))
            case MessageRetrieved() as whole:
                self.whole = whole
                self.told.add(whole.message_id)
            case ToolCallsRequested(calls=calls):
                asked = (
                    Call(call_id=call.call_id, name=call.name, arguments=call.arguments)
                    for call in calls
                )
                self.close(logged.at, tuple(asked))
            case ToolExecuted() as executed:
                self.outputs[executed.call_id] = executed
            case _:
                pass

    def close(self, at: datetime, calls: tuple[Call, ...] = ()) -> None:
        """End an answer, if there is one."""
        if self.whole or calls:
            text, refusal = (self.whole.text, self.whole.refusal) if self.whole else ("", False)
            self.said.append(Utterance(at=at, text=text, calls=calls, refusal=refusal))
        self.whole = None

    def utterances(self) -> Iterator[Utterance]:
        """Yield the answers, their calls with what came of them."""
        for said in self.said:
            calls = tuple(self._answered(call) for call in said.calls)
            yield Utterance(at=said.at, text=said.text, calls=calls, refusal=said.refusal)

    def _answered(self, call: Call) -> Call:
        executed = self.outputs.get(call.call_id)
        if executed is None:
            return call
        return Call(
            call_id=call.call_id,
            name=call.name,
            arguments=call.arguments,
            output=executed.output,
            failed=executed.failed,
            seconds=executed.seconds,
        )


def _passage(run: Run, shown: _Shown, events: list[Logged]) -> Passage:
    telling = _Telling()
    for logged in events:
        telling.take(logged)
    if events:
        telling.close(events[-1].at)
    return Passage(
        asked=shown.asked_before(run),
        run=run,
        said=(*telling.utterances(), *shown.cut_off(run, telling.told)),
        path=tuple(telling.path),
    )
