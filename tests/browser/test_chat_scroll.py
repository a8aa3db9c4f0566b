"""Where the page stands: what was sent, what is edited and what is asked for are in view."""

from typing import Final

import pytest
from playwright.sync_api import expect

from tests.browser.chat import Chat
from tests.browser.conftest import OpenChat
from ui.language import texts

END: Final = """() => {
  const page = document.querySelector("[data-testid=stAppScrollToBottomContainer]");
  return page.scrollHeight - page.clientHeight - page.scrollTop < 40;
}"""
TOP: Final = "document.querySelector('[data-testid=stAppScrollToBottomContainer]').scrollTop"
SELECTED: Final = """() => {
  const { selectionStart, selectionEnd, value } = document.activeElement;
  return value && selectionStart === 0 && selectionEnd === value.length;
}"""
LINES: Final = "\n\n".join(f"line {number}" for number in range(60))


@pytest.fixture(params=[1280, 390], ids=["wide", "narrow"])
def long_chat(open_chat: OpenChat, request: pytest.FixtureRequest) -> Chat:
    """A conversation longer than the page, and the page at its beginning."""
    chat = open_chat(width=request.param)
    chat.ask(f"echo {LINES}")
    chat.page.wait_for_function(END)
    chat.page.evaluate(f"{TOP} = 0")
    return chat


def test_sent_message_is_in_view(long_chat: Chat) -> None:
    expect(long_chat.typed.first).to_be_in_viewport()

    long_chat.ask("echo seen")

    expect(long_chat.typed.last).to_be_in_viewport()
    expect(long_chat.said.last).to_be_in_viewport()
    long_chat.page.wait_for_function(END)


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
