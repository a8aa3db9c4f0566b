"""A core that is closed: what is under way gets its time, nothing new begins, the rest is left."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import pytest

from conversation.errors import StoreUnavailable
from conversation.follower import Follower
from conversation.ports import ToolPolicy
from conversation.records import Exchange
from conversation.script import State
from setup.core import ParleyCore
from storage.store import SqlStore, open_store
from tests.contract.cores import (
    DEMO,
    ENDLESS,
    QUICK,
    WAIT,
    built,
    ended,
    running,
    settled,
    speaking,
    until,
)
from tools.function import FunctionTool
from tools.registry import Tools

SLOW = 0.02
SLOWLY = 0.5
LONG = 60.0
LEAVING = 10.0
"""What a busy machine may take to let go."""


@contextmanager
def closing(core: ParleyCore) -> Iterator[threading.Thread]:
    """Close a core in a thread, once it takes nothing up any more; wait for its end."""
    retired = threading.Event()
    worker = core._parts.worker
    retire = worker.retire

    async def retiring(seconds: float) -> None:
        core._parts.runner.loop.call_soon(retired.set)
        await retire(seconds)

    worker.retire = retiring  # type: ignore[method-assign]
    thread = threading.Thread(target=core.close)
    thread.start()
    try:
        assert retired.wait(WAIT)
        yield thread
    finally:
        core.hasten()
        thread.join(WAIT)
        assert not thread.is_alive()


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    """The store, as somebody else sees it."""
    opened = open_store(url)
    yield opened
    opened.close()


def test_answer_under_way_ends_before_its_core(url: str, store: SqlStore) -> None:
    core = built(url, demo_delay_seconds=SLOW, drain_seconds=LONG)
    run = core.start("count to 20", DEMO)
    speaking(core, run.id)

    core.close()

    done = store.run(run.id)
    assert (done.state, done.attempt) == (State.COMPLETED, 1)
    assert store.messages(run.thread_id)[-1].text.endswith("19, 20.")


def test_followers_hear_an_answer_to_its_end(url: str) -> None:
    core = built(url, demo_delay_seconds=SLOW, drain_seconds=LONG)
    run = core.start("count to 40", DEMO)
    speaking(core, run.id)

    with closing(core):
        assert ended(core, run.id).state is State.COMPLETED


def test_slow_follower_hears_the_end_too(url: str, store: SqlStore) -> None:
    core = built(url, drain_seconds=LONG)
    run = core.start("wait 0.2", DEMO)
    with Follower(core.feed, run.id) as follower, closing(core) as thread:
        with Follower(core.feed, run.id) as quick:
            while not quick.ended:
                assert quick.wait(WAIT)
                quick.take()
        thread.join(SLOWLY)

        follower.take()

        assert follower.state is State.COMPLETED


def test_functions_under_way_end_and_the_model_answers(url: str, store: SqlStore) -> None:
    begun, released = threading.Event(), threading.Event()

    def launch() -> str:
        """Launch."""
        begun.set()
        released.wait(WAIT)
        return "it flies"

    core = built(url, tools=Tools(launch), drain_seconds=LONG)
    run = core.start("call launch {}", DEMO)
    assert begun.wait(WAIT)

    with closing(core) as thread:
        released.set()
        thread.join(WAIT)

    assert "it flies" in store.messages(run.thread_id)[-1].text


def test_closing_core_takes_nothing_new(url: str, store: SqlStore) -> None:
    core = built(url, demo_delay_seconds=SLOW, drain_seconds=LONG)
    run = core.start(ENDLESS, DEMO)
    speaking(core, run.id)

    with closing(core):
        with pytest.raises(StoreUnavailable, match="closed"):
            core.start("Hello", DEMO)
        with pytest.raises(StoreUnavailable, match="closed"):
            core.send("Hello", DEMO, thread_id=run.thread_id)
        core.cancel(run.id)
        assert ended(core, run.id).state is State.CANCELLED

    assert [one.id for thread in store.threads() for one in store.runs(thread.id)] == [run.id]


def test_queued_message_is_left_to_the_next_core(url: str, store: SqlStore) -> None:
    core = built(url, demo_delay_seconds=SLOW, drain_seconds=LONG)
    run = core.start("count to 20", DEMO)
    core.send("echo later", DEMO, thread_id=run.thread_id)

    core.close()

    assert store.run(run.id).state is State.COMPLETED
    assert [one.text for one in store.queue(run.thread_id)] == ["echo later"]
    with running(url) as core:
        assert settled(core, run.thread_id)[-1] == "later"


def test_decision_at_a_closing_core_is_for_others(url: str, store: SqlStore) -> None:
    launched: list[str] = []
    core = built(url, tools=launcher(launched), demo_delay_seconds=SLOW, drain_seconds=LONG)
    waiting = core.start("call launch {}", DEMO)
    until(core, waiting.id, lambda run: run.waiting == "person")
    speaking(core, core.start(ENDLESS, DEMO).id)
    [record] = core.store.exchange(waiting.id).calls

    with closing(core):
        core.decide(waiting.id, record.call.call_id, approved=True)
    assert not launched

    with running(url, tools=launcher(launched)) as core:
        assert ended(core, waiting.id).state is State.COMPLETED
    assert launched == ["launched"]


def test_limit_ends_the_waiting(url: str, store: SqlStore) -> None:
    core = built(url, demo_delay_seconds=SLOW, drain_seconds=0.3)
    run = core.start(ENDLESS, DEMO)
    speaking(core, run.id)
    began = time.monotonic()

    core.close()

    assert 0.3 <= time.monotonic() - began < 0.3 + LEAVING
    assert store.run(run.id).state is State.RUNNING


def test_what_is_left_is_taken_over_at_once(url: str) -> None:
    patient = replace(QUICK, dead_after=LONG)
    with running(url, limits=patient, demo_delay_seconds=SLOW) as other:
        core = built(url, limits=patient, demo_delay_seconds=SLOW, drain_seconds=0.1)
        run = core.start(ENDLESS, DEMO)
        speaking(core, run.id)

        core.close()

        assert until(other, run.id, lambda run: run.attempt == 2).worker_id
        other.cancel(run.id)
        ended(other, run.id)


def test_haste_ends_the_waiting_at_once(url: str, store: SqlStore) -> None:
    core = built(url, demo_delay_seconds=SLOW, drain_seconds=LONG)
    run = core.start(ENDLESS, DEMO)
    speaking(core, run.id)

    with closing(core) as thread:
        core.hasten()
        thread.join(LEAVING)
        assert not thread.is_alive()

    assert store.run(run.id).state is State.RUNNING


def test_whoever_closes_second_waits_for_the_first(url: str, store: SqlStore) -> None:
    core = built(url, demo_delay_seconds=SLOW, drain_seconds=LONG)
    run = core.start("count to 20", DEMO)
    speaking(core, run.id)

    with closing(core):
        core.close()
        assert store.run(run.id).state is State.COMPLETED


def test_call_at_the_last_moment_is_told(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    core = built(url)
    slow, quick = (ended(core, core.start("echo hello", DEMO).id) for _ in range(2))
    begun, released = threading.Event(), threading.Event()
    exchange = SqlStore.exchange

    def reads(store: SqlStore, run_id: str) -> Exchange:
        if run_id == slow.id:
            begun.set()
            released.wait(WAIT)
        return exchange(store, run_id)

    monkeypatch.setattr(SqlStore, "exchange", reads)
    with ThreadPoolExecutor() as pool:
        reading = pool.submit(core.cancel, slow.id)
        assert begun.wait(WAIT)
        closing = pool.submit(core.close)
        with pytest.raises(StoreUnavailable, match="closed"):
            while True:
                core.cancel(quick.id)
        with pytest.raises(StoreUnavailable, match="closed"):
            reading.result(WAIT)
        released.set()
        closing.result(WAIT)


def launcher(launched: list[str]) -> Tools:
    """Return a function that a person has to allow."""

    def launch() -> str:
        """Launch a rocket."""
        launched.append("launched")
        return "it flies"

    return Tools(FunctionTool(launch, ToolPolicy(needs_approval=True)))
