"""The chat page in a browser that speaks German."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from playwright.sync_api import TimeoutError as TooLong

from tests.browser.chat import Chat
from tests.browser.server import ChatServer
from tests.unit.test_texts import TWINS
from ui.texts.english import English
from ui.texts.english_history import EnglishHistory
from ui.texts.german import German

ENGLISH = {
    text
    for english, german in TWINS
    for name, text in english.items()
    if "{" not in text and text not in german.values()
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ChatServer]:
    """A server of this test alone, since it keeps what is chosen."""
    with ChatServer(tmp_path, script="app.py") as server:
        yield server
        assert "Traceback" not in "".join(server.log)


@pytest.fixture(params=[(1280, 900, True), (390, 844, False)], ids=["wide", "narrow"])
def chat(browser: Browser, server: ChatServer, request: pytest.FixtureRequest) -> Iterator[Chat]:
    width, height, dark = request.param
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        locale="de-DE",
    )
    yield Chat(context.new_page(), server.url)
    context.close()


def look(chat: Chat, name: str) -> None:
    """Hold that nothing on the page is English, and nothing wider than it."""
    chat.shoot(f"german-{name}-{chat.page.viewport_size['width']}")  # type: ignore[index]
    lines = {line.strip() for line in chat.page.locator("body").inner_text().split("\n")}

    assert lines & ENGLISH == set()
    assert chat.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_chat_speaks_german(chat: Chat) -> None:
    expect(chat.page.get_by_text(German.WELCOME)).to_be_visible()
    look(chat, "welcome")

    chat.ask("Soll ich Apple kaufen?")
    chat.ask("fail")
    look(chat, "exchange")

    chat.page.get_by_role("button", name=German.HOW).first.click()
    expect(chat.page.get_by_text("Das Modell wurde gefragt").first).to_be_visible()
    look(chat, "panel")


def test_chosen_language_is_kept(chat: Chat) -> None:
    if chat.page.viewport_size == {"width": 390, "height": 844}:
        chat.page.get_by_test_id("stExpandSidebarButton").click()
    chat.page.get_by_text(German.SETTINGS).click()
    choose(chat, English.LANGUAGE, "English")
    expect(chat.page.get_by_text(English.WELCOME)).to_be_attached()
    chat.page.reload()
    expect(chat.page.get_by_text(English.WELCOME)).to_be_attached()

    chat.page.goto(f"{chat.page.url.rstrip('/')}/history")
    expect(chat.page).to_have_title(EnglishHistory.TITLE_TAB)


def choose(chat: Chat, label: str, language: str) -> None:
    """Choose a language; a list that opens while the page is being drawn closes: open it again."""
    box = chat.page.locator(".st-key-language").get_by_role("combobox")
    option = chat.page.get_by_role("option", name=language)
    for _ in range(4):
        box.press("ArrowDown")
        with suppress(TooLong):
            option.click(timeout=3_000)
            break
    expect(chat.page.get_by_text(label, exact=True)).to_be_attached()
