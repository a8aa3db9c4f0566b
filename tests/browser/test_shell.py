"""The shell by itself: clipboard, keyboard, and what a screen reader is told."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.server import ChatServer
from tests.browser.shell import HOSTILE, LONG, Shell


@pytest.fixture(scope="module")
def page_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatServer]:
    folder = tmp_path_factory.mktemp("shell")
    with ChatServer(folder, script="tests/browser/shell_page.py") as server:
        yield server
        assert "Traceback" not in "".join(server.log)


@pytest.fixture
def open_shell(browser: Browser, page_server: ChatServer) -> Iterator[Callable[..., Shell]]:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])

    def open_one(script: str = "") -> Shell:
        page = context.new_page()
        page.add_init_script(script)
        return Shell(page, page_server.url)

    yield open_one
    context.close()


@pytest.fixture
def shell(open_shell: Callable[..., Shell]) -> Shell:
    return open_shell()


HEARD = """() => {
  window.heard = [];
  const live = document.getElementById("parley-live");
  new MutationObserver(() => live.textContent && heard.push(live.textContent))
    .observe(live, { childList: true });
}"""
"""Note what the live region says."""


# Clipboard


def test_text_is_copied_as_it_is(shell: Shell) -> None:
    shell.copy_button("hostile").click()

    expect(shell.copy_button("hostile")).to_have_attribute("data-said", "Copied")
    expect(shell.live).to_have_text("Copied")
    assert shell.copied() == HOSTILE
    assert shell.page.evaluate("window.broken") is None


def test_copied_is_said_for_a_moment(shell: Shell) -> None:
    shell.copy_button("hostile").click()

    expect(shell.page.locator("[data-said]")).to_have_count(1)
    expect(shell.page.locator("[data-said]")).to_have_count(0)


def test_text_is_copied_without_a_clipboard(open_shell: Callable[..., Shell]) -> None:
    shell = open_shell("delete Navigator.prototype.clipboard")

    shell.copy_button("long").click()
    expect(shell.copy_button("long")).to_have_attribute("data-said", "Copied")
    shell.input.click()
    shell.page.keyboard.press("Control+v")

    assert len(shell.input.input_value()) == len(LONG)


def test_refused_copy_says_so(open_shell: Callable[..., Shell]) -> None:
    shell = open_shell(
        "delete Navigator.prototype.clipboard; Document.prototype.execCommand = () => false"
    )

    shell.copy_button("hostile").click()

    expect(shell.live).to_have_text("The browser did not allow it")


def test_copy_button_works_by_keyboard(shell: Shell) -> None:
    shell.page.get_by_role("button", name="Copy all").press("Enter")

    expect(shell.live).to_have_text("Copied")
    assert shell.copied() == LONG


def test_long_text_is_sent_once(shell: Shell) -> None:
    assert shell.received > len(LONG)
    shell.received = 0

    shell.again()

    assert shell.received < 50_000


# Keyboard


def test_arrow_up_edits_the_last_message(shell: Shell) -> None:
    shell.input.press("ArrowUp")

    expect(shell.page.get_by_text("edit-msg_2: 1", exact=True)).to_be_visible()
    expect(shell.page.get_by_text("edit-msg_1: 0", exact=True)).to_be_visible()


def test_arrow_up_moves_in_what_is_written(shell: Shell) -> None:
    shell.input.fill("one")
    shell.input.press("ArrowUp")
    shell.again()

    expect(shell.page.get_by_text("edit-msg_2: 0", exact=True)).to_be_visible()


def test_a_key_acts_once_after_many_reruns(shell: Shell) -> None:
    for _ in range(3):
        shell.again()
    shell.input.press("ArrowUp")
    expect(shell.page.get_by_text("edit-msg_2: 1", exact=True)).to_be_visible()
    shell.again()

    expect(shell.page.get_by_text("edit-msg_2: 1", exact=True)).to_be_visible()


@pytest.mark.parametrize("key", ["/", "Control+k"])
def test_search_is_a_key_away(shell: Shell, key: str) -> None:
    shell.leave_fields()
    shell.page.keyboard.press(key)

    expect(shell.page.get_by_label("Search", exact=True)).to_be_focused()
    expect(shell.page.get_by_label("Search", exact=True)).to_have_value("")


@pytest.mark.parametrize("key", ["?", "Control+/"])
def test_keys_are_listed(shell: Shell, key: str) -> None:
    shell.leave_fields()
    shell.page.keyboard.press(key)
    expect(shell.page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()

    shell.page.keyboard.press("Escape")
    expect(shell.keys).not_to_be_visible()


def test_list_of_keys_opens_by_click_and_closes(shell: Shell) -> None:
    shell.page.get_by_role("button", name="Keyboard shortcuts").click()
    expect(shell.keys).to_be_visible()

    shell.again()
    expect(shell.keys).to_be_visible()

    shell.page.get_by_role("button", name="Close").click()
    expect(shell.keys).not_to_be_visible()


def test_signs_can_be_typed(shell: Shell) -> None:
    shell.input.click()
    shell.page.keyboard.type("/?")

    expect(shell.input).to_have_value("/?")
    expect(shell.keys).not_to_be_visible()


def test_new_conversation_begins_in_its_field(shell: Shell) -> None:
    expect(shell.input).to_be_focused()
    shell.page.get_by_role("button", name="new", exact=True).click()

    expect(shell.input).to_be_focused()


# Screen readers


def test_what_is_told_again_is_said_once(shell: Shell) -> None:
    shell.page.evaluate(HEARD)
    shell.tell("…", thread="thread_1")
    expect(shell.live).to_have_text("Answer is being written.")
    shell.tell("<b>5 & 6</b>", thread="thread_1")
    expect(shell.live).to_have_text("Answer complete: <b>5 & 6</b>")
    shell.again()
    shell.tell("7", thread="thread_1")

    expect(shell.live).to_have_text("Answer complete: 7")
    assert len(shell.page.evaluate("window.heard")) == 3


def test_another_conversation_is_no_news(shell: Shell) -> None:
    shell.page.evaluate(HEARD)
    shell.tell("One.", thread="thread_1")
    shell.tell("Two.", thread="thread_2")
    shell.tell("Three.", thread="thread_2")

    expect(shell.live).to_have_text("Answer complete: Three.")
    assert shell.page.evaluate("window.heard") == ["Answer complete: Three."]


def test_region_is_polite_and_page_has_a_language(shell: Shell) -> None:
    expect(shell.live).to_have_attribute("role", "status")
    expect(shell.live).to_have_attribute("aria-live", "polite")
    expect(shell.page.locator("html")).to_have_attribute("lang", "en")
