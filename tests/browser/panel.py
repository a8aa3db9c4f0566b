"""The panel beside the messages as a person uses it."""

from dataclasses import dataclass

from playwright.sync_api import Locator, expect

from tests.browser.chat import Chat
from ui.language import texts


@dataclass(frozen=True)
class Panel:
    """A handle on the panel of one tab."""

    chat: Chat

    @property
    def here(self) -> Locator:
        return self.chat.panel

    @property
    def rows(self) -> Locator:
        return self.here.locator("li.step")

    @property
    def times(self) -> Locator:
        return self.here.locator("ul.stays")

    @property
    def diagram(self) -> Locator:
        """The diagram that is in view: others may still or already be there."""
        return self.here.locator(".st-key-panel-route img").filter(visible=True)

    def row(self, text: str) -> Locator:
        return self.rows.filter(has_text=text)

    def part(self, name: str) -> None:
        self.here.locator(".st-key-panel-part").get_by_text(texts.PANEL_PARTS[name]).click()

    def close(self) -> None:
        self.here.get_by_role("button", name=texts.CLOSE_PANEL).click()
        expect(self.here.filter(visible=True)).to_have_count(0)  # and remembered so

    def show_how(self, answer: int) -> None:
        """Open the exchange of an answer by the button beneath it."""
        self.chat.page.locator("[class*='st-key-how-'] button").nth(answer).click()
        expect(self.here).to_be_visible()

    def expect_state(self, state: str) -> None:
        expect(self.chat.state).to_have_text(state, timeout=30_000)
