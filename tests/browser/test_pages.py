"""Going from one page to the other and back."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenChat
from tests.browser.server import ChatServer


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatServer]:
    with ChatServer(tmp_path_factory.mktemp("pages"), script="app.py") as server:
        yield server


def test_answer_goes_on_while_another_page_is_looked_at(
    open_chat: OpenChat, app: ChatServer
) -> None:
    chat = open_chat(app.url)
    links = chat.page.get_by_test_id("stSidebarNavLink")
    chat.send("count to 150")
    expect(chat.answers).to_contain_text("5,")
    thread_id = chat.thread_id

    links.filter(has_text="History").click()
    expect(chat.page.get_by_text(re.compile(r"^\d+ threads?$"))).to_be_visible()
    links.filter(has_text="Chat").click()

    expect(chat.answers).to_contain_text("149, 150.")
    expect(chat.answers).to_have_count(1)
    assert chat.thread_id == thread_id


def test_new_conversation_stays_new(open_chat: OpenChat, app: ChatServer) -> None:
    chat = open_chat(app.url)
    links = chat.page.get_by_test_id("stSidebarNavLink")
    chat.send("count to 3")
    expect(chat.answers).to_contain_text("3.")
    chat.page.get_by_role("button", name="New conversation").click()
    expect(chat.answers).to_have_count(0)

    links.filter(has_text="History").click()
    expect(chat.page.locator(".st-key-view")).to_be_visible()
    links.filter(has_text="Chat").click()

    expect(chat.page.get_by_text("Should I buy Apple?")).to_be_visible()
    expect(chat.answers).to_have_count(0)
