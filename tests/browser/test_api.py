"""A conversation that a program began through the API, in the page on the same port."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from openai import OpenAI
from playwright.sync_api import expect

from tests.browser.conftest import OpenChat
from tests.browser.server import ChatServer

pytestmark = pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[ChatServer]:
    with ChatServer(tmp_path, script="app.py") as server:
        yield server


@pytest.fixture
def client(app: ChatServer) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{app.url}/v1", api_key="none", max_retries=0) as client:
        yield client


def test_thread_of_a_program_goes_on_in_the_page(
    open_chat: OpenChat, app: ChatServer, client: OpenAI
) -> None:
    assistant = client.beta.assistants.create(model="demo")
    run = client.beta.threads.create_and_run_poll(
        assistant_id=assistant.id,
        thread={"messages": [{"role": "user", "content": "echo kettledrum"}]},
    )

    chat = open_chat(app.url)
    chat.page.get_by_role("button", name="echo kettledrum").first.click()
    expect(chat.answers).to_contain_text("kettledrum")
    assert chat.thread_id == run.thread_id
    chat.send("count to 3")
    expect(chat.answers.last).to_contain_text("1, 2, 3.")

    messages = client.beta.threads.messages.list(run.thread_id).data
    assert [message.role for message in messages] == ["assistant", "user"] * 2

    process = app.end()
    assert process.wait(30) == 0
    assert "Traceback" not in "".join(app.log)
