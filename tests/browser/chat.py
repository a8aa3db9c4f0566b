"""The chat page as a person uses it: a handle on one browser tab."""

import re
from pathlib import Path
from typing import Final

from playwright.sync_api import Locator, Page, expect

from ui.language import texts

SCREENSHOTS: Final = Path(__file__).parent / "screenshots"
STORY: Final = "Tell me a long story"

_NEWEST: Final = re.compile(r"actions-newest-(run_\w{24})")
_WORDS: Final = "[data-testid=stMarkdown]:not(:has([data-testid=stCaptionContainer]))"
_THREAD: Final = re.compile(r"thread=(thread_\w{24})$")


class Chat:
    """One tab at the chat page."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        page.goto(url)
        expect(self.input).to_be_enabled(timeout=30_000)

    @property
    def input(self) -> Locator:
        return self.page.get_by_test_id("stChatInputTextArea")

    @property
    def stop(self) -> Locator:
        return self.page.locator(".st-key-stop button")

    @property
    def state(self) -> Locator:
        """The state of the exchange that the panel shows."""
        return self.panel.locator(".stMarkdownBadge")

    @property
    def steps(self) -> Locator:
        return self.panel.locator(".st-key-panel-steps")

    @property
    def panel(self) -> Locator:
        return self.page.locator(".st-key-panel")

    @property
    def row(self) -> Locator:
        """What stands under the newest answer."""
        return self.page.locator("[class*='st-key-actions-newest-']")

    @property
    def queued(self) -> Locator:
        """The messages that wait."""
        return self.page.locator("[class*='st-key-queued-']")

    @property
    def system(self) -> Locator:
        return self.messages(texts.SYSTEM)

    @property
    def answers(self) -> Locator:
        return self.messages("assistant")

    @property
    def typed(self) -> Locator:
        """The words of people's messages, without what stands under them."""
        return self.messages("user").get_by_test_id("stText")

    @property
    def said(self) -> Locator:
        """The words of answers, without remarks and what stands under them."""
        return self.answers.locator(_WORDS)

    @property
    def thread_id(self) -> str:
        expect(self.page).to_have_url(_THREAD)
        found = _THREAD.search(self.page.url)
        assert found
        return found[1]

    def example(self, prompt: str) -> Locator:
        """A suggestion on the empty page; the list may have a conversation of that name."""
        return self.page.get_by_test_id("stMainBlockContainer").get_by_role("button", name=prompt)

    def messages(self, author: str) -> Locator:
        return self.page.get_by_label(f"Chat message from {author}", exact=True)

    def show_steps(self) -> None:
        """Open the panel, unless it is: the server remembers it for all."""
        if not self.panel.is_visible():
            self.page.locator(".st-key-panel-switch").get_by_text(texts.LIVE_STEPS).click()
        expect(self.panel).to_be_visible()

    def open_settings(self) -> None:
        """Open what can be chosen in the sidebar."""
        settings = self.page.locator(".st-key-settings")
        if not settings.locator("details[open]").count():
            settings.locator("summary").click()
        expect(settings.locator("details[open]")).to_be_visible()

    def choose(self, provider: str) -> None:
        """Let somebody else answer."""
        self.open_settings()
        button = self.page.get_by_role("button", name=provider, exact=True)
        button.click()
        expect(button).to_have_attribute("kind", "primary")

    def send(self, text: str) -> None:
        expect(self.input).to_be_enabled()
        self.input.fill(text)
        self.input.press("Enter")

    def ask(self, text: str) -> None:
        """Send a message and wait for the end of its exchange."""
        before = self.newest()
        self.send(text)
        expect(self.messages("user").filter(has_text=text)).to_have_count(1)
        self.expect_other_than(before)

    def newest(self) -> str | None:
        """Return the newest exchange, by the row under its answer; None while it goes on."""
        if not self.row.count():
            return None
        found = _NEWEST.search(self.row.get_attribute("class") or "")
        return found[1] if found else None

    def expect_other_than(self, run_id: str | None) -> None:
        """Wait until the newest exchange has ended and is another one."""
        other = rf"actions-newest-(?!{run_id}\b)run_" if run_id else "actions-newest-run_"
        expect(self.row).to_have_class(re.compile(other), timeout=30_000)
        self.expect_idle()

    def press(self, label: str) -> None:
        """Press a button beneath the newest answer."""
        self.row.get_by_role("button", name=label, exact=True).click()

    def expect_idle(self) -> None:
        expect(self.input).to_be_enabled(timeout=30_000)
        expect(self.stop).to_have_count(0, timeout=30_000)

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
