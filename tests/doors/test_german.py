"""The chat page for somebody whose browser speaks German."""

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from setup.bootstrap import build
from setup.core import ParleyCore
from setup.settings import ROOT, Settings
from tests.doors.spoken import english
from ui.texts.german import German

PAGE = str(ROOT / "streamlit-chat.py")


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParleyCore]:
    settings = {
        "database_url": f"sqlite:///{tmp_path_factory.mktemp('german')}/parley.db",
        "stock_prices": "sample",
        "demo_delay_seconds": 0.0005,
    }
    core = build(Settings.model_validate(settings))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ui.opening.core", lambda: core)
        patch.setattr("ui.language._DEFAULT", "de")  # AppTest formats options in no browser
        yield core
    core.close()


@pytest.fixture
def page(core: ParleyCore) -> AppTest:
    return AppTest.from_file(PAGE, default_timeout=20).run()


def ask(page: AppTest, text: str) -> AppTest:
    return page.chat_input[0].set_value(text).run()


def test_empty_page_speaks_german(page: AppTest) -> None:
    assert page.header[0].value == German.WELCOME
    assert english(page) == set()


@pytest.mark.parametrize(
    "text", [example for _, example in German.EXAMPLES] + ["fail", "refuse", "break off", "loop"]
)
def test_exchange_is_told_in_german(page: AppTest, text: str) -> None:
    ask(page, text)

    assert not page.exception
    assert english(page) == {one.value for one in page.error}  # failures stay as they were logged


def test_german_examples_are_understood(page: AppTest) -> None:
    asked = [
        [one.name for one in ask(page, example).chat_message].count(German.SYSTEM)
        for _, example in German.EXAMPLES[:2]
    ]

    assert asked == [2, 3]  # on the page in the end; those of the second are made at once
