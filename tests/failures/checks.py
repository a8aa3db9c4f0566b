"""What holds for every failure, whatever it is."""

from typing import Final

import pytest

from conversation.errors import ParleyError
from conversation.narration import narrate
from conversation.records import Run
from conversation.script import State
from tests.contract.cores import DEMO as DEMO_CHOICE
from tests.contract.cores import tasks_of, when
from tests.failures.failure import Failure
from tests.failures.stage import DEMO, SECRETS, Stage

AFTERWARDS: Final = "echo and now"
_LIVE: Final = (State.ERROR, State.CANCELLED, State.EXPIRED, State.INCOMPLETE)


def check(row: Failure, stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """Bring the failure about; see what it says, that nothing is lost, left behind or told."""
    if row.state is None:
        stage.ask("echo before", DEMO_CHOICE)
    before = tasks_of(stage.core)
    row.provoke(stage)
    outcome = row.act(stage, row.text)
    if isinstance(outcome, ParleyError):
        _check_refused(row, stage, outcome)
    else:
        _check_run(row, stage, outcome)
    _check_left_behind(stage, before)
    _check_going_on(row, stage)
    _check_secrets(stage)
    _check_log(row, caplog.text)


def _check_refused(row: Failure, stage: Stage, error: ParleyError) -> None:
    assert row.state is None, error
    assert error.code == row.code
    assert row.says in error.message
    assert row.hint in error.hint
    assert error.hint
    _check_clean(f"{error.message} {error.hint}")
    assert stage.thread_id is not None
    assert row.text not in [one.text for one in stage.core.store.messages(stage.thread_id)]


def _check_run(row: Failure, stage: Stage, run: Run) -> None:
    assert run.state is row.state, (run.state, run.error)
    assert (run.error.code if run.error else run.incomplete_reason or "") == row.code, run.error
    events = [logged.event for logged in stage.core.store.events(run.id)]
    kinds = [event.kind for event in events]
    assert set(row.events) <= set(kinds)
    assert ("retrying" in kinds) is row.retried
    told = "\n".join(narrate(event) for event in events if event.kind in row.events)
    says = row.says.format(who=stage.who)
    assert says in told, told
    if run.error:
        assert run.error.message
        assert run.error.hint
        assert says in run.error.message, run.error
        assert row.hint in run.error.hint, run.error
    if run.state in _LIVE:
        said = [one.text for one in stage.core.store.texts(run.id) if one.role == "assistant"]
        assert "".join(said) == row.partial


def _check_left_behind(stage: Stage, before: set[str]) -> None:
    """Check that no task and no request is left."""
    when(stage.core, lambda: not tasks_of(stage.core) - before)
    if stage.provider != DEMO:
        stage.server.await_quiet()


def _check_going_on(row: Failure, stage: Stage) -> None:
    """Check that the next message is answered, and that what was typed is there once."""
    if stage.provider != DEMO:
        stage.server.forget()
    stage.stream = True
    next_run = stage.ask(AFTERWARDS, DEMO_CHOICE if row.given else stage.choice)
    if row.state is None:
        next_run = stage.ask(AFTERWARDS, DEMO_CHOICE)
    assert isinstance(next_run, Run), next_run
    assert next_run.state is State.COMPLETED, next_run.error
    assert stage.thread_id is not None
    said = [one for one in stage.core.store.messages(stage.thread_id) if one.role == "user"]
    assert len({one.id for one in said}) == len(said)
    texts = [one.text for one in said]
    if row.state is not None and row.text.isprintable():
        assert texts.count(row.text) == 1
    assert AFTERWARDS in texts


def _check_secrets(stage: Stage) -> None:
    store = stage.core.store
    assert stage.thread_id is not None
    for message in store.messages(stage.thread_id):
        _check_clean(message.text)
    for run in store.runs(stage.thread_id):
        _check_clean(repr(run))
        _check_clean(repr(store.events(run.id)))
        _check_clean(repr(store.model_calls(run.id)))


def _check_log(row: Failure, log: str) -> None:
    assert ("Traceback" in log) is row.traced
    _check_clean(log.replace("Traceback", ""))


def _check_clean(text: str) -> None:
    assert "Traceback" not in text
    for secret in SECRETS.values():
        assert secret not in text, text[: text.index(secret)][-200:]
