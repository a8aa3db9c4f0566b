"""Messages that are odd, and moments that are."""

from datetime import timedelta
from typing import Any, Final

import pytest

from conversation.records import Run
from conversation.script import State
from tests.contract.cores import ENDLESS, ended, speaking
from tests.failures.answers import once, said
from tests.failures.failure import NO_PROVIDER, Failure, Outcome
from tests.failures.stage import Clock, Stage

_COUNTING: Final = "count to 150"


def _busy(stage: Stage, text: str) -> Outcome:
    """Send a message while another is being answered."""
    run = stage.core.start(ENDLESS, stage.choice, thread_id=stage.thread_id)
    speaking(stage.core, run.id)
    outcome = stage.ask(text)
    stage.core.cancel(run.id)
    ended(stage.core, run.id)
    return outcome


def _clocked(stage: Stage) -> dict[str, Any]:
    """Have a core by a clock that can be set wrong."""
    stage.clock = Clock()
    patch = stage.undo.enter_context(pytest.MonkeyPatch.context())
    patch.setattr("setup.bootstrap.utc_now", stage.clock)
    return {"demo_delay_seconds": 0.001}


def _jumping(**by: float) -> Any:
    def act(stage: Stage, text: str) -> Run:
        run = stage.core.start(text, stage.choice, thread_id=stage.thread_id)
        stage.thread_id = run.thread_id
        speaking(stage.core, run.id)
        assert stage.clock is not None
        stage.clock.wrong_by = timedelta(**by)
        return ended(stage.core, run.id)

    return act


MESSAGES: Final = (
    Failure(
        what="A message of a million characters",
        state=State.COMPLETED,
        says="That is long.",
        text="long " * 200_000,
        provoke=once(said("That is long.")),
    ),
    Failure(
        what="A message of spaces only",
        state=None,
        says="The message is empty.",
        code="empty_message",
        hint="Type something first.",
        text=" \n\t ",
        can="Type something",
    ),
    Failure(
        what="A message with control characters: those that can't be kept are replaced",
        state=State.COMPLETED,
        says="The model wrote:",
        text="a\x00b\x07c\x1b[31md\ud800",
    ),
    Failure(
        what="A message while another one is answered: the pages let it wait its turn",
        state=None,
        says="An answer is still under way in this conversation.",
        code="thread_busy",
        hint="Wait for the answer or stop it, then send the message again.",
        on=NO_PROVIDER,
        given=lambda _: {"demo_delay_seconds": 0.02},
        act=_busy,
    ),
    Failure(
        what="The computer's clock goes back by an hour in the middle of an answer",
        state=State.COMPLETED,
        says="The model wrote: 1, 2,",
        on=NO_PROVIDER,
        text=_COUNTING,
        given=_clocked,
        act=_jumping(hours=-1),
    ),
    Failure(
        what="The computer's clock goes ahead by two days in the middle of an answer",
        state=State.COMPLETED,
        says="The model wrote: 1, 2,",
        on=NO_PROVIDER,
        text=_COUNTING,
        given=_clocked,
        act=_jumping(days=2),
    ),
)
