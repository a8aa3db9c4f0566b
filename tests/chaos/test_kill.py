"""Processes that are killed or frozen in the middle of their work.

`PARLEY_CHAOS_SEED` repeats a run of the first test; each prints the seed it has used.
"""

import os
import random
import secrets
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Final

import pytest

from conversation.events import MessageRetrieved, StateChanged, ToolExecuted, ToolStarted
from conversation.records import Run
from conversation.script import State
from mediator.states import TARGETS, legal
from runs.means import Limits
from storage.store import SqlStore, open_store
from tests.chaos.child import COUNTED
from tests.contract.cores import ended, running, until
from tests.contract.processes import numbered

ROOT: Final = Path(__file__).parents[2]
KILLS: Final = 10
LONGEST: Final = 0.8
WAIT: Final = 30.0


class Child:
    """A process that works, and what it has said it accepted."""

    def __init__(self, folder: Path) -> None:
        self.database = f"sqlite:///{folder}/parley.db"
        self.effects = folder / "effects.txt"
        self.accepted: list[str] = []

    @contextmanager
    def begun(self, mode: str, seed: str = "") -> Iterator["subprocess.Popen[str]"]:
        """Start the process, and wait until it has accepted something."""
        command = [sys.executable, "-m", "tests.chaos.child"]
        with subprocess.Popen(  # noqa: S603 (ourselves)
            [*command, mode, self.database, str(self.effects), seed],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                assert process.stdout is not None
                self._hear(process.stdout.readline())
                yield process
                self.hear(process.stdout)
            finally:
                process.kill()

    def hear(self, said: IO[str]) -> None:
        """Take what else was said, up to the end."""
        for line in said:
            self._hear(line)

    def _hear(self, line: str) -> None:
        if line.startswith("accepted ") and line.endswith("\n"):
            self.accepted.append(line.split()[1])


@pytest.fixture
def child(tmp_path: Path) -> Child:
    """A child on a database that is not there yet."""
    return Child(tmp_path)


def test_nothing_is_lost_or_done_twice_when_killed(child: Child) -> None:
    seed = os.environ.get("PARLEY_CHAOS_SEED") or secrets.token_hex(4)
    sys.stdout.write(f"PARLEY_CHAOS_SEED={seed}\n")
    dice = random.Random(seed)  # noqa: S311 (to be repeated, not to be secret)
    for number in range(KILLS):
        with child.begun("work", f"{seed}-{number}") as process:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(dice.uniform(0, LONGEST))
            process.kill()
    with child.begun("finish", f"{seed}-last") as process:
        pass

    assert process.returncode == 0
    assert len(child.accepted) > KILLS
    with closing(open_store(child.database)) as store:
        runs = [run for thread in store.threads() for run in store.runs(thread.id)]
        assert set(child.accepted) <= {run.id for run in runs}
        assert len(set(child.accepted)) == len(child.accepted)
        for run in runs:
            assert run.ended, run
            assert_message_kept_once(store, run)
            assert_log_replays(store, run)
            assert_texts_are_those_of_the_log(store, run)
        assert_effects_fit(store, runs, child.effects.read_text().splitlines())


def assert_message_kept_once(store: SqlStore, run: Run) -> None:
    ids = [message.id for message in store.messages(run.thread_id)]
    assert ids.count(str(run.message_id)) == 1
    assert len(ids) == len(set(ids))


def assert_log_replays(store: SqlStore, run: Run) -> None:
    """Check that the log leads, step by step of the script, to where the run stands."""
    logged = store.events(run.id)
    assert numbered(logged)
    assert run.seq == len(logged)
    state = State.NEW
    for line in logged:
        if isinstance(line.event, StateChanged):
            assert line.event.before is state
            assert legal(line.event.trigger, state)
            state = TARGETS[line.event.trigger]
            assert line.event.after is state
    assert state is run.state


def assert_texts_are_those_of_the_log(store: SqlStore, run: Run) -> None:
    kept = {message.id: message for message in store.texts(run.id)}
    assert all(message.status != "in_progress" for message in kept.values())
    for logged in store.events(run.id):
        if isinstance(logged.event, MessageRetrieved):
            message = kept[logged.event.message_id]
            assert (message.text, message.status) == (logged.event.text, "completed")


def assert_effects_fit(store: SqlStore, runs: list[Run], effects: list[str]) -> None:
    """Check what functions did against the log: outputs once, launches at most once."""
    events = [logged.event for run in runs for logged in store.events(run.id)]
    outputs = Counter(event.call_id for event in events if isinstance(event, ToolExecuted))
    assert set(outputs.values()) == {1}
    done = Counter(effects)
    assert {times for effect, times in done.items() if effect.startswith("launch")} == {1}
    begun = {
        f"{event.name} {event.arguments.split(chr(34))[3]}"
        for event in events
        if isinstance(event, ToolStarted)
    }
    assert set(done) <= begun


def test_killed_process_is_succeeded_at_once(child: Child) -> None:
    with child.begun("hold") as process:
        process.kill()
        process.wait(WAIT)
        [run_id] = child.accepted
        began = time.monotonic()
        with running(child.database, limits=Limits()) as core:  # would wait for 6 s, if it had to
            until(core, run_id, lambda run: run.attempt == 2)
            seconds = time.monotonic() - began
            ended(core, run_id)
    assert seconds < 2


def test_frozen_process_is_fenced_off(child: Child) -> None:
    with child.begun("hold") as process:
        process.send_signal(signal.SIGSTOP)
        [run_id] = child.accepted
        with running(child.database, limits=Limits(dead_after=1, sweep=0.1)) as core:
            done = ended(core, run_id)
            before = core.store.exchange(run_id), core.store.events(run_id)

        process.send_signal(signal.SIGCONT)
        process.wait(WAIT)

    assert process.returncode == 0
    assert (done.state, done.attempt) == (State.COMPLETED, 2)
    with closing(open_store(child.database)) as store:
        assert (store.exchange(run_id), store.events(run_id)) == before
        assert store.messages(done.thread_id)[-1].text.endswith(f"{COUNTED - 1}, {COUNTED}.")
        assert_log_replays(store, done)
