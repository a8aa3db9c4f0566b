"""Takes the pictures of docs/images: `python -m tests.browser.pictures [name ...]`.

It serves the pages on a database of its own, talks to the demo model, and writes PNGs of few
colours. Look at what it made before you commit it.
"""

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from PIL import Image
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect, sync_playwright
from sqlalchemy import create_engine, update

from conversation.choice import Choice
from conversation.ports import Core
from setup.bootstrap import build
from setup.settings import ROOT, Settings
from storage.tables import ThreadRow
from tests.browser.chat import STORY, Chat
from tests.browser.conftest import FLAGS
from tests.browser.history import History
from tests.browser.panel import Panel
from tests.browser.server import ChatServer
from tests.contract.cores import ended
from tests.services import chromium_path
from ui.language import history_texts, texts

IMAGES: Final = ROOT / "docs" / "images"
COLOURS: Final = 256
WIDE: Final[ViewportSize] = {"width": 1440, "height": 900}
DESK: Final[ViewportSize] = {"width": 1280, "height": 800}
PHONE: Final[ViewportSize] = {"width": 390, "height": 780}

EARLIER: Final = (
    ("Compare Apple and Amazon", 40),
    ("Show me Markdown", 12),
    ("What is Tesla trading at?", 4),
    ("My name is Ada", 3),
    ("fail", 1),
    ("What is Nvidia trading at?", 1),
    ("What can you do?", 0.1),
)
"""What was asked before, and how many days ago."""


@dataclass(frozen=True)
class Studio:
    """A server with a past, and a browser to look at it."""

    server: ChatServer
    browser: Browser

    @contextmanager
    def page(self, size: ViewportSize = DESK, *, dark: bool = False) -> Iterator[Page]:
        """Open a tab of its own."""
        context = self.browser.new_context(
            viewport=size,
            color_scheme="dark" if dark else "light",
            locale="en-US",
            has_touch=size is PHONE,
            device_scale_factor=2 if size is PHONE else 1,
        )
        with closing(context):
            yield context.new_page()

    @contextmanager
    def chat(self, size: ViewportSize = DESK, *, dark: bool = False) -> Iterator[Chat]:
        """Open the chat page; the panel is as it was left."""
        with self.page(size, dark=dark) as page:
            yield Chat(page, self.server.url)


def shoot(page: Page, name: str, *, of: Locator | None = None) -> None:
    """Write a picture of what is in view, or of a part of it."""
    page.mouse.move(0, 0)
    page.wait_for_timeout(1_200)  # for what fades in and out
    taken = Image.open(io.BytesIO((of or page).screenshot())).convert("RGB")
    few = taken.quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(IMAGES / f"{name}.png", optimize=True)


def take_chat(studio: Studio) -> None:
    """A conversation with the steps of its newest exchange, light and dark."""
    for name, dark in (("chat", False), ("chat-dark", True)):
        with studio.chat(WIDE, dark=dark) as chat:
            open_row(chat, "Should I buy Apple?")
            chat.show_steps()
            expect(chat.state).to_have_text("completed")
            shoot(chat.page, name)
            Panel(chat).close()


def take_messages(studio: Studio) -> None:
    """An answer in its second version, with an opinion, and one that broke off."""
    with studio.chat() as chat:
        chat.ask("What is Microsoft trading at?")
        chat.press(texts.REGENERATE)
        expect(chat.row).to_contain_text("2/2")
        chat.expect_idle()
        chat.press(texts.RATE["up"])
        expect(chat.row.locator("[class*='st-key-rated-up-']")).to_be_visible()
        chat.ask("break off")
        shoot(chat.page, "chat-messages")


def take_queue(studio: Studio) -> None:
    """An answer that is written, and two messages that wait for it."""
    with studio.chat() as chat:
        chat.send(STORY)
        chat.expect_writing()
        for text in ("Compare Microsoft and Nvidia", "Thank you"):
            chat.send(text)
        expect(chat.queued).to_have_count(2)
        shoot(chat.page, "chat-queue")
        chat.stop.click()


def take_panel(studio: Studio) -> None:
    """The way of an exchange through the script, and a request as it went out."""
    with studio.chat() as chat:
        open_row(chat, "Should I buy Apple?")
        chat.show_steps()
        panel = Panel(chat)
        panel.part("script")
        expect(panel.diagram).to_be_visible()
        shoot(chat.page, "panel-script", of=panel.here)
        panel.part("requests")
        panel.here.get_by_role("button", name=texts.REQUEST.format(number=2, attempt=1)).click()
        expect(panel.here.locator(".stCode").first).to_be_visible()
        shoot(chat.page, "panel-requests", of=panel.here)
        panel.close()


def take_search(studio: Studio) -> None:
    """What a search finds, in the place of the list."""
    with studio.chat() as chat:
        open_row(chat, "Compare Apple and Amazon")
        chat.page.get_by_label(texts.SEARCH).press_sequentially("trading")
        expect(chat.page.locator(".st-key-search-head")).to_be_visible()
        chat.page.get_by_label(texts.SEARCH).blur()
        shoot(chat.page, "chat-search")


def take_phone(studio: Studio) -> None:
    """The same on a phone: the messages, the list, and the panel over them."""
    with studio.chat() as chat:
        open_row(chat, "Should I buy Apple?")
        address = chat.page.url
    with studio.page(PHONE) as page:
        chat = Chat(page, address)
        expect(chat.row).to_be_visible()
        shoot(page, "phone-chat")
        page.get_by_test_id("stExpandSidebarButton").click()
        shoot(page, "phone-list")
        page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
        chat.press(texts.HOW)
        expect(chat.panel).to_be_visible()
        shoot(page, "phone-panel")


def take_history(studio: Studio) -> None:
    """Threads, the runs of one of them, and where one run's time went."""
    with studio.page({"width": 1280, "height": 1290}) as page:
        history = History(page, f"{studio.server.url}/history")
        history.choose("threads", 0)
        history.choose("runs", 0)
        history.part(history_texts.PARTS["timeline"])
        page.wait_for_timeout(3_000)
        shoot(page, "history")


PICTURES: Final[dict[str, Callable[[Studio], None]]] = {
    "history": take_history,
    "chat": take_chat,
    "panel": take_panel,
    "search": take_search,
    "phone": take_phone,
    "messages": take_messages,
    "queue": take_queue,
}


def open_row(chat: Chat, title: str) -> None:
    """Open a conversation of the list."""
    rows = chat.page.locator("[class*='st-key-open-thread_'] button")
    rows.filter(has_text=title).click()
    expect(chat.row).to_be_visible()


def make_past(server: ChatServer) -> None:
    """Fill the server's log with conversations of several days."""
    wanted = {"database_url": server.database_url, "stock_prices": "sample"}
    with closing(build(Settings.model_validate(wanted))) as core:
        asked = [(exchange(core, text), days) for text, days in EARLIER]
        thread_id = exchange(core, "What is Apple trading at?")
        exchange(core, "Should I buy Apple?", thread_id)
        core.store.change_thread(thread_id, title="Should I buy Apple?", pinned=True).result()
    now = datetime.now(UTC)
    with create_engine(server.database_url).begin() as connection:
        for thread_id, days in asked:
            moved = update(ThreadRow).where(ThreadRow.id == thread_id)
            connection.execute(moved.values(last_activity=now - timedelta(days=days)))


def exchange(core: Core, text: str, thread_id: str | None = None) -> str:
    """Have a message answered; return its thread."""
    run = core.start(text, Choice(provider="demo"), thread_id=thread_id)
    ended(core, run.id)
    return run.thread_id


def main(names: list[str]) -> None:
    """Take the pictures named, or all of them."""
    expect.set_options(timeout=15_000)
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = ChatServer(Path(folder), script="app.py")
        make_past(server)
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(FLAGS))
        with server, closing(browser):
            for name in names or PICTURES:
                PICTURES[name](Studio(server, browser))


if __name__ == "__main__":
    main(sys.argv[1:])
