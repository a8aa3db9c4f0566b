from collections.abc import Iterator
from pathlib import Path

import pytest

from conversation.follower import Follower
from conversation.ports import Core, Cursor, TextDelta
from conversation.records import Run
from tests.contract.cores import DEMO, ENDLESS, WAIT, ended, running, until


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Core]:
    with running(f"sqlite:///{tmp_path}/parley.db", demo_delay_seconds=0.005) as core:
        yield core


@pytest.fixture
def speaking(core: Core) -> Iterator[tuple[Follower, Run]]:
    """A run that speaks, read up to some of its text."""
    run = core.start(ENDLESS, DEMO)
    with Follower(core.feed, run.id) as follower:
        while follower.cursor.message_id is None:
            assert follower.wait(WAIT)
            follower.take()
        yield follower, run
    core.cancel(run.id)
    ended(core, run.id)


def test_more_text_comes_from_memory(speaking: tuple[Follower, Run]) -> None:
    follower, _ = speaking
    text: tuple[object, ...] | None = ()
    at = follower.cursor
    while not text:
        if text is None:
            follower.take()  # an event came between
        at = follower.cursor
        assert follower.wait(WAIT)
        text = follower.take_text()

    (piece,) = text
    assert isinstance(piece, TextDelta)
    assert (piece.message_id, piece.offset) == (at.message_id, at.offset)
    assert follower.cursor.offset == at.offset + len(piece.text)


def test_other_news_than_text_have_to_be_read(core: Core, speaking: tuple[Follower, Run]) -> None:
    follower, run = speaking
    core.cancel(run.id)

    assert follower.take_text() is None
    assert follower.wait(0), "what was not taken is still there"
    assert follower.take()


def test_text_of_another_message_has_to_be_read(core: Core, speaking: tuple[Follower, Run]) -> None:
    follower, run = speaking

    other = Cursor(seq=follower.cursor.seq, message_id="msg_other", offset=0)

    assert core.feed.read_text(run.id, other) is None


def test_ended_run_has_to_be_read(core: Core) -> None:
    run = ended(core, core.start("hello", DEMO).id)

    assert core.feed.read_text(run.id, Cursor(seq=run.seq)) is None


def test_message_is_looked_for_once_it_is_in_the_log(
    core: Core, speaking: tuple[Follower, Run]
) -> None:
    follower, run = speaking
    message_id = follower.cursor.message_id or ""
    until(core, run.id, lambda _: core.feed.keeps(run.id, message_id))

    assert core.store.message(message_id).run_id == run.id
    assert not core.feed.keeps(run.id, "msg_nobody")
    assert core.feed.keeps("run_elsewhere", "msg_nobody"), "nothing is known of others' runs"
