"""The chat's keys, its copy buttons, and what it tells a screen reader."""

import re
from typing import Final

import pytest
from playwright.sync_api import expect

from tests.browser.chat import STORY, Chat
from tests.browser.conftest import OpenChat
from ui.language import texts

LISTEN: Final = """() => {
  window.heard = [];
  const live = document.getElementById("parley-live");
  new MutationObserver(() => live.textContent && heard.push(live.textContent))
    .observe(live, { childList: true });
}"""
LONG_WORD: Final = "Donaudampfschifffahrt" * 30
HEBREW: Final = "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd 5"


def heard(chat: Chat) -> list[str]:
    found: list[str] = chat.page.evaluate("window.heard")
    return found


# Keys


def test_shift_enter_makes_a_line_and_enter_sends(chat: Chat) -> None:
    chat.input.click()
    chat.page.keyboard.type("echo one")
    chat.page.keyboard.press("Shift+Enter")
    chat.page.keyboard.type("two")
    expect(chat.input).to_have_value("echo one\ntwo")
    chat.page.keyboard.press("Enter")

    expect(chat.messages("user")).to_have_count(1)
    expect(chat.messages("user")).to_contain_text("echo one\ntwo")


def test_arrow_up_edits_what_was_said_last(chat: Chat) -> None:
    chat.ask("echo first")
    chat.ask("echo second")
    chat.input.click()
    chat.page.keyboard.press("ArrowUp")

    form = chat.page.locator("[class*='st-key-draft-'] textarea")
    expect(form).to_have_value("echo second")
    expect(form).to_be_focused()
    chat.page.keyboard.press("Escape")
    expect(form).to_have_count(0)
    expect(chat.input).to_be_focused()


def test_form_that_opens_is_in_view(chat: Chat) -> None:
    chat.ask("Show me Markdown")
    chat.ask("Show me Markdown")
    chat.messages("user").first.hover()
    chat.page.locator("[class*='st-key-edit-'] button").first.click()

    form = chat.page.locator("[class*='st-key-draft-'] textarea")
    expect(form).to_be_focused()
    expect(form).to_be_in_viewport()


def test_escape_stops_an_answer(chat: Chat) -> None:
    chat.send(STORY)
    chat.expect_writing()
    chat.page.keyboard.press("Escape")

    expect(chat.answers.last).to_contain_text(texts.STOPPED)
    chat.expect_idle()


def test_list_of_keys_opens_while_an_answer_is_written(chat: Chat) -> None:
    chat.send(STORY)
    chat.expect_writing()
    chat.page.keyboard.press("Control+/")
    keys = chat.page.get_by_role("dialog", name=texts.KEYS_TITLE)
    expect(keys).to_be_visible()
    chat.page.keyboard.press("Escape")

    expect(keys).to_have_count(0)
    expect(chat.stop).to_be_visible()
    chat.expect_writing(words=60)
    chat.page.keyboard.press("Escape")
    chat.expect_idle()


def test_new_conversation_has_the_cursor_in_its_field(chat: Chat) -> None:
    chat.ask("echo old")
    chat.page.evaluate("document.activeElement.blur()")
    chat.page.keyboard.press("Control+Shift+O")

    expect(chat.page.get_by_text(texts.WELCOME)).to_be_visible()
    expect(chat.input).to_be_focused()


def test_search_field_is_a_key_away(chat: Chat) -> None:
    chat.page.evaluate("document.activeElement.blur()")
    chat.page.keyboard.press("/")

    expect(chat.page.locator(".st-key-search input")).to_be_focused()


def test_search_opens_a_closed_sidebar(open_chat: OpenChat) -> None:
    chat = open_chat(width=390)
    chat.page.evaluate("document.activeElement.blur()")
    chat.page.keyboard.press("Control+k")

    expect(chat.page.locator(".st-key-search input")).to_be_focused()


# Copying


def test_answer_and_question_are_copied_as_they_were_written(chat: Chat) -> None:
    chat.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    chat.ask("Show me Markdown")
    chat.row.get_by_role("button", name=texts.COPY, exact=True).click()
    expect(chat.page.locator("#parley-live")).to_have_text(texts.COPIED)
    assert "**bold**" in chat.page.evaluate("navigator.clipboard.readText()")

    question = chat.messages("user")
    question.hover()
    question.get_by_role("button", name=texts.COPY, exact=True).click()
    expect(question.locator("[data-said]")).to_have_count(1)
    assert chat.page.evaluate("navigator.clipboard.readText()") == "Show me Markdown"


# Screen readers


def test_answer_is_announced_when_it_begins_and_ends(chat: Chat) -> None:
    chat.page.evaluate(LISTEN)
    live = chat.page.locator("#parley-live")
    for asked, told in (
        ("echo **five** apples", "five apples"),
        ("fail", "The demo provider has failed"),
        ("count to 30", "Answer complete: 1"),
    ):
        chat.ask(asked)
        expect(live).to_contain_text(told)

    said = heard(chat)
    answer, failure, count = [text for text in said if text != texts.SAID_WRITING]
    assert said[0] == texts.SAID_WRITING
    assert answer.startswith("Answer complete: ")
    assert answer.endswith("five apples")
    assert failure.startswith("The demo provider has failed")
    assert count.startswith("Answer complete: 1")
    assert len(said) <= 6


def test_stop_is_announced(chat: Chat) -> None:
    chat.send(STORY)
    chat.expect_writing()
    chat.stop.click()

    expect(chat.page.locator("#parley-live")).to_have_text(texts.SAID_STOPPED)


def test_conversation_that_is_looked_at_is_not_announced(chat: Chat) -> None:
    chat.ask("echo once")
    chat.page.reload()
    expect(chat.answers).to_contain_text("once")

    expect(chat.page.locator("#parley-live")).to_have_text("")


# Looks


@pytest.mark.parametrize("width", [390, 1280, 2560])
def test_nothing_is_wider_than_the_page(open_chat: OpenChat, width: int) -> None:
    chat = open_chat(width=width)
    chat.ask("Show me Markdown")
    chat.ask(f"echo {LONG_WORD}")

    wider = "(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector("
    wider += "'.stMain'))"
    assert chat.page.evaluate(wider) <= 0
    text = chat.answers.last.bounding_box()
    assert text
    assert text["width"] <= 50 * 16


def test_text_from_right_to_left_begins_at_the_right(chat: Chat) -> None:
    chat.ask(f"echo {HEBREW}")

    for said in (
        chat.messages("user").last.get_by_test_id("stText"),
        chat.answers.last.locator("p").first,
        chat.input,
    ):
        expect(said).to_have_css("unicode-bidi", "plaintext")


def test_what_can_be_done_shows_when_pointed_at(chat: Chat) -> None:
    chat.ask("echo older")
    chat.ask("echo newer")
    older = chat.messages("user").first.locator(".parley-copy")
    chat.input.hover()
    expect(older).to_have_css("opacity", "0")
    expect(chat.row.locator(".parley-copy")).to_have_css("opacity", "1")

    chat.messages("user").first.hover()

    expect(older).to_have_css("opacity", "1")


@pytest.mark.parametrize("dark", [False, True])
def test_popover_has_the_colours_of_its_page(open_chat: OpenChat, dark: bool) -> None:
    chat = open_chat(dark=dark)
    chat.ask("echo one")
    chat.press(texts.RATE["up"])
    chat.press(texts.COMMENT)
    field = chat.page.get_by_label(texts.COMMENT_WHAT)
    field.click()

    frame = chat.page.get_by_test_id("stTextAreaRootElement").filter(has=field)
    colour = "rgb(124, 196, 232)" if dark else "rgb(11, 95, 138)"
    expect(frame).to_have_css("outline-color", colour)


def test_nothing_moves_for_those_who_asked_for_it(chat: Chat) -> None:
    chat.page.emulate_media(reduced_motion="reduce")
    chat.ask("echo still")

    moving = """() => [...document.querySelectorAll("*")].filter((one) => {
        const style = getComputedStyle(one);
        return [style.transitionDuration, style.animationDuration]
          .some((times) => times.split(",").some((time) => parseFloat(time) > 0.01));
    }).length"""
    assert chat.page.evaluate(moving) == 0


def test_streamlit_keeps_to_itself(chat: Chat) -> None:
    chat.ask("echo plain")

    expect(chat.page).to_have_title("Parley")
    expect(chat.page.locator("link[rel~=icon]").first).to_have_attribute(
        "href", re.compile(r"\.svg|data:image/svg")
    )
    for name in ("stMainMenu", "stAppDeployButton", "stStatusWidget", "stDecoration"):
        expect(chat.page.get_by_test_id(name).filter(visible=True)).to_have_count(0)
