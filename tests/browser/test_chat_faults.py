"""The chat page when things go wrong: it says what to do, and the conversation goes on."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenChat
from tests.browser.server import ChatServer
from tests.wire.openai_server import OpenAIServer, failure
from ui.language import texts


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenAIServer]:
    with OpenAIServer() as provider:
        yield provider


@pytest.fixture(scope="module")
def troubled(
    tmp_path_factory: pytest.TempPathFactory, provider: OpenAIServer
) -> Iterator[ChatServer]:
    """A server whose provider and database can be made to fail."""
    with ChatServer(
        tmp_path_factory.mktemp("troubled"),
        OPENAI_API_KEY="sk-test",
        OPENAI_BASE_URL=provider.base_url,
        PROVIDER_MAX_ATTEMPTS="1",
        DATABASE_BUSY_SECONDS="1",
    ) as server:
        yield server


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (401, "invalid_api_key", "Check the provider's API key"),
        (404, "model_not_found", "Choose another model"),
        (500, "server_error", "send the message again in a little while"),
    ],
)
def test_failing_provider_leaves_a_way_on(
    open_chat: OpenChat,
    troubled: ChatServer,
    provider: OpenAIServer,
    status: int,
    code: str,
    said: str,
) -> None:
    provider.script(failure(status, code))
    chat = open_chat(troubled.url)
    chat.choose("GPT")
    chat.show_steps()

    chat.ask("Hello")

    expect(chat.system).to_contain_text(said)
    expect(chat.state).to_have_text("error")
    chat.choose("Demo")
    chat.ask("echo still here")
    expect(chat.said).to_have_text("still here")
    chat.shoot(f"provider-{status}")


def test_other_provider_takes_the_thread_over(open_chat: OpenChat, troubled: ChatServer) -> None:
    chat = open_chat(troubled.url)
    chat.choose("GPT")
    chat.ask("What is Apple trading at?")
    expect(chat.system).to_have_count(1)
    expect(chat.answers).to_have_count(1)

    chat.choose("Demo")
    chat.ask("What was the first thing I said?")

    expect(chat.answers.last).to_contain_text("What is Apple trading at?")


def test_locked_database_loses_no_word(open_chat: OpenChat, troubled: ChatServer) -> None:
    chat = open_chat(troubled.url)
    chat.choose("Demo")
    with closing(sqlite3.connect(troubled.database, isolation_level=None)) as lock:
        lock.execute("BEGIN IMMEDIATE")
        chat.send("echo kept")
        expect(chat.page.get_by_text(texts.NOT_SENT)).to_be_visible()
        expect(chat.typed).to_have_text("echo kept")
        chat.shoot("locked")
        lock.execute("ROLLBACK")

    chat.page.get_by_role("button", name=texts.SEND_AGAIN).click()

    expect(chat.said).to_have_text("kept")
    expect(chat.messages("user")).to_have_count(1)
    expect(chat.page.get_by_text(texts.NOT_SENT)).to_have_count(0)


def test_two_tabs_sending_at_once_lose_nothing(open_chat: OpenChat, troubled: ChatServer) -> None:
    chat = open_chat(troubled.url)
    chat.choose("Demo")
    chat.ask("echo one")
    second = open_chat(chat.page.url)
    expect(second.said).to_have_text("one")
    second.choose("Demo")
    second.input.fill("echo two")

    chat.send("wait 60")
    expect(chat.stop).to_be_visible()
    second.input.press("Enter")

    for tab in (chat, second):
        expect(tab.queued).to_contain_text("echo two")
        expect(tab.queued).to_contain_text(texts.QUEUED)
    chat.stop.click()
    for tab in (chat, second):
        expect(tab.said.last).to_have_text("two", timeout=20_000)
        expect(tab.messages("user")).to_have_count(3)
        expect(tab.queued).to_have_count(0)


def test_wrong_settings_are_listed(open_chat: OpenChat, tmp_path: Path) -> None:
    with ChatServer(tmp_path, MEDIATOR_TYPE="clever", MAX_TOOL_ROUNDS="none") as server:
        context = open_chat().page.context
        page = context.new_page()
        page.goto(server.url)

        expect(page.get_by_text(texts.WRONG_SETTINGS)).to_be_visible()
        for name in ("MEDIATOR_TYPE", "MAX_TOOL_ROUNDS"):
            expect(page.get_by_role("listitem").filter(has_text=name)).to_have_count(1)


def test_unusable_database_is_told(open_chat: OpenChat, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with ChatServer(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path}/file/parley.db") as server:
        page = open_chat().page.context.new_page()
        page.goto(server.url)

        expect(page.get_by_text(texts.TROUBLE)).to_be_visible()
        expect(page.get_by_role("button", name=texts.TRY_AGAIN)).to_be_visible()
