"""Where a run's time went: computed from the times of its events, and from nothing else.

Seconds count from the run's first event.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from conversation.events import (
    ApprovalDecided,
    ApprovalRequested,
    Logged,
    RetryScheduled,
    StateChanged,
    ToolCallsRequested,
    ToolExecuted,
    ToolStarted,
)
from conversation.script import TERMINAL, State

Kind = Literal["queue", "model", "tool", "person", "client", "pause", "stop"]

_KINDS: dict[State, Kind] = {
    State.READY: "queue",
    State.TOOL_OUTPUTS_SUBMITTED: "queue",
    State.STARTED: "model",
    State.RUNNING: "model",
    State.CANCELLING: "stop",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """How long the run stood in a state."""

    state: State
    start: float
    end: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A part of the run that took time; `name` is that of the function, if it is one."""

    kind: Kind
    start: float
    end: float
    name: str = ""
    failed: bool = False

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.end - self.start


def stays(log: Sequence[Logged], now: datetime) -> tuple[Stay, ...]:
    """Return the states in the order of the path; the last one of an open run lasts until now."""
    moves = [(logged.at, logged.event) for logged in log if isinstance(logged.event, StateChanged)]
    if not moves:
        return ()
    begun = log[0].at
    ends = [at for at, _ in moves[1:]]
    ends.append(moves[-1][0] if moves[-1][1].after in TERMINAL else now)
    return tuple(
        Stay(state=event.after, start=_since(begun, at), end=_since(begun, end))
        for (at, event), end in zip(moves, ends, strict=True)
    )


def time_in_states(path: Iterable[Stay]) -> dict[State, float]:
    """Return the seconds spent in each state, in the order in which they were entered."""
    spent: dict[State, float] = {}
    for stay in path:
        spent[stay.state] = spent.get(stay.state, 0.0) + stay.end - stay.start
    return spent


def spans(log: Sequence[Logged], now: datetime) -> tuple[Span, ...]:
    """Return what took time, by its start; what is not over lasts until the run's end, or now."""
    if not log:
        return ()
    path = stays(log, now)
    end = path[-1].end if path else 0.0
    found = [*_of_states(path), *_Calls(log, end).spans(), *_pauses(log)]
    return tuple(sorted(found, key=lambda span: (span.start, span.end)))


def _of_states(path: Iterable[Stay]) -> list[Span]:
    """Return queueing and the model's work; states of the same kind in a row are one span."""
    joined: list[Span] = []
    before: Kind | None = None
    for stay in path:
        kind = _KINDS.get(stay.state)
        if kind is not None and kind == before:
            joined[-1] = Span(kind=kind, start=joined[-1].start, end=stay.end)
        elif kind is not None:
            joined.append(Span(kind=kind, start=stay.start, end=stay.end))
        before = kind
    return joined


def _pauses(log: Sequence[Logged]) -> list[Span]:
    begun = log[0].at
    return [
        Span(
            kind="pause",
            start=_since(begun, logged.at),
            end=_since(begun, logged.at) + logged.event.delay,
        )
        for logged in log
        if isinstance(logged.event, RetryScheduled)
    ]


class _Calls:
    """The calls of a run: from being asked for, by way of a person or a client, to the output."""

    def __init__(self, log: Sequence[Logged], end: float) -> None:
        self._begun = log[0].at
        self._end = end
        self._open: dict[str, Span] = {}
        self._closed: list[Span] = []
        for logged in log:
            self._take(logged)

    def spans(self) -> list[Span]:
        """Return what was seen; what is open ends with the run."""
        return self._closed + [
            Span(kind=span.kind, start=span.start, end=self._end, name=span.name)
            for span in self._open.values()
        ]

    def _take(self, logged: Logged) -> None:
        at = _since(self._begun, logged.at)
        match logged.event:
            case ToolCallsRequested(calls=calls):
                for call in calls:
                    self._begin("client", call.call_id, call.name, at)
            case ApprovalRequested(call_id=call_id, name=name):
                self._begin("person", call_id, name, at)
            case ApprovalDecided(call_id=call_id):
                self._finish(call_id, at)
            case ToolStarted(call_id=call_id, name=name):
                self._begin("tool", call_id, name, at)
            case ToolExecuted(call_id=call_id, failed=failed):
                self._finish(call_id, at, failed=failed)
            case _:
                pass

    def _begin(self, kind: Kind, call_id: str, name: str, at: float) -> None:
        """Begin a span; what the same call was doing until now was only its way here."""
        self._open[call_id] = Span(kind=kind, start=at, end=at, name=name)

    def _finish(self, call_id: str, at: float, *, failed: bool = False) -> None:
        span = self._open.pop(call_id, None)
        if span is not None:
            self._closed.append(
                Span(kind=span.kind, start=span.start, end=at, name=span.name, failed=failed)
            )


def _since(begun: datetime, at: datetime) -> float:
    """Return how long after the beginning; never less than nothing, whatever clocks do."""
    return max(0.0, (at - begun).total_seconds())
