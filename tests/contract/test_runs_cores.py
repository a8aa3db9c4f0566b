"""Whole cores: what a door may rely on, whatever becomes of processes and databases."""

import asyncio
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import QueuePool

from conversation.choice import Choice
from conversation.errors import StoreUnavailable
from conversation.events import ToolExecuted
from conversation.follower import Follower
from conversation.ids import new_id
from conversation.ports import ToolPolicy
from conversation.records import Assistant
from conversation.script import State
from conversation.turns import ToolSpec
from runs.runner import Runner
from setup import bootstrap
from setup.core import ParleyCore
from storage.store import SqlStore, open_store
from tests.contract.cores import (
    DEMO,
    ENDLESS,
    IDLE,
    WAIT,
    built,
    ended,
    followed,
    running,
    speaking,
    tasks_of,
    threads_of_ours,
    until,
)
from tests.contract.processes import numbered
from tools.function import FunctionTool
from tools.registry import Tools

SLOW = 0.02


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A database file that is not there yet."""
    return tmp_path / "parley.db"


@pytest.fixture
def sqlite(file: Path) -> str:
    """Its address."""
    return f"sqlite:///{file}"


@pytest.fixture
def logged_soon() -> Iterator[Callable[[str], threading.Event]]:
    """Return an event for a text, which is set once that is in the program's log."""
    handlers: list[Telling] = []

    def begin(text: str) -> threading.Event:
        handlers.append(Telling(text))
        logging.getLogger("runs").addHandler(handlers[-1])
        return handlers[-1].told

    yield begin
    for handler in handlers:
        logging.getLogger("runs").removeHandler(handler)


class Telling(logging.Handler):
    """Waits for a text in the program's log."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.told = threading.Event()
        self._text = text

    def emit(self, record: logging.LogRecord) -> None:
        """Look at a line."""
        if self._text in record.getMessage():
            self.told.set()


def launcher(launched: list[str]) -> Tools:
    def launch(rocket: str) -> str:
        """Launch a rocket.

        Args:
            rocket: Its name.
        """
        launched.append(rocket)
        return f"{rocket} flies"

    return Tools(FunctionTool(launch, ToolPolicy(needs_approval=True)))


# accepting


def test_accepted_message_is_durable_before_start_returns(url: str) -> None:
    with running(url, demo_delay_seconds=SLOW) as core:
        run = core.start(ENDLESS, DEMO)

        other = open_store(url)  # another connection sees what is committed only
        assert other.messages(run.thread_id)[0].text == ENDLESS
        assert other.run(run.id).message_id == run.message_id
        other.close()


def test_fifty_conversations_at_once_all_finish(url: str) -> None:
    with running(url) as core:
        runs = [core.start(f"count to {number}", DEMO) for number in range(1, 51)]

        states = {ended(core, run.id).state for run in runs}

        assert states == {State.COMPLETED}
        assert all(numbered(core.store.events(run.id)) for run in runs)


# stopping


def test_stop_in_mid_answer_keeps_what_was_said(url: str) -> None:
    with running(url, demo_delay_seconds=SLOW) as core:
        run = core.start(ENDLESS, DEMO)
        speaking(core, run.id)
        began = time.monotonic()

        core.cancel(run.id)

        assert ended(core, run.id).state is State.CANCELLED
        assert time.monotonic() - began < 1
        [_, message] = core.store.messages(run.thread_id)
        assert message.text.startswith("1, ")
        assert message.status == "incomplete"


def test_stop_from_another_core_ends_the_run_within_a_second(url: str) -> None:
    with running(url, demo_delay_seconds=SLOW) as core, running(url) as other:
        run = core.start(ENDLESS, DEMO)
        speaking(core, run.id)
        began = time.monotonic()

        other.cancel(run.id)

        assert ended(other, run.id).state is State.CANCELLED
        assert time.monotonic() - began < 1
        assert ended(core, run.id).attempt == 1


# closing and starting again


def test_next_core_finishes_what_a_closed_one_began(url: str) -> None:
    with running(url, demo_delay_seconds=SLOW) as core:
        run = core.start("count to 100", DEMO)
        speaking(core, run.id)

    with running(url, limits=IDLE) as core:
        done = ended(core, run.id)

        assert (done.state, done.attempt) == (State.COMPLETED, 2)
        assert core.store.messages(run.thread_id)[-1].text.endswith("99, 100.")


def test_run_that_waits_for_approval_survives_a_restart(url: str) -> None:
    launched: list[str] = []
    with running(url, tools=launcher(launched)) as core:
        run = core.start('call launch {"rocket": "V2"}', DEMO)
        until(core, run.id, lambda run: run.waiting == "person")

    with running(url, tools=launcher(launched)) as core:
        [record] = core.store.exchange(run.id).calls
        core.decide(run.id, record.call.call_id, approved=True)

        done = ended(core, run.id)
        assert (done.state, done.attempt) == (State.COMPLETED, 1)
        assert "V2 flies" in core.store.messages(run.thread_id)[-1].text
    assert launched == ["V2"]


def test_client_outputs_let_the_run_go_on(url: str) -> None:
    with running(url) as core:
        run = core.start("call ask {}", Choice(assistant_id=client_side(core).id))
        until(core, run.id, lambda run: run.waiting == "client")
        [record] = core.store.exchange(run.id).calls

        core.submit(run.id, {record.call.call_id: "forty-two"})

        assert ended(core, run.id).state is State.COMPLETED
        assert "forty-two" in core.store.messages(run.thread_id)[-1].text


# functions


def test_hung_function_times_out_and_the_run_goes_on(sqlite: str) -> None:
    released = threading.Event()

    def hang() -> str:
        """Hang."""
        released.wait(WAIT)
        return "late"

    tools = Tools(FunctionTool(hang, ToolPolicy(timeout=0.1)))
    with running(sqlite, tools=tools) as core:
        run = core.start("call hang {}", DEMO)

        assert ended(core, run.id).state is State.COMPLETED
        events = [logged.event for logged in core.store.events(run.id)]
        [executed] = [event for event in events if isinstance(event, ToolExecuted)]
        assert executed.failed
        assert "given up" in executed.output
    released.set()


def test_endless_tool_rounds_end_incomplete(sqlite: str) -> None:
    def price(symbol: str) -> float:
        """Give a price.

        Args:
            symbol: A ticker.
        """
        return float(len(symbol))

    with running(sqlite, tools=Tools(price), max_tool_rounds=4) as core:
        run = core.start("loop", DEMO)

        done = ended(core, run.id)
        assert (done.state, done.incomplete_reason) == (State.INCOMPLETE, "max_tool_rounds")


def test_unknown_provider_ends_the_run_in_an_error(sqlite: str) -> None:
    with running(sqlite) as core:
        run = core.start("call ask {}", Choice(assistant_id=client_side(core).id))
        until(core, run.id, lambda run: run.waiting == "client")
        [record] = core.store.exchange(run.id).calls
        with sqlite3.connect(sqlite.removeprefix("sqlite:///")) as connection:
            connection.execute("""UPDATE runs SET spec = json_set(spec, '$.provider', 'nobody')""")
        connection.close()

        core.submit(run.id, {record.call.call_id: "42"})

        done = ended(core, run.id)
        assert done.state is State.ERROR
        assert done.error is not None
        assert "nobody" in done.error.message


# databases that fail


def test_locked_database_holds_a_run_up_and_loses_nothing(
    sqlite: str, file: Path, logged_soon: Callable[[str], threading.Event]
) -> None:
    with running(sqlite, database_busy_seconds=0.1, demo_delay_seconds=0.001) as core:
        run = core.start("count to 150", DEMO)
        told = logged_soon(f"run {run.id} waits for the database")
        speaking(core, run.id)
        lock = sqlite3.connect(file, isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable):
            core.start("Hello", DEMO)
        assert told.wait(WAIT)  # the run has met the lock
        lock.execute("COMMIT")
        lock.close()

        done = ended(core, run.id)

        assert done.state is State.COMPLETED
        assert core.store.messages(run.thread_id)[-1].text.endswith("149, 150.")
        assert numbered(core.store.events(run.id))


# the program's log


def test_log_level_is_for_our_packages_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = logging.getLogger("runs.worker"), logging.getLogger("sqlalchemy")
    for package in bootstrap._PACKAGES:
        monkeypatch.setattr(logging.getLogger(package), "level", logging.NOTSET)

    bootstrap._log_from("INFO")

    assert ours.getEffectiveLevel() == logging.INFO
    assert theirs.getEffectiveLevel() == logging.WARNING


# leaving


@pytest.mark.parametrize("text", ["count to 5", ENDLESS, "wait 30"])
def test_nothing_is_left_of_a_closed_core(url: str, text: str) -> None:
    before = threads_of_ours()
    core = built(url, demo_delay_seconds=SLOW)
    other = built(url)
    run = core.start(text, DEMO)
    with Follower(other.feed, run.id) as follower:  # the thread that looks for commits is there
        assert follower.wait(WAIT)
        began = time.monotonic()
        core.close()
        other.close()

    assert time.monotonic() - began < 5
    assert threads_of_ours() == before
    assert not tasks_of(core)
    store = core.store
    assert isinstance(store, SqlStore)
    for pool in (store._reader.pool, store._engine.pool):
        assert isinstance(pool, QueuePool)
        assert pool.checkedout() == pool.checkedin() == 0


def test_failed_start_leaves_no_thread_behind(sqlite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(store: SqlStore, worker_id: str) -> None:
        raise StoreUnavailable("The disk is full.")

    before = threads_of_ours()
    monkeypatch.setattr(SqlStore, "register_worker", refuses)

    with pytest.raises(StoreUnavailable, match="disk"):
        built(sqlite)

    assert threads_of_ours() == before


def test_core_whose_database_is_locked_can_be_closed(sqlite: str, file: Path) -> None:
    before = threads_of_ours()
    core = built(sqlite, database_busy_seconds=0.1)
    core.start(ENDLESS, DEMO)
    lock = sqlite3.connect(file, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")

    core.close()

    lock.close()
    assert threads_of_ours() == before


def test_closed_core_says_so(sqlite: str) -> None:
    core = built(sqlite)
    run = core.start("count to 3", DEMO)
    core.close()

    for ask in asks(core, run.id):
        with pytest.raises(StoreUnavailable, match="closed"):
            ask()


def test_follower_of_a_closed_core_does_not_wait_forever(sqlite: str) -> None:
    core = built(sqlite, demo_delay_seconds=SLOW)
    run = core.start(ENDLESS, DEMO)
    speaking(core, run.id)
    closing = threading.Thread(target=core.close)

    with pytest.raises(StoreUnavailable, match="closed"):
        for number, _ in enumerate(followed(core, run.id)):
            if number == 0:
                closing.start()

    closing.join(WAIT)


def test_call_that_waits_while_the_loop_closes_is_told() -> None:
    runner = Runner()
    begun = threading.Event()
    told: list[BaseException] = []

    async def never() -> None:
        begun.set()
        await asyncio.Event().wait()

    def caller() -> None:
        try:
            runner.call(never())
        except StoreUnavailable as error:
            told.append(error)

    thread = threading.Thread(target=caller)
    thread.start()
    assert begun.wait(WAIT)

    runner.close()

    thread.join(WAIT)
    assert len(told) == 1


# beneath


def asks(core: ParleyCore, run_id: str) -> list[Callable[[], object]]:
    return [
        lambda: core.start("Hello", DEMO),
        lambda: core.cancel(run_id),
        lambda: list(followed(core, run_id)),
    ]


def client_side(core: ParleyCore) -> Assistant:
    return core.store.save_assistant(
        Assistant(
            id=new_id("asst"),
            model="demo",
            tools=(ToolSpec(name="ask", runs="client"),),
            created_at=datetime.now(UTC),
        )
    )
