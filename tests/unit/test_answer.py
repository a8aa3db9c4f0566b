"""How an answer ends where there is none, and a Ctrl-C that stops nothing."""

import signal
import threading
from datetime import UTC, datetime

import pytest

from conversation.answer import ending_of
from conversation.errors import RunFailed, StoreUnavailable
from conversation.ids import new_id
from conversation.interrupts import stopping_on_interrupt
from conversation.records import Run, RunError, RunSpec
from conversation.script import State


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
