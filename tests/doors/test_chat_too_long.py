"""The chat page where a conversation has become too long for its model."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from conversation.choice import Choice
from setup.core import ParleyCore
from tests.doors.chat import finished, open_page, serving, shown
from tests.wire.chat_server import Answer, ChatServer, failure
from ui.language import texts
from ui.texts.german import German

CHOICE = Choice(provider="compatible", model="llama")
TOO_LONG = failure(400, "exceed_context_size_error", "request (5000 tokens) exceeds the available "
                   "context size (4096 tokens), try increasing it")  # fmt: skip


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer() as server:
        yield server


@pytest.fixture
def core(tmp_path: Path, server: ChatServer) -> Iterator[ParleyCore]:
    with serving(tmp_path, compatible_base_url=server.base_url) as core:
        yield core


def talked(core: ParleyCore, server: ChatServer, messages: int) -> str:
    """Talk until the thread has so many messages, the last of them too many; return its id."""
    thread_id = None
    for number in range(messages // 2):
        server.script(Answer(text=f"Answer {number}."))
        thread_id = finished(core, f"Question {number}", thread_id, CHOICE).thread_id
    server.script(TOO_LONG)
    return finished(core, "And now?", thread_id, CHOICE).thread_id


def shortening(page: AppTest) -> list[str]:
    return [one.label for one in page.button if (one.key or "").startswith("regenerate_shortened-")]


def press(page: AppTest) -> AppTest:
    [button] = [one for one in page.button if (one.key or "").startswith("regenerate_shortened-")]
    return button.click().run()


def test_last_ten_messages_are_tried_where_all_are_too_long(
    core: ParleyCore, server: ChatServer
) -> None:
    page = open_page(talked(core, server, 13))
    assert "by 904 tokens" in page.main.error[0].value
    assert shortening(page) == ["Try again with the last 10 messages"]
    server.script(Answer(text="Now it fits."))

    press(page)

    assert shown(page)[-1] == ("assistant", "Now it fits.")
    said = [one for one in server.requests[-1].body["messages"] if one["role"] != "system"]
    assert [said[0]["content"], len(said)] == ["Question 2", 9]
    assert not shortening(page)


def test_fewer_are_offered_until_one_is_left(core: ParleyCore, server: ChatServer) -> None:
    page = open_page(talked(core, server, 5))
    assert shortening(page) == [texts.RETRY_SHORTENED[1].format(count=2)]
    server.script(TOO_LONG, TOO_LONG)

    press(page)
    assert shortening(page) == [texts.RETRY_SHORTENED[0]]
    press(page)

    assert not shortening(page)
    assert "too long" in page.main.error[0].value


def test_shortening_is_offered_in_german_too(core: ParleyCore, server: ChatServer) -> None:
    page = open_page(talked(core, server, 13))

    page.selectbox(key="language").set_value("de").run()

    assert shortening(page) == [German.RETRY_SHORTENED[1].format(count=10)]
