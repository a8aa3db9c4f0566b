"""The chat page as a person uses it: a handle on one browser tab."""

import re
from pathlib import Path
from typing import Final

from playwright.sync_api import Locator, Page, expect

from ui import texts

SCREENSHOTS: Final = Path(__file__).parent / "screenshots"
STORY: Final = "Tell me a long story"

_THREAD: Final = re.compile(r"thread=(thread_\w{24})$")


class Chat:
    """One tab at the chat page."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        page.goto(url)
        self.expect_idle()

    @property
    def input(self) -> Locator:
        return self.page.get_by_test_id("stChatInputTextArea")

    @property
    def stop(self) -> Locator:
        return self.page.locator(".st-key-stop button")

    @property
    def state(self) -> Locator:
        """The state of the last exchange, in the sidebar."""
        return self.page.get_by_test_id("stSidebar").locator(".stMarkdownBadge")

    @property
    def steps(self) -> Locator:
        return self.page.locator(".st-key-steps")

    @property
    def system(self) -> Locator:
        return self.messages(texts.SYSTEM)

    @property
    def answers(self) -> Locator:
        return self.messages("assistant")

    @property
    def thread_id(self) -> str:
        expect(self.page).to_have_url(_THREAD)
        found = _THREAD.search(self.page.url)
        assert found
        return found[1]

    def messages(self, author: str) -> Locator:
        return self.page.get_by_label(f"Chat message from {author}", exact=True)

    def send(self, text: str) -> None:
        expect(self.input).to_be_enabled()
        self.input.fill(text)
        self.input.press("Enter")

    def ask(self, text: str) -> None:
        """Send a message and wait for the end of its exchange."""
        self.send(text)
        expect(self.messages("user").filter(has_text=text)).to_have_count(1)
        self.expect_idle()

    def expect_idle(self) -> None:
        expect(self.input).to_be_enabled(timeout=30_000)
        expect(self.stop).to_have_count(0)

    def expect_writing(self, words: int = 20) -> None:
        """Wait until an answer of at least so many words is under way."""
        expect(self.answers.last).to_have_text(re.compile(rf"(\S+\s+){{{words}}}"))
        expect(self.stop).to_be_visible()

    def answer(self) -> str:
        """Return the newest answer's words."""
        return words(self.answers.last.get_by_test_id("stMarkdown").first.inner_text())

    def shoot(self, name: str) -> None:
        SCREENSHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")


def words(text: str) -> str:
    """Return a text without its layout."""
    return " ".join(re.sub(r"[*_#`]", "", text).split())
