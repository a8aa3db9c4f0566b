"""Runs that are stopped, or whose time runs out."""

from collections.abc import Iterator
from dataclasses import replace

import openai
import pytest
from openai.types.beta.threads import Run

from conversation.ports import Core
from conversation.records import Run as StoredRun
from conversation.script import State
from setup.core import ParleyCore
from tests.contract.cores import ended, running, speaking
from tests.server.assistants import (
    MODEL,
    ONE_CALL,
    WEATHER,
    assistant,
    awaited,
    outputs,
    run,
    thread,
)
from tests.server.checked import openai_client, served_core
from tests.stage import opening


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[openai.OpenAI]:
    """A client of a server whose runs have little time."""
    file = tmp_path_factory.mktemp("hasty") / "parley.db"
    settings = {"run_expires_seconds": 1.5, "model_map": {MODEL: "demo"}}
    with (
        running(f"sqlite:///{file}", **settings) as core,
        served_core(core) as address,
        openai_client(address) as client,
    ):
        yield client


def no_longer_waiting(client: openai.OpenAI, waits: Run) -> Run:
    while waits.status == "requires_action":
        waits = client.beta.threads.runs.retrieve(waits.id, thread_id=waits.thread_id)
    return waits


def test_run_in_progress_is_stopped(client: openai.OpenAI, core: Core) -> None:
    begun = client.beta.threads.runs.create(
        thread(client, "count to 10000"), assistant_id=assistant(client).id
    )
    speaking(core, begun.id)

    stopping = client.beta.threads.runs.cancel(begun.id, thread_id=begun.thread_id)
    stopped = client.beta.threads.runs.poll(begun.id, begun.thread_id)

    assert stopping.status in {"cancelling", "cancelled"}
    assert stopped.status == "cancelled"
    assert stopped.cancelled_at is not None
    message = client.beta.threads.messages.list(begun.thread_id, limit=1).data[0]
    step = client.beta.threads.runs.steps.list(begun.id, thread_id=begun.thread_id).data[0]
    assert (message.status, step.status) == ("incomplete", "cancelled")
    assert message.incomplete_details is not None
    assert message.incomplete_details.reason == "run_cancelled"


def test_run_that_waits_for_its_client_is_stopped(client: openai.OpenAI) -> None:
    waits = run(client, ONE_CALL, WEATHER)

    stopped = client.beta.threads.runs.cancel(waits.id, thread_id=waits.thread_id)

    assert (stopped.status, stopped.required_action) == ("cancelled", None)
    with pytest.raises(openai.BadRequestError, match='status "cancelled" do not accept'):
        client.beta.threads.runs.submit_tool_outputs(
            run_id=waits.id, thread_id=waits.thread_id, tool_outputs=outputs(waits)
        )
    # and the thread is free again
    client.beta.threads.messages.create(waits.thread_id, role="user", content="hello")


def test_run_in_the_queue_is_stopped(client: openai.OpenAI, core: Core) -> None:
    nobodys = opening("hello")
    begun, _ = core.store.accept(
        replace(nobodys, events=(), run=replace(nobodys.run, state=State.NEW))
    ).result()

    queued = client.beta.threads.runs.retrieve(begun.id, thread_id=begun.thread_id)
    stopped = client.beta.threads.runs.cancel(begun.id, thread_id=begun.thread_id)

    assert (queued.status, stopped.status) == ("queued", "cancelled")


def test_ended_run_is_not_stopped(client: openai.OpenAI) -> None:
    done = run(client, "hello")

    with pytest.raises(openai.BadRequestError) as refused:
        client.beta.threads.runs.cancel(done.id, thread_id=done.thread_id)

    text = "Cannot cancel run with status 'completed'."
    assert refused.value.body["message"] == text  # type: ignore[index]


def test_run_that_ends_before_it_can_be_stopped_is_not_stopped(
    client: openai.OpenAI, core: ParleyCore, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = run(client, ONE_CALL, WEATHER)
    cancel = core.cancel

    def too_late(run_id: str) -> StoredRun:
        core.submit(run_id, {call.id: "sunny" for call in awaited(waits)})
        ended(core, run_id)
        return cancel(run_id)

    monkeypatch.setattr(core, "cancel", too_late)
    with pytest.raises(openai.BadRequestError) as refused:
        client.beta.threads.runs.cancel(waits.id, thread_id=waits.thread_id)

    text = "Cannot cancel run with status 'completed'."
    assert refused.value.body["message"] == text  # type: ignore[index]


def test_run_expires_while_it_is_answered(hasty: openai.OpenAI) -> None:
    expired = run(hasty, "wait 30")

    assert expired.status == "expired"


def test_run_expires_while_it_waits_for_its_client(hasty: openai.OpenAI) -> None:
    waits = run(hasty, ONE_CALL, WEATHER)
    assert waits.status == "requires_action"

    expired = no_longer_waiting(hasty, waits)

    step = hasty.beta.threads.runs.steps.list(waits.id, thread_id=waits.thread_id).data[0]
    assert (expired.status, step.status) == ("expired", "expired")
    assert expired.required_action is None
