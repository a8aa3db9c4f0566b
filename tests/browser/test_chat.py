"""The chat page in a real browser: an exchange, and all who look at it."""

import re

import pytest
from playwright.sync_api import expect

from conversation.ids import new_id
from tests.browser.chat import STORY, Chat, words
from tests.browser.conftest import OpenChat
from tests.browser.server import ChatServer
from ui.language import texts

WIDTHS = pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])


def stored_texts(server: ChatServer, thread_id: str) -> list[str]:
    """Return a thread's messages as the log has them."""
    store = server.store()
    try:
        return [words(message.text) for message in store.messages(thread_id)]
    finally:
        store.close()


def test_first_run_shows_two_system_messages(chat: Chat) -> None:
    expect(chat.page).to_have_title(texts.TITLE)
    chat.open_settings()
    expect(chat.page.locator(".st-key-provider-openai button")).to_be_disabled()
    expect(chat.page.get_by_test_id("stSidebar")).to_contain_text("OPENAI_API_KEY")
    chat.show_steps()

    chat.example("Should I buy Apple?").click()

    expect(chat.state).to_have_text("completed")
    expect(chat.system).to_have_count(2)
    expect(chat.system.nth(0)).to_contain_text('get_stock_price(symbol="AAPL")')
    expect(chat.system.nth(1)).to_contain_text("buy_or_sell(")
    expect(chat.answers).to_have_count(1)
    expect(chat.answers).to_contain_text("227.50 USD")
    expect(chat.steps).to_contain_text("The model asks for get_stock_price")
    chat.system.nth(0).locator("summary").click()
    expect(chat.system.nth(0).get_by_test_id("stCode").nth(1)).to_contain_text('"price": 227.5')


def test_double_click_begins_one_conversation(chat: Chat) -> None:
    chat.show_steps()
    chat.example("Compare Microsoft and Nvidia").dblclick()

    expect(chat.state).to_have_text("completed")
    expect(chat.messages("user")).to_have_count(1)
    expect(chat.page.get_by_text(texts.NOT_SENT)).to_have_count(0)
    assert chat.thread_id


def test_empty_message_is_not_sent(chat: Chat) -> None:
    chat.input.fill("   ")
    chat.input.press("Enter")
    chat.ask("echo after nothing")

    expect(chat.messages("user")).to_have_count(1)


def test_typed_text_is_shown_as_typed(chat: Chat) -> None:
    typed = "echo *a* :red[b] $x$ <b>c</b> ![d](http://127.0.0.1:9/e.png)"

    chat.ask(typed)

    expect(chat.typed).to_have_text(typed)
    expect(chat.answers).to_contain_text(":red[b] $x$ <b>c</b> d")
    expect(chat.page.get_by_test_id("stChatMessage").locator("img")).to_have_count(0)


@pytest.mark.parametrize("by", ["button", "escape"])
def test_stop_keeps_what_had_arrived(chat: Chat, server: ChatServer, by: str) -> None:
    chat.show_steps()
    chat.send(STORY)
    chat.expect_writing()

    if by == "button":
        chat.stop.click()
    else:
        chat.page.keyboard.press("Escape")

    expect(chat.answers).to_contain_text(texts.STOPPED)
    expect(chat.state).to_have_text("cancelled")
    chat.expect_idle()
    assert stored_texts(server, chat.thread_id)[1] == chat.answer()
    chat.ask("echo onward")
    expect(chat.answers).to_have_count(2)


def test_reload_loses_and_doubles_nothing(chat: Chat, server: ChatServer) -> None:
    chat.send(STORY)
    chat.expect_writing()

    chat.page.reload()
    chat.expect_writing(60)
    expect(chat.answers).to_have_count(1)
    chat.expect_idle()

    assert stored_texts(server, chat.thread_id) == [STORY, chat.answer()]
    expect(chat.answers).to_have_count(1)
    expect(chat.messages("user")).to_have_count(1)


def test_lost_connection_is_taken_up(chat: Chat, server: ChatServer) -> None:
    chat.send("count to 150")
    chat.expect_writing()

    chat.page.context.set_offline(True)
    chat.page.evaluate("window.dispatchEvent(new Event('offline'))")
    chat.page.context.set_offline(False)

    expect(chat.answers).to_contain_text("150.")
    chat.expect_idle()
    assert stored_texts(server, chat.thread_id)[1] == chat.answer()


def test_second_tab_follows(chat: Chat, open_chat: OpenChat) -> None:
    chat.ask("echo one")
    second = open_chat(chat.page.url)
    expect(second.said).to_have_text("one")

    chat.send("count to 2000")

    second.expect_writing()
    second.stop.click()
    expect(chat.answers.last).to_contain_text(texts.STOPPED)
    expect(second.answers.last).to_contain_text(texts.STOPPED)
    chat.expect_idle()
    second.expect_idle()
    assert chat.answer() == second.answer()


def test_browsers_never_share_a_conversation(chat: Chat, open_chat: OpenChat) -> None:
    other = open_chat()

    chat.ask("echo mine")
    other.ask("echo theirs")

    assert chat.thread_id != other.thread_id
    expect(chat.said).to_have_text("mine")
    expect(other.said).to_have_text("theirs")


def test_back_returns_to_the_conversation_before(chat: Chat) -> None:
    chat.ask("echo first")
    chat.page.get_by_role("button", name=texts.NEW).click()
    expect(chat.page.get_by_text(texts.WELCOME)).to_be_visible()
    expect(chat.messages("user")).to_have_count(0)
    chat.ask("echo second")

    chat.page.go_back()
    expect(chat.page.get_by_text(texts.WELCOME)).to_be_visible()
    chat.page.go_back()

    expect(chat.said).to_have_text("first")


def test_other_conversations_leave_nothing_behind(chat: Chat) -> None:
    for number in range(3):
        chat.ask(f"echo {number}")
    first = chat.page.url
    chat.page.get_by_role("button", name=texts.NEW).click()
    expect(chat.page.get_by_text(texts.WELCOME)).to_be_visible()
    chat.send(STORY)
    chat.expect_writing()

    chat.page.go_back()
    expect(chat.page.get_by_text(texts.WELCOME)).to_be_visible()
    chat.page.go_back()
    expect(chat.page).to_have_url(first)
    expect(chat.messages("user")).to_have_count(3)
    chat.page.go_forward()
    expect(chat.page.get_by_text(texts.WELCOME)).to_be_visible()
    chat.page.go_forward()

    chat.expect_writing()
    expect(chat.typed).to_have_text([STORY])
    expect(chat.answers).to_have_count(1)


def test_unknown_address_begins_anew(open_chat: OpenChat, server: ChatServer) -> None:
    chat = open_chat(f"{server.url}/?thread={new_id('thread')}")

    expect(chat.page.get_by_text(texts.UNKNOWN_CONVERSATION)).to_be_visible()
    expect(chat.page).not_to_have_url(re.compile("thread="))
    chat.ask("echo anew")
    expect(chat.page.get_by_text(texts.UNKNOWN_CONVERSATION)).to_have_count(0)


@WIDTHS
@pytest.mark.parametrize("dark", [False, True])
def test_page_fits_its_window(open_chat: OpenChat, width: int, height: int, dark: bool) -> None:
    chat = open_chat(width=width, height=height, dark=dark)
    name = f"{width}-{'dark' if dark else 'light'}"
    chat.shoot(f"empty-{name}")
    chat.ask("Should I buy Apple?")
    chat.shoot(f"finished-{name}")
    chat.ask("Show me Markdown")
    chat.ask("echo " + "long" * 200)
    chat.ask("fail")
    chat.shoot(f"failed-{name}")

    fits = "document.documentElement.scrollWidth <= window.innerWidth"
    assert chat.page.evaluate(fits)
    inner = chat.page.get_by_test_id("stMainBlockContainer")
    assert inner.evaluate("e => e.scrollWidth <= e.clientWidth")
    background = chat.page.get_by_test_id("stApp").evaluate(
        "e => getComputedStyle(e).backgroundColor"
    )
    assert background == ("rgb(18, 24, 23)" if dark else "rgb(255, 255, 255)")
