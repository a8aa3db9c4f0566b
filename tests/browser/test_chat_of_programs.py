"""The chat page while programs have a part in its conversations, through the API beside it."""

from collections.abc import Iterator

import pytest
from openai import OpenAI
from playwright.sync_api import expect

from tests.browser.conftest import OpenChat
from tests.browser.server import ChatServer
from tests.doors.programs import PARTS, waiting
from ui.language import texts

pytestmark = pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")

WAITS = texts.WAITING_FOR_PROGRAM.format(names="buy")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatServer]:
    with ChatServer(tmp_path_factory.mktemp("app"), script="app.py") as server:
        yield server
        assert "Traceback" not in "".join(server.log)


@pytest.fixture(scope="module")
def client(app: ChatServer) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{app.url}/v1", api_key="none", max_retries=0) as client:
        yield client


def test_page_says_which_program_is_awaited_and_goes_on_with_it(
    open_chat: OpenChat, app: ChatServer, client: OpenAI
) -> None:
    run = waiting(client)
    chat = open_chat(f"{app.url}/?thread={run.thread_id}")
    expect(chat.page.get_by_text(WAITS)).to_be_visible()
    expect(chat.stop).to_be_visible()
    expect(chat.page.get_by_role("button", name=texts.ALLOW, exact=True)).to_have_count(0)
    chat.shoot("waits-for-a-program")

    assert run.required_action
    [call] = run.required_action.submit_tool_outputs.tool_calls
    client.beta.threads.runs.submit_tool_outputs(
        run.id,
        thread_id=run.thread_id,
        tool_outputs=[{"tool_call_id": call.id, "output": "bought"}],
    )

    expect(chat.answers.last).to_contain_text("bought")
    chat.expect_idle()
    expect(chat.page.get_by_text(WAITS)).to_have_count(0)


def test_stop_ends_the_wait_for_a_program(
    open_chat: OpenChat, app: ChatServer, client: OpenAI
) -> None:
    run = waiting(client)
    chat = open_chat(f"{app.url}/?thread={run.thread_id}")

    chat.stop.click()

    chat.expect_idle()
    stopped = client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
    assert stopped.status == "cancelled"


def test_pictures_of_programs_are_fetched_by_nobody(
    open_chat: OpenChat, app: ChatServer, client: OpenAI
) -> None:
    thread = client.beta.threads.create(messages=[{"role": "user", "content": PARTS}])
    asked: list[str] = []
    chat = open_chat(app.url)
    chat.page.on("request", lambda request: asked.append(request.url))

    chat.page.goto(f"{app.url}/?thread={thread.id}")

    link = chat.messages("user").get_by_role("link")
    expect(link).to_have_attribute("href", "https://example.org/a_%28b%29.png?c=%24d%24")
    chat.shoot("pictures-of-a-program")
    assert not [url for url in asked if "example.org" in url]
    assert chat.messages("user").locator("img").count() == 0
