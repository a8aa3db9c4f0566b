"""How an answer ends where there is none, and a Ctrl-C that stops nothing."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Self, cast

import pytest

from conversation.answer import Answer, ending_of
from conversation.errors import RunFailed, StoreUnavailable
from conversation.events import Event, Logged, Retried, StateChanged, ToolCallsRequested
from conversation.ids import new_id
from conversation.interrupts import stopping_on_interrupt
from conversation.ports import Core, Cursor, TextDelta, Update
from conversation.records import Run, RunError, RunSpec
from conversation.script import State, Trigger


class Told:
    """A feed and a core at once, that tell of one run all there is."""

    def __init__(self, *news: Event | str) -> None:
        self._news = tuple(map(self._piece, range(1, len(news) + 1), news))

    @property
    def feed(self) -> Self:
        return self

    @contextmanager
    def watch(self, run_id: str, notify: Callable[[], None]) -> Iterator[None]:
        yield

    def read(self, run_id: str, cursor: Cursor) -> Update:
        return Update(cursor=cursor, news=self._news)

    @staticmethod
    def _piece(seq: int, what: Event | str) -> Logged | TextDelta:
        if isinstance(what, str):
            return TextDelta(message_id="msg_1", offset=0, text=what)
        return Logged(run_id="run_1", seq=seq, at=datetime.now(UTC), event=what)


async def test_answer_is_what_was_said_last() -> None:
    completed = StateChanged(
        trigger=Trigger.ASSISTANT_MESSAGE_RETRIEVED, before=State.RUNNING, after=State.COMPLETED
    )
    asked = ToolCallsRequested(step_id="step_1", calls=())
    told = Told("Let me see.", asked, "It is f", Retried(attempt=2), "It is 42.", completed)

    answer = Answer(cast("Core", told), failed(None))

    assert await answer.whole() == "It is 42."


def failed(error: RunError | None) -> Run:
    """Return a run that has failed."""
    return Run(
        id=new_id("run"),
        thread_id=new_id("thread"),
        branch_id=new_id("branch"),
        spec=RunSpec(provider="demo", model="demo"),
        state=State.ERROR,
        error=error,
        created_at=datetime.now(UTC),
    )


def test_failure_says_what_the_run_says() -> None:
    error = RunError(code="rate_limited", message="Too many requests.", hint="Wait a little.")

    ending = ending_of(failed(error), "What had arr")

    assert isinstance(ending, RunFailed)
    assert (str(ending), ending.hint) == ("Too many requests.", "Wait a little.")
    assert (ending.reason, ending.partial) == ("rate_limited", "What had arr")


def test_failure_without_a_cause_is_still_one() -> None:
    assert isinstance(ending_of(failed(None)), RunFailed)


def test_stop_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def stop() -> None:
        raise StoreUnavailable("The disk is full.")

    with stopping_on_interrupt(stop):
        signal.raise_signal(signal.SIGINT)
        for thread in threading.enumerate():
            if thread.name == "parley-stop":
                thread.join()

    assert "The disk is full." in caplog.text
