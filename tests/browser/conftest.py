from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.chat import Chat
from tests.browser.server import ChatServer
from tests.services import chromium_path, require

HERE = Path(__file__).parent
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

OpenChat = Callable[..., Chat]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for one module: while it is open no other test can have an event loop."""
    path = chromium_path()
    require(path is not None, "needs Chromium: apt install chromium, or name it in CHROMIUM_PATH")
    expect.set_options(timeout=15_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatServer]:
    """A server without any key, for all tests that don't harm it."""
    with ChatServer(tmp_path_factory.mktemp("chat")) as server:
        yield server
        assert "Traceback" not in "".join(server.log)


@pytest.fixture
def open_chat(browser: Browser, server: ChatServer) -> Iterator[OpenChat]:
    """Open the chat page, each time in a browser of its own."""
    with ExitStack() as opened:

        def open_one(
            url: str = server.url, width: int = 1280, height: int = 800, *, dark: bool = False
        ) -> Chat:
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme="dark" if dark else "light",
            )
            opened.callback(context.close)
            return Chat(context.new_page(), url)

        yield open_one


@pytest.fixture
def chat(open_chat: OpenChat) -> Chat:
    return open_chat()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what fails in the browser once more: a busy machine is no fault of the page.

    The summary names whatever passed at its second try.
    """
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.flaky(reruns=1))
