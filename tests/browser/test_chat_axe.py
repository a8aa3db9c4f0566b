"""The chat page as axe judges it, in each of its states: nothing serious, nothing critical."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.axe import NARROW, WIDE, expect_accessible
from tests.browser.chat import STORY, Chat
from tests.browser.conftest import OpenChat
from tests.browser.panel import Panel
from tests.browser.server import ChatServer
from ui.language import texts


@pytest.fixture(scope="module")
def launchpad(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatServer]:
    """A page whose only function needs a person's consent."""
    folder = tmp_path_factory.mktemp("axe")
    with ChatServer(folder, script="tests/browser/rocket_page.py") as server:
        yield server


def open_menu(chat: Chat) -> None:
    chat.page.locator(".st-key-thread-menu button").click()
    expect(chat.page.get_by_role("menuitem")).not_to_have_count(0)


def test_judge_sees_what_is_wrong(chat: Chat) -> None:
    chat.page.evaluate("document.querySelector('main').append(document.createElement('button'))")

    with pytest.raises(AssertionError, match="wrong, 1280 px, dark: button-name at "):
        expect_accessible(chat.page, "wrong", (WIDE,))


def test_empty_page_is_accessible(chat: Chat) -> None:
    expect(chat.page.get_by_text(texts.WELCOME)).to_be_visible()

    expect_accessible(chat.page, "empty")


def test_settings_and_list_are_accessible(chat: Chat) -> None:
    chat.ask("echo listed for axe")
    chat.open_settings()

    expect_accessible(chat.page, "settings", (WIDE,))


def test_list_on_a_phone_is_accessible(open_chat: OpenChat) -> None:
    chat = open_chat(width=NARROW)
    chat.page.get_by_test_id("stExpandSidebarButton").click()
    chat.open_settings()

    expect_accessible(chat.page, "sidebar", (NARROW,))


def test_answers_with_calls_and_markdown_are_accessible(chat: Chat) -> None:
    chat.ask("Compare Microsoft and Nvidia")
    chat.system.locator("summary").first.click()
    chat.ask("Show me Markdown")

    expect_accessible(chat.page, "answered")


def test_growing_answer_is_accessible(chat: Chat) -> None:
    chat.send(STORY)
    chat.expect_writing()

    expect_accessible(chat.page, "writing")

    chat.stop.click()
    chat.expect_idle()
    expect_accessible(chat.page, "stopped")


def test_waiting_message_is_accessible(chat: Chat) -> None:
    chat.send(STORY)
    chat.expect_writing()
    chat.send("echo later")
    expect(chat.queued).to_have_count(1)

    expect_accessible(chat.page, "queued", (WIDE,))
    chat.stop.click()


def test_failure_is_accessible(chat: Chat) -> None:
    chat.ask("fail")

    expect_accessible(chat.page, "failed")


def test_editing_is_accessible(chat: Chat) -> None:
    chat.ask("echo before")
    chat.input.press("ArrowUp")
    expect(chat.page.get_by_role("button", name=texts.SEND, exact=True)).to_be_visible()

    expect_accessible(chat.page, "editing")


def test_question_before_a_call_is_accessible(open_chat: OpenChat, launchpad: ChatServer) -> None:
    chat = open_chat(launchpad.url)
    chat.send('call launch {"rocket": "Voyager"}')
    expect(chat.system.get_by_role("button", name=texts.ALLOW, exact=True)).to_be_visible()

    expect_accessible(chat.page, "approval")


def test_search_is_accessible(chat: Chat) -> None:
    chat.ask("echo needle for axe")
    chat.page.keyboard.press("Control+k")
    expect(chat.page.locator(".st-key-search input")).to_be_focused()
    chat.page.keyboard.type("needle")
    chat.page.keyboard.press("Enter")
    expect(chat.page.locator("[class*='st-key-hit-']").first).to_be_visible()

    expect_accessible(chat.page, "search", (WIDE,))


@pytest.mark.parametrize("action", ["Rename", "Instructions", "Export", "Delete"])
def test_dialog_is_accessible(chat: Chat, action: str) -> None:
    chat.ask("echo for a dialog")
    open_menu(chat)
    chat.page.get_by_role("menuitem", name=action).click()
    expect(chat.page.get_by_role("dialog")).to_be_visible()

    expect_accessible(chat.page, action)


def test_menu_is_accessible(chat: Chat) -> None:
    chat.ask("echo for a menu")
    open_menu(chat)

    expect_accessible(chat.page, "menu", (WIDE,))


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_panel_is_accessible(open_chat: OpenChat, width: int) -> None:
    chat = open_chat(width=width)
    chat.ask("Compare Microsoft and Nvidia")
    panel = Panel(chat)
    panel.show_how(0)
    for part in texts.PANEL_PARTS:
        panel.part(part)
        expect_accessible(chat.page, f"panel, {part}", (width,))
    panel.close()


def test_list_of_keys_is_accessible(chat: Chat) -> None:
    chat.page.get_by_role("button", name=texts.KEYS_TITLE).click()
    expect(chat.page.get_by_role("dialog", name=texts.KEYS_TITLE)).to_be_visible()

    expect_accessible(chat.page, "keys")
