"""What can go wrong, as rows: how it is brought about, and what has to come of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from conversation.errors import ContextTooLong, ParleyError
from conversation.records import Run
from conversation.script import State
from tests.failures.stage import COMPATIBLE, DEMO, GEMINI, OPENAI, Stage

EVERY: Final = (OPENAI, GEMINI, COMPATIBLE)
NO_PROVIDER: Final = (DEMO,)

Outcome = Run | ParleyError
Provoke = Callable[[Stage], None]
Act = Callable[[Stage, str], Outcome]
Given = Callable[[Stage], dict[str, Any]]

_TOLD_BY: Final = {
    State.ERROR: "failed",
    State.INCOMPLETE: "incomplete",
    State.EXPIRED: "expired",
    State.CANCELLED: "cancelled",
    State.COMPLETED: "message_retrieved",
}


def nothing(_: Stage) -> None:
    """Change nothing."""


def send(stage: Stage, text: str) -> Outcome:
    """Send a message and wait for what becomes of it."""
    return stage.ask(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One row. Without a `state` nothing is accepted: whoever sends is told at once.

    `says` and `hint` are parts of what a person is shown (`{who}` is the provider), `partial` what
    there is of an answer.
    `given` are settings of a core of its own; `provoke` comes before the message, `act` is it.
    `told_by` are events besides the one of the end; `retried` tells that it is tried again.
    `traced` tells that the program's log shows a function's author where it failed.
    """

    what: str
    says: str
    state: State | None = State.ERROR
    code: str = ""
    hint: str = ""
    partial: str = ""
    told_by: tuple[str, ...] = ()
    retried: bool = False
    traced: bool = False
    can: str = ""
    on: tuple[str, ...] = EVERY
    text: str = "Hello."
    stream: bool = True
    given: Given | None = None
    provoke: Provoke = nothing
    act: Act = send

    @property
    def events(self) -> tuple[str, ...]:
        """The kinds of event that tell it."""
        if self.state is None:
            return ()
        retrying = ("retrying",) if self.retried else ()
        return (*self.told_by, *retrying, _TOLD_BY[self.state])

    @property
    def ways_on(self) -> tuple[str, ...]:
        """What the page offers."""
        if self.can:
            return (self.can,)
        if self.state is None:
            return ("Send again",)
        if self.state is State.COMPLETED:
            return ()
        more = ("Try again with the last messages",) if self.code == ContextTooLong.code else ()
        return (*(("Continue",) if self.partial else ()), "Retry", *more)
