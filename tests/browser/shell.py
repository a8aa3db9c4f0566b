"""The shell's page as a person uses it."""

from typing import Final

from playwright.sync_api import Locator, Page, WebSocket, expect

from ui.language import texts

HOSTILE: Final = "\"'<script>window.broken = 1</script>--> </title>\r\n\tאבג 😀 `$x$` \\n"
LONG: Final = "All of it. " * 100_000


class Shell:
    """One tab at the shell's page."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.received = 0
        page.on("websocket", self._listen)
        page.goto(url)
        expect(self.input).to_be_enabled()

    @property
    def input(self) -> Locator:
        return self.page.get_by_test_id("stChatInputTextArea")

    @property
    def live(self) -> Locator:
        return self.page.locator("#parley-live")

    @property
    def keys(self) -> Locator:
        return self.page.locator("#parley-keys")

    def copy_button(self, key: str) -> Locator:
        return self.page.locator(f"[data-key='{key}']")

    def copied(self) -> str:
        return str(self.page.evaluate("navigator.clipboard.readText()"))

    def again(self) -> None:
        """Have the script run once more."""
        runs = self.page.get_by_text("runs: ")
        before = int(runs.inner_text().split()[1])
        self.page.get_by_role("button", name="Again").dispatch_event("click")
        expect(runs).to_have_text(f"runs: {before + 1}")

    def tell(self, said: str, *, thread: str) -> None:
        """Have the page tell of an exchange, and wait until it is drawn."""
        field = self.page.get_by_label("Told", exact=True)
        field.fill(f"{thread}|{said}")
        field.press("Enter")
        words = texts.SAID_WRITING if said == "…" else said
        expect(self.page.locator("#parley-shell")).to_contain_text(words)

    def leave_fields(self) -> None:
        self.page.evaluate("document.activeElement.blur()")

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._count)

    def _count(self, frame: str | bytes) -> None:
        self.received += len(frame)
