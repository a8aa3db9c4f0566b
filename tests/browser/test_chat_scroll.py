"""Where the page stands: what was sent, what is edited and what is asked for are in view."""

from datetime import UTC, datetime
from typing import Final

import pytest
from playwright.sync_api import expect

from conversation.ids import new_id
from conversation.records import Message
from tests.browser.chat import STORY, Chat
from tests.browser.conftest import OpenChat
from tests.browser.server import ChatServer
from ui.language import texts

END: Final = """() => {
  const page = document.querySelector("[data-testid=stAppScrollToBottomContainer]");
  const { get } = Object.getOwnPropertyDescriptor(Element.prototype, "scrollTop");
  return page.scrollHeight - page.clientHeight - get.call(page) < 40;
}"""
RESTS: Final = f"""() => {{
  window.resting = ({END})() ? (window.resting ?? 0) + 1 : 0;
  return window.resting > 30;
}}"""
"""The end has been in view for so many frames: Streamlit scrolls no more."""
TOP: Final = "document.querySelector('[data-testid=stAppScrollToBottomContainer]').scrollTop"
SELECTED: Final = """() => {
  const { selectionStart, selectionEnd, value } = document.activeElement;
  return value && selectionStart === 0 && selectionEnd === value.length;
}"""
MARKED: Final = "[...(CSS.highlights.get('parley-found') ?? [])].map(String)"
LINES: Final = "\n\n".join(f"line {number}" for number in range(60))


def say_more(server: ChatServer, thread_id: str, count: int) -> None:
    """Add messages to a conversation, as a program may."""
    store = server.store()
    branch_id = store.thread(thread_id).branch_id
    for number in range(count):
        said = Message(
            id=new_id("msg"),
            thread_id=thread_id,
            branch_id=branch_id,
            role="user" if number % 2 else "assistant",
            text=f"more {number}",
            created_at=datetime.now(UTC),
        )
        store.add_message(said).result()
    store.close()


@pytest.fixture(params=[1280, 390], ids=["wide", "narrow"])
def long_chat(open_chat: OpenChat, request: pytest.FixtureRequest) -> Chat:
    """A conversation longer than the page, and the page at its beginning."""
    chat = open_chat(width=request.param)
    chat.ask(f"echo {LINES}")
    chat.page.wait_for_function(RESTS)
    chat.page.evaluate(f"{TOP} = 0")
    expect(chat.page.get_by_role("button", name=texts.TO_END)).to_be_in_viewport()
    return chat


def test_sent_message_is_in_view(long_chat: Chat) -> None:
    expect(long_chat.typed.first).to_be_in_viewport()

    long_chat.ask("echo seen")

    expect(long_chat.typed.last).to_be_in_viewport()
    expect(long_chat.said.last).to_be_in_viewport()
    long_chat.page.wait_for_function(END)


def test_who_looks_further_up_is_left_there_while_an_answer_grows(long_chat: Chat) -> None:
    page, button = long_chat.page, long_chat.page.get_by_role("button", name=texts.TO_END)
    long_chat.send(STORY)
    long_chat.expect_writing()
    long_chat.answers.last.hover()

    for words in range(25, 60, 5):  # some of the way in the moment in which the page grows
        page.mouse.wheel(0, -60)
        long_chat.expect_writing(words)
    expect(button).to_be_in_viewport()
    stood = long_chat.typed.last.bounding_box()
    long_chat.expect_writing(80)

    assert long_chat.typed.last.bounding_box() == stood
    button.click()
    page.wait_for_function(END)
    long_chat.expect_writing(120)
    page.wait_for_function(END)


def test_button_leads_to_the_newest_message(long_chat: Chat) -> None:
    button = long_chat.page.get_by_role("button", name=texts.TO_END)
    expect(button).to_be_in_viewport()

    button.click()

    expect(button).to_be_hidden()
    long_chat.page.wait_for_function(END)
    expect(long_chat.row).to_be_in_viewport()


def test_edited_message_is_not_under_the_header(chat: Chat) -> None:
    chat.ask("Show me Markdown")
    chat.page.wait_for_function(END)
    chat.input.press("ArrowUp")
    field = chat.page.locator("[class*='st-key-draft-'] textarea")
    expect(field).to_be_focused()

    over = """field => {
      const { x, y } = field.getBoundingClientRect();
      return document.elementFromPoint(x + 20, y + 10) === field;
    }"""
    chat.page.wait_for_function(
        f"({over})(document.querySelector(\"[class*='st-key-draft-'] textarea\"))"
    )


def test_dialog_has_the_cursor_in_its_field(chat: Chat) -> None:
    chat.ask("echo a title")
    chat.page.locator(".st-key-thread-menu button").click()
    chat.page.get_by_role("menuitem", name="Rename").click()
    expect(chat.page.get_by_label(texts.RENAME_LABEL)).to_be_focused()
    chat.page.wait_for_function(SELECTED)

    chat.page.keyboard.type("Typed over")
    chat.page.keyboard.press("Enter")

    expect(chat.page.locator(".st-key-thread-header")).to_contain_text("Typed over")
    expect(chat.page.locator(".st-key-thread-header")).not_to_contain_text("a title")


def test_what_was_found_is_in_view_and_marked(chat: Chat) -> None:
    chat.ask("echo a zebra at the beginning")
    for number in range(3):
        chat.ask(f"echo {number}. {LINES}")
    chat.page.get_by_role("button", name=texts.NEW).click()
    expect(chat.page.get_by_text(texts.WELCOME)).to_be_visible()
    chat.page.get_by_label(texts.SEARCH).fill("zebra")

    chat.page.locator("[class*='st-key-hit-'] button").first.click()

    expect(chat.answers.first).to_contain_text("zebra")
    expect(chat.answers.first).to_be_in_viewport()
    chat.page.wait_for_function(f"({MARKED}).join() === 'zebra,zebra'")


def test_what_was_found_far_back_is_shown(chat: Chat, server: ChatServer) -> None:
    chat.ask("echo a zebra at the beginning")
    say_more(server, chat.thread_id, 120)
    chat.page.get_by_role("button", name=texts.NEW).click()
    expect(chat.page.get_by_text(texts.WELCOME)).to_be_visible()
    chat.page.get_by_label(texts.SEARCH).fill("zebra")

    chat.page.locator("[class*='st-key-hit-'] button").first.click()

    expect(chat.answers.first).to_contain_text("zebra")
    expect(chat.answers.first).to_be_in_viewport()
