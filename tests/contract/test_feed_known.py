"""What a process knows by heart of the runs that it executes: all that the log has, or nothing."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from conversation.events import Logged, MessageSent, StateChanged
from conversation.follower import Follower
from conversation.ports import Core, Cursor, TextDelta
from conversation.records import Message
from conversation.script import State, Trigger
from runs.live import LiveRun
from tests.contract.cores import DEMO, ENDLESS, WAIT, running, when
from tools.registry import Tools


def price(symbol: str) -> float:
    """Give a price.

    Args:
        symbol: A ticker.
    """
    return float(len(symbol))


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Core]:
    url = f"sqlite:///{tmp_path}/parley.db"
    with running(url, demo_delay_seconds=0.005, tools=Tools(price)) as core:
        yield core


@pytest.fixture
def followed(core: Core) -> Iterator[Follower]:
    """A run with two answers and a function, just begun."""
    run = core.start('call price {"symbol": "ACME"}', DEMO)
    with Follower(core.feed, run.id) as follower:
        yield follower


def known_to_the_end(follower: Follower) -> list[Logged | TextDelta]:
    news: list[Logged | TextDelta] = []
    while not follower.ended:
        assert follower.wait(WAIT)
        known = follower.take_known()
        assert known is not None
        news += known
    return news


def line(number: int) -> Logged:
    event = MessageSent(message_id="msg_1", text="Hello")
    return Logged(run_id="run_1", seq=number, at=datetime.now(UTC), event=event)


def writing() -> Message:
    return Message(
        id="msg_2",
        thread_id="thread_1",
        branch_id="branch_1",
        role="assistant",
        text="",
        status="in_progress",
        run_id="run_1",
        created_at=datetime.now(UTC),
    )


def test_run_executed_here_is_followed_without_the_log(core: Core, followed: Follower) -> None:
    news = known_to_the_end(followed)

    assert [piece for piece in news if isinstance(piece, Logged)] == core.store.events(
        followed.run_id
    )
    said = "".join(piece.text for piece in news if isinstance(piece, TextDelta))
    assert said == "".join(message.text for message in core.store.texts(followed.run_id))


def test_rows_known_by_heart_are_those_of_the_store(core: Core, followed: Follower) -> None:
    known_to_the_end(followed)
    rows, run_id = core.feed.rows(followed.run_id), followed.run_id

    assert rows is not None
    kept = [replace(message, position=0) for message in core.store.texts(run_id)]
    assert [replace(message, position=0) for message in rows.messages] == kept
    assert list(rows.steps) == core.store.steps(run_id)


def test_ended_run_is_remembered_until_its_followers_leave(core: Core) -> None:
    run = core.start("count to 3", DEMO)
    with Follower(core.feed, run.id) as follower:
        known_to_the_end(follower)
        when(core, lambda: not core.feed.under_way())
        assert core.feed.read_known(run.id, Cursor()) is not None

    assert core.feed.read_known(run.id, Cursor()) is None
    assert core.feed.rows(run.id) is None


def test_text_of_an_ended_run_is_not_told_again(core: Core, followed: Follower) -> None:
    known_to_the_end(followed)

    at_the_end = Cursor(seq=followed.cursor.seq)

    assert core.feed.read(followed.run_id, at_the_end).news == ()


def test_end_that_cuts_an_answer_short_is_known_as_the_log_has_it(core: Core) -> None:
    run = core.start(ENDLESS, DEMO)
    with Follower(core.feed, run.id) as follower:
        while follower.cursor.message_id is None:
            assert follower.wait(WAIT)
            follower.take()
        core.cancel(run.id)
        while not follower.ended:
            assert follower.wait(WAIT)
            follower.take()
        rows = core.feed.rows(run.id)

    (kept,) = core.store.texts(run.id)
    assert follower.cursor.offset == len(kept.text)
    assert rows is not None
    assert [replace(message, position=0) for message in rows.messages] == [
        replace(kept, position=0)
    ]


def test_rows_that_an_end_has_left_to_the_log_are_not_known_by_heart() -> None:
    live = LiveRun(1, [line(1)])
    live.keep([writing()], [])
    assert live.rows() is not None

    end = StateChanged(trigger=Trigger.EXPIRE, before=State.RUNNING, after=State.EXPIRED)
    live.hear(replace(line(2), event=end))

    assert live.rows() is None


def test_run_that_others_had_before_is_not_known_by_heart() -> None:
    live = LiveRun(2)
    live.hear(line(7))

    assert live.rows() is None


def test_run_that_somebody_else_has_written_to_is_not_known_by_heart() -> None:
    live = LiveRun(1, [line(1)])
    assert live.rows() is not None

    live.hear(line(3))

    assert live.rows() is None
