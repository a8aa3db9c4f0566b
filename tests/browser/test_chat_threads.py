"""The list of conversations, its menus and the settings, as a person uses them."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, expect

from conversation.ids import new_id
from conversation.records import Assistant
from tests.browser.chat import STORY, Chat
from tests.browser.conftest import OpenChat
from tests.browser.server import ChatServer
from ui.language import texts


def row(chat: Chat, title: str) -> Locator:
    """Return a conversation's row; Streamlit keeps hidden ones until a run of the script ends."""
    rows = chat.page.locator("[class*='st-key-open-thread_'] button")
    return rows.filter(has_text=title, visible=True)


def pick(chat: Chat, action: str) -> None:
    """Pick an action in the menu of the conversation that is shown."""
    chat.page.locator(".st-key-thread-menu button").click()
    chat.page.get_by_role("menuitem", name=action).click()


def header(chat: Chat) -> Locator:
    return chat.page.locator(".st-key-thread-header")


@pytest.fixture
def mark() -> str:
    """Return a word of this try alone: what an earlier one left behind is in the list, too."""
    return uuid4().hex[:8]


def test_click_in_the_list_shows_a_conversation(chat: Chat, mark: str) -> None:
    chat.ask(f"echo {mark} listed first")
    first = chat.page.url
    chat.page.keyboard.press("Control+Shift+O")
    expect(chat.page.get_by_text(texts.WELCOME)).to_be_visible()
    chat.ask(f"echo {mark} listed second")
    expect(row(chat, f"{mark} listed second")).to_have_attribute("aria-current", "page")

    row(chat, f"{mark} listed first").click()

    expect(chat.page).to_have_url(first)
    expect(header(chat)).to_contain_text(f"echo {mark} listed first")
    expect(row(chat, f"{mark} listed second")).not_to_have_attribute("aria-current", "page")


def test_list_makes_way_on_a_small_screen(open_chat: OpenChat, mark: str) -> None:
    chat = open_chat(width=390, height=844)
    chat.ask(f"echo {mark} on a phone")
    sidebar = chat.page.get_by_test_id("stExpandSidebarButton")
    sidebar.click()
    expect(sidebar).to_have_count(0)

    row(chat, mark).click()

    expect(sidebar).to_be_visible()


def test_renaming_works_while_an_answer_is_written(chat: Chat, mark: str) -> None:
    chat.send(STORY)
    chat.expect_writing()

    pick(chat, "Rename")
    field = chat.page.get_by_role("dialog").get_by_label(texts.RENAME_LABEL)
    field.fill(f"Renamed <b>{mark}</b>")
    field.press("Enter")

    expect(chat.page.get_by_role("dialog")).to_have_count(0)
    expect(header(chat)).to_contain_text(f"Renamed <b>{mark}</b>")
    expect(row(chat, f"Renamed <b>{mark}</b>")).to_have_count(1)
    expect(chat.stop).to_be_visible()
    chat.expect_writing(words=60)
    chat.stop.click()
    chat.expect_idle()


def test_answer_elsewhere_is_marked_until_it_ends(chat: Chat, mark: str) -> None:
    chat.ask(f"echo {mark} to look at")
    chat.page.get_by_role("button", name=texts.NEW).click()
    expect(chat.page.get_by_text(texts.WELCOME)).to_be_visible()
    chat.send(f"count to 200 elsewhere {mark}")
    expect(header(chat)).to_contain_text("count to 200")
    expect(chat.stop).to_be_visible()

    row(chat, f"{mark} to look at").click()

    busy = row(chat, f"elsewhere {mark}").get_by_test_id("stSpinnerIcon")
    expect(busy).to_be_visible()
    expect(busy).to_have_count(0, timeout=30_000)


def test_search_leaves_nothing_behind_during_an_answer(chat: Chat, mark: str) -> None:
    animal = f"zebra{mark}"
    for number in range(3):
        chat.ask(f"echo {animal} {number}")
    chat.send(STORY)
    chat.expect_writing()
    field = chat.page.get_by_label(texts.SEARCH)

    field.press_sequentially(f"{animal} 1")
    expect(chat.page.get_by_text(texts.MATCHES.format(count=2))).to_be_visible()
    expect(row(chat, animal)).to_have_count(0)
    field.fill("no such word")
    expect(chat.page.get_by_text(texts.NOTHING_FOUND)).to_be_visible()
    expect(chat.page.locator("[class*='st-key-hit-']").locator("visible=true")).to_have_count(0)
    expect(chat.stop).to_be_visible()
    chat.page.locator(".st-key-search-clear button").click()
    expect(row(chat, animal)).to_have_count(1)
    chat.stop.click()
    chat.expect_idle()


def test_assistant_and_model_can_be_typed(chat: Chat, server: ChatServer) -> None:
    assistant = Assistant(
        id=new_id("asst"),
        model="demo",
        instructions="Speak of tides.",
        created_at=datetime.now(UTC),
    )
    store = server.store()
    store.save_assistant(assistant)
    store.close()
    sidebar = chat.page.get_by_test_id("stSidebar")
    chat.page.locator(".st-key-settings summary").click()

    def enter(key: str, text: str) -> None:
        field = chat.page.locator(f".st-key-{key} input")
        field.fill(text)
        field.press("Enter")

    unknown = new_id("asst")
    enter("assistant", unknown)
    expect(sidebar).to_contain_text(f"no assistant '{unknown}'")
    enter("assistant", assistant.id)
    expect(sidebar.get_by_test_id("stAlert")).to_have_count(0)
    enter("model", "demo-of-mine")
    expect(sidebar).to_contain_text("Demo · demo-of-mine")

    chat.ask("Repeat your instructions")

    expect(chat.answers).to_contain_text("Speak of tides.")
