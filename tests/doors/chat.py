"""The chat page without a browser, on a real core: what several tests do on it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from streamlit.testing.v1 import AppTest

from conversation.choice import Choice
from conversation.records import Run
from setup.bootstrap import build
from setup.core import ParleyCore
from setup.settings import ROOT, Settings
from ui.chat.visit import PARAMETER

PAGE: Final = str(ROOT / "streamlit-chat.py")


@contextmanager
def serving(folder: Path, **settings: Any) -> Iterator[ParleyCore]:
    """Have pages served by a core on a database of its own."""
    usual = {
        "database_url": f"sqlite:///{folder / 'parley.db'}",
        "stock_prices": "sample",
        "demo_delay_seconds": 0.001,
        "thread_titles": "words",
        "openai_base_url": "http://127.0.0.1:1/v1",  # no test asks OpenAI
    }
    core = build(
        Settings.model_validate(usual | settings)
    )  # unlike Settings(), reads no surroundings
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ui.opening.core", lambda: core)
        yield core
    core.close()


def open_page(thread_id: str | None = None) -> AppTest:
    """Open the page, at a thread if one is named."""
    page = AppTest.from_file(PAGE, default_timeout=20)
    if thread_id:
        page.query_params[PARAMETER] = thread_id
    return page.run()


def ask(page: AppTest, text: str) -> AppTest:
    """Send a message; returns when the exchange has ended."""
    return page.chat_input[0].set_value(text).run()


def shown(page: AppTest) -> list[tuple[str, str]]:
    """Return who said what."""
    return [
        (message.name, " ".join(part.value for part in (*message.text, *message.markdown)))
        for message in page.chat_message
    ]


def finished(
    core: ParleyCore, text: str, thread_id: str | None = None, choice: Choice | None = None
) -> Run:
    """Let the core answer a message with nobody looking on."""
    ended = threading.Event()
    run = core.start(text, choice or Choice(provider="demo"), thread_id=thread_id)
    with core.feed.watch(run.id, ended.set):
        while not core.store.run(run.id).ended:
            ended.wait(5)
            ended.clear()
    return core.store.run(run.id)


def thread_of(page: AppTest) -> str:
    """Return the thread that the page's address names."""
    found = page.query_params[PARAMETER]
    return found if isinstance(found, str) else found[0]


def pick(page: AppTest, menu: str, action: str) -> AppTest:
    """Pick an action in a menu."""
    return page.menu_button(key=menu).click(action).run()


def listed(page: AppTest) -> list[str]:
    """Return the titles in the list of conversations."""
    return [one.label for one in page.button if (one.key or "").startswith("open-thread_")]
