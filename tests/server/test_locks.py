"""A thread on which a run is under way: what can't be done, in words that clients look for."""

import re
from collections.abc import Iterator

import openai
import pytest

from conversation.ports import Core
from conversation.records import Run
from tests.contract.cores import DEMO, ENDLESS, ended, running
from tests.server.checked import openai_client, served_core


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Core]:
    """A core whose demo model takes its time."""
    file = tmp_path_factory.mktemp("locks") / "parley.db"
    with running(f"sqlite:///{file}", demo_delay_seconds=0.05) as core:
        yield core


@pytest.fixture(scope="module")
def client(core: Core) -> Iterator[openai.OpenAI]:
    """OpenAI's client for that core."""
    with served_core(core) as address, openai_client(address) as client:
        yield client


@pytest.fixture
def busy(core: Core) -> Iterator[Run]:
    """A run that goes on until the test is over."""
    run = core.start(ENDLESS, DEMO)
    yield run
    core.cancel(run.id)
    ended(core, run.id)


def test_no_message_comes_while_a_run_is_active(client: openai.OpenAI, busy: Run) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.beta.threads.messages.create(busy.thread_id, role="user", content="And?")

    text = f"Can't add messages to {busy.thread_id} while a run {busy.id} is active."
    assert caught.value.body == {
        "message": text, "type": "invalid_request_error", "param": None, "code": None
    }  # fmt: skip
    # What clients look for, to cancel that run.
    wanted = (
        r"Can't add messages to thread_([a-zA-Z0-9]+) while a run run_([a-zA-Z0-9]+) is active\."
    )
    assert re.search(wanted, str(caught.value))


def test_no_message_goes_while_a_run_is_active(client: openai.OpenAI, busy: Run) -> None:
    asked = str(busy.message_id)
    text = f"Can't delete messages from {busy.thread_id} while a run {busy.id} is active."

    with pytest.raises(openai.BadRequestError, match=text):
        client.beta.threads.messages.delete(asked, thread_id=busy.thread_id)


def test_a_thread_stays_while_a_run_is_active(client: openai.OpenAI, busy: Run) -> None:
    text = f"Can't delete {busy.thread_id} while a run {busy.id} is active."

    with pytest.raises(openai.BadRequestError, match=text):
        client.beta.threads.delete(busy.thread_id)


def test_metadata_changes_while_a_run_is_active(client: openai.OpenAI, busy: Run) -> None:
    changed = client.beta.threads.update(busy.thread_id, metadata={"a": "1"})

    assert changed.metadata == {"a": "1"}
