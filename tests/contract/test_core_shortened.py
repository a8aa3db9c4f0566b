"""Conversations that are too long for a model go on with their last messages."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from conversation.choice import Choice
from conversation.errors import BadInput
from conversation.records import Run
from conversation.script import State
from setup.core import ParleyCore
from tests.contract.cores import ended, running
from tests.wire.chat_server import Answer, ChatServer
from tests.wire.server import Json

LLAMA = Choice(provider="compatible", model="llama")


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer() as server:
        yield server


@pytest.fixture
def core(tmp_path: Path, server: ChatServer) -> Iterator[ParleyCore]:
    url = f"sqlite:///{tmp_path}/parley.db"
    with running(url, compatible_base_url=server.base_url) as core:
        yield core


@pytest.fixture
def third(core: ParleyCore, server: ChatServer) -> Run:
    """The third of three exchanges."""
    server.script(Answer(text="One."), Answer(text="Two."), Answer(text="Three."))
    run = ended(core, core.start("First", LLAMA).id)
    for text in ("Second", "Third"):
        run = ended(core, core.start(text, LLAMA, thread_id=run.thread_id).id)
    return run


def told(server: ChatServer) -> list[str]:
    """Return what was said to the model, but for its instructions."""
    messages: list[Json] = server.requests[-1].body["messages"]
    return [one["content"] for one in messages if one["role"] != "system"]


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, ["Third"]),
        (2, ["Third"]),  # not from an answer on
        (3, ["Second", "Two.", "Third"]),
        (50, ["First", "One.", "Second", "Two.", "Third"]),
    ],
)
def test_last_messages_alone_are_sent(
    core: ParleyCore, server: ChatServer, third: Run, count: int, expected: list[str]
) -> None:
    again = core.regenerate(third.id, LLAMA, last_messages=count)

    assert ended(core, again.id).state is State.COMPLETED
    assert told(server) == expected
    assert [one.text for one in core.store.messages(third.thread_id)][:5:2] == [
        "First",
        "Second",
        "Third",
    ]


def test_shortened_answer_goes_on_shortened(
    core: ParleyCore, server: ChatServer, third: Run
) -> None:
    server.script(Answer(text="Well", finish="length"), Answer(text=", yes."))
    again = ended(core, core.regenerate(third.id, LLAMA, last_messages=3).id)

    ended(core, core.carry_on(again.id, LLAMA).id)

    assert told(server)[:2] == ["Third", "Well"]


def test_next_message_is_sent_with_all_before_it(
    core: ParleyCore, server: ChatServer, third: Run
) -> None:
    ended(core, core.regenerate(third.id, LLAMA, last_messages=1).id)

    ended(core, core.start("Fourth", LLAMA, thread_id=third.thread_id).id)

    assert told(server)[0] == "First"


@pytest.mark.parametrize("count", [0, -1])
def test_no_message_at_all_is_refused(core: ParleyCore, third: Run, count: int) -> None:
    with pytest.raises(BadInput, match="At least one message"):
        core.regenerate(third.id, LLAMA, last_messages=count)
