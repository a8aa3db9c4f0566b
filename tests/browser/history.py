"""The history page as a person uses it: a handle on one browser tab."""

import re
from contextlib import suppress

from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.browser.chat import SCREENSHOTS


class History:
    """One tab at the history page."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        page.goto(url)

    def grid(self, name: str) -> FrameLocator:
        """Return a grid by the beginning of its key: threads, runs, steps."""
        frame = self.page.locator(f"[class*='st-key-{name}-'] iframe")
        return frame.first.content_frame

    def row(self, name: str, number: int) -> Locator:
        return self.grid(name).locator(f".ag-center-cols-container .ag-row[row-index='{number}']")

    def choose(self, name: str, number: int) -> None:
        """Click a row; while a grid is still being drawn a click can be lost: click again."""
        row, chosen = self.row(name, number), re.compile("ag-row-selected")
        for _ in range(3):
            row.locator(".ag-cell").first.click()
            with suppress(AssertionError):
                expect(row).to_have_class(chosen, timeout=4_000)
                return
        expect(row).to_have_class(chosen)

    def cells(self, name: str, column: str) -> Locator:
        return self.grid(name).locator(f".ag-row .ag-cell[col-id='{column}']")

    def count(self, said: str) -> Locator:
        return self.page.get_by_text(said, exact=True)

    def part(self, label: str) -> None:
        self.page.locator(".st-key-part").get_by_text(label, exact=True).click()

    def view(self, label: str) -> None:
        self.page.locator(".st-key-view").get_by_text(label, exact=True).click()

    def search(self, text: str) -> None:
        box = self.page.locator(".st-key-q input")
        box.fill(text)
        box.press("Enter")

    def shoot(self, name: str) -> None:
        SCREENSHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"history-{name}.png")
