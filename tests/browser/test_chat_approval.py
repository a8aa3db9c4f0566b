"""The chat page where a function needs a person's consent."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenChat
from tests.browser.server import ChatServer
from ui.language import texts

CALL = 'call launch {"rocket": "Voyager"}'


@pytest.fixture(scope="module")
def launchpad(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatServer]:
    folder = tmp_path_factory.mktemp("launchpad")
    with ChatServer(folder, script="tests/browser/rocket_page.py") as server:
        yield server


@pytest.mark.parametrize(
    ("button", "said"), [(texts.ALLOW, "Voyager flies"), (texts.DECLINE, "declined")]
)
def test_person_decides_about_a_call(
    open_chat: OpenChat, launchpad: ChatServer, button: str, said: str
) -> None:
    chat = open_chat(launchpad.url)
    chat.send(CALL)
    expect(chat.system).to_contain_text("needs your approval")
    chat.shoot(f"approval-{button}")

    chat.system.get_by_role("button", name=button, exact=True).click()

    expect(chat.answers).to_contain_text(said)
    expect(chat.system.get_by_role("button", name=button, exact=True)).to_have_count(0)
    chat.expect_idle()


def test_reload_asks_again(open_chat: OpenChat, launchpad: ChatServer) -> None:
    chat = open_chat(launchpad.url)
    chat.send(CALL)
    expect(chat.system).to_contain_text("needs your approval")

    chat.page.reload()
    chat.system.get_by_role("button", name=texts.ALLOW).click()

    expect(chat.answers).to_contain_text("Voyager flies")
