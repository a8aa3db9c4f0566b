"""What can be done with messages in a real browser, alone and with others looking on."""

import re

import pytest
from playwright.sync_api import expect

from conversation.ids import new_id
from tests.browser.chat import STORY, Chat
from tests.browser.conftest import OpenChat
from tests.browser.server import ChatServer
from ui.chat.answers import LONGEST_MESSAGE
from ui.language import texts


def test_message_can_be_edited_and_switched_back(chat: Chat) -> None:
    chat.ask("echo one")
    chat.ask("echo two")
    chat.messages("user").first.hover()
    chat.messages("user").first.get_by_role("button", name=texts.EDIT).click()
    field = chat.messages("user").first.get_by_role("textbox")
    field.fill("echo three")

    chat.page.get_by_role("button", name=texts.SEND, exact=True).click()

    expect(chat.messages("user")).to_contain_text(["echo three"])
    expect(chat.answers).to_have_count(1)
    expect(chat.answers).to_contain_text("three")
    chat.messages("user").first.get_by_role("button", name=texts.VARIANT_BEFORE).click()
    expect(chat.answers).to_have_count(2)
    expect(chat.answers.last).to_contain_text("two")


def test_escape_leaves_a_message_as_it_was(chat: Chat) -> None:
    chat.ask("echo one")
    chat.input.press("ArrowUp")
    field = chat.messages("user").get_by_role("textbox")
    field.fill("something else")

    field.press("Escape")

    expect(field).to_have_count(0)
    expect(chat.messages("user")).to_contain_text("echo one")
    expect(chat.answers).to_have_count(1)


def test_what_comes_later_leaves_at_once(chat: Chat) -> None:
    chat.ask(STORY)
    for number in range(2):
        chat.ask(f"echo {number}")
    chat.answers.first.hover()

    chat.answers.first.get_by_role("button", name=texts.REGENERATE).click()

    expect(chat.stop).to_be_visible()
    expect(chat.messages("user")).to_have_count(1)
    expect(chat.answers).to_have_count(1)
    chat.expect_idle()
    expect(chat.row).to_contain_text("2/2")


def test_stopped_answer_goes_on_in_its_bubble(chat: Chat) -> None:
    chat.send(STORY)
    chat.expect_writing()
    chat.stop.click()
    expect(chat.answers).to_contain_text(texts.STOPPED)

    chat.page.get_by_role("button", name=texts.CONTINUE, exact=True).click()

    expect(chat.answers).not_to_contain_text(texts.STOPPED)
    expect(chat.page.get_by_role("button", name=texts.RETRY, exact=True)).to_have_count(0)
    expect(chat.row).to_be_visible(timeout=30_000)
    expect(chat.answers).to_have_count(1)


def test_failure_offers_another_try(chat: Chat) -> None:
    chat.ask("fail")
    before = chat.newest()

    chat.page.get_by_role("button", name=texts.RETRY, exact=True).dblclick()

    chat.expect_other_than(before)
    expect(chat.page.get_by_test_id("stAlert")).to_have_count(1)
    expect(chat.row).to_contain_text("2/2")


def test_messages_typed_meanwhile_wait_their_turn(chat: Chat, open_chat: OpenChat) -> None:
    chat.send("count to 9000")
    chat.expect_writing()

    chat.send("echo first")
    expect(chat.queued).to_have_count(1)
    chat.send("echo second")
    chat.send("echo third")
    expect(chat.queued).to_have_count(3)
    expect(chat.queued.first).to_contain_text(texts.QUEUED)
    chat.queued.nth(1).get_by_role("button", name=texts.DISCARD).click()
    expect(chat.queued).to_have_count(2)
    second = open_chat(chat.page.url)
    expect(second.queued).to_contain_text(["echo first", "echo third"])
    chat.page.reload()
    expect(chat.queued).to_have_count(2)

    second.stop.click()

    for tab in (chat, second):
        expect(tab.answers).to_contain_text([texts.STOPPED, "first", "third"])
        expect(tab.queued).to_have_count(0)


def test_queue_behind_a_failure_waits_for_a_word(chat: Chat) -> None:
    chat.send("wait 50")
    expect(chat.stop).to_be_visible()
    chat.send("fail")
    expect(chat.queued).to_have_count(1)
    chat.send("echo after all")
    expect(chat.queued).to_have_count(2)
    chat.stop.click()
    expect(chat.page.get_by_text(texts.HELD)).to_be_visible(timeout=20_000)

    chat.queued.get_by_role("button", name=texts.SEND_NOW).click()

    expect(chat.answers.last).to_contain_text("after all")
    expect(chat.queued).to_have_count(0)


def test_thumb_and_comment_survive_a_reload(chat: Chat, server: ChatServer) -> None:
    chat.ask("echo one")
    chat.press(texts.RATE["up"])
    chat.press(texts.COMMENT)
    field = chat.page.get_by_label(texts.COMMENT_WHAT)
    field.fill("Short and true.")
    chat.page.get_by_role("button", name=texts.SAVE, exact=True).click()
    expect(chat.row.get_by_role("button", name=texts.COMMENTED)).to_be_visible()

    chat.page.reload()

    expect(chat.row.get_by_role("button", name=texts.RATED["up"])).to_be_visible()
    store = server.store()
    [run] = store.runs(chat.thread_id)
    kept = store.feedback([run.id])[run.id]
    store.close()
    assert (kept.rating, kept.comment) == ("up", "Short and true.")


def test_what_needs_the_thread_waits_for_the_answer(chat: Chat) -> None:
    chat.ask("echo one")
    chat.send("count to 2000")
    chat.expect_writing()

    expect(chat.answers.first.get_by_role("button", name=texts.REGENERATE)).to_be_disabled()
    expect(chat.messages("user").first.get_by_role("button", name=texts.EDIT)).to_be_disabled()
    expect(chat.answers.first.get_by_role("button", name=texts.RATE["up"])).to_be_enabled()
    chat.stop.click()
    expect(chat.row).to_be_visible()


def test_actions_appear_when_somebody_is_near(chat: Chat) -> None:
    chat.ask("echo one")
    chat.ask("echo two")
    again = chat.answers.first.get_by_role("button", name=texts.REGENERATE)
    near = again.locator("xpath=ancestor::*[contains(@class, 'stButton')]")
    chat.input.hover()
    expect(near).to_have_css("opacity", "0")

    chat.answers.first.hover()

    expect(near).to_have_css("opacity", "1")


def test_copied_answer_is_its_markdown(chat: Chat) -> None:
    chat.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    chat.ask("echo **bold** and `$5`")

    chat.row.locator(".parley-copy").click()

    expect(chat.row.locator("[data-said]")).to_be_visible()
    assert chat.page.evaluate("navigator.clipboard.readText()") == "**bold** and `$5`"


def test_deleted_conversation_is_left_by_all(
    chat: Chat, open_chat: OpenChat, server: ChatServer
) -> None:
    chat.ask("echo one")
    second = open_chat(chat.page.url)
    expect(second.answers).to_have_count(1)
    store = server.store()
    store.history().delete_threads([chat.thread_id])  # type: ignore[attr-defined]
    store.close()

    for tab in (chat, second):
        expect(tab.page.get_by_text(texts.CONVERSATION_GONE)).to_be_visible()
        expect(tab.messages("user")).to_have_count(0)


def test_huge_message_does_not_freeze_the_page(chat: Chat) -> None:
    chat.send("help\n" + "x " * 500_000)
    chat.expect_other_than(None)

    expect(chat.messages("user").get_by_role("button", name=texts.SHOW_ALL)).to_be_visible()
    shown = chat.messages("user").get_by_test_id("stText").inner_text()
    assert len(shown) <= LONGEST_MESSAGE
    chat.ask("echo next")
    expect(chat.answers.last).to_contain_text("next")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("costs $5 and $10, not $AAPL$", "costs $5 and $10, not $AAPL$"),
        ("| a | b |\n|---|---|\n| $1 | $2 |", "$1"),
        ("1. one\n   - two\n     ```py\n     x = '$1'\n     ```", "x = '$1'"),
        ("w" * 3000, "w" * 3000),
        ("שלום עולם", "שלום עולם"),
    ],
)
def test_answers_of_all_kinds_fit(chat: Chat, said: str, shown: str) -> None:
    chat.ask(f"echo {said}")

    expect(chat.answers).to_contain_text(shown)
    assert chat.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_only_two_tildes_strike_out(chat: Chat) -> None:
    chat.ask("echo 5~10 and 10~20, H~2~O, https://x.org/~a/~b and ~~gone~~")

    expect(chat.said).to_have_text("5~10 and 10~20, H~2~O, https://x.org/~a/~b and gone")
    expect(chat.answers.locator("del")).to_have_text("gone")
    expect(chat.answers.get_by_role("link")).to_have_attribute("href", "https://x.org/~a/~b")


def test_formulas_are_set(chat: Chat) -> None:
    chat.ask(r"echo Inline \(x^2\), and" + "\n\n" + r"\[ \sqrt{y} \]" + "\n\n$$ z_1 $$")

    expect(chat.answers.locator(".katex")).to_have_count(3)
    expect(chat.answers.locator(".katex-error")).to_have_count(0)


def test_code_cut_in_the_middle_goes_on_as_code(chat: Chat, server: ChatServer) -> None:
    lines = "\n".join(f"line_{number} = {number}" for number in range(400))
    chat.send(f"echo Look:\n```python\n{lines}\n```\nDone.")
    expect(chat.answers.get_by_test_id("stCode")).to_contain_text("line_9")
    chat.stop.click()
    expect(chat.answers).to_contain_text(texts.STOPPED)

    chat.page.get_by_role("button", name=texts.CONTINUE, exact=True).click()

    expect(chat.answers.get_by_test_id("stCode")).to_have_count(2)
    chat.expect_idle()


def test_unknown_thread_id_is_no_trouble(open_chat: OpenChat, server: ChatServer) -> None:
    chat = open_chat(f"{server.url}/?thread={new_id('thread')}")
    expect(chat.page).not_to_have_url(re.compile("thread="))


def test_nothing_said_before_stands_beneath_a_growing_answer(chat: Chat) -> None:
    chat.ask("fail")
    for number in range(9):
        chat.ask(f"echo {number}")

    chat.send("count to 9000")
    chat.expect_writing()

    expect(chat.typed).to_have_count(11)
    expect(chat.typed.last).to_have_text("count to 9000")
    expect(chat.said.last).to_be_in_viewport()
    chat.stop.click()
    chat.expect_idle()
    expect(chat.typed).to_have_count(11)
