"""Processes that are killed, frozen or told to end in the middle of their work.

`make chaos` is the long form. `PARLEY_CHAOS_SEED` repeats what a run has chosen to do; each says
which seed it has used.
"""

import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from conversation.script import State
from runs.means import Limits
from storage.store import open_store
from tests.chaos.crew import Member
from tests.chaos.member import COUNTED, hold
from tests.chaos.scenarios import drains, kills, prepared
from tests.contract.cores import ended, running, until

KILLS = 10
STEPS = 5
DRAINS = 4
DRAIN_SECONDS = 0.5


pytestmark = pytest.mark.timeout(600)  # for machines that have much else to do


@pytest.fixture
def held(sqlite: str, tmp_path: Path) -> Iterator[tuple[Member, str]]:
    """A process that executes one long run, and the run's id."""
    member = Member(hold, prepared(sqlite, tmp_path, word_seconds=0.02))
    yield member, member.says()
    member.signal(signal.SIGCONT)
    member.kill()


def test_nothing_is_lost_or_done_twice_when_killed(url: str, tmp_path: Path, seed: str) -> None:
    verdict = kills(prepared(url, tmp_path), seed, KILLS, STEPS)

    assert not verdict.violations
    assert verdict.runs > KILLS


def test_nothing_is_lost_when_told_to_end(sqlite: str, tmp_path: Path, seed: str) -> None:
    place = prepared(sqlite, tmp_path, drain_seconds=DRAIN_SECONDS)

    verdict = drains(place, seed, DRAINS, STEPS)

    assert not verdict.violations


def test_killed_process_is_succeeded_at_once(held: tuple[Member, str], sqlite: str) -> None:
    member, run_id = held
    member.kill()

    with running(sqlite, limits=Limits(dead_after=3600)) as core:  # no silence would do
        until(core, run_id, lambda run: run.attempt == 2)
        ended(core, run_id)


def test_frozen_process_is_fenced_off(held: tuple[Member, str], sqlite: str) -> None:
    member, run_id = held
    member.signal(signal.SIGSTOP)
    with running(sqlite, limits=Limits(dead_after=1, sweep=0.1)) as core:
        done = ended(core, run_id)
        before = core.store.exchange(run_id), core.store.events(run_id)

    member.signal(signal.SIGCONT)

    assert member.ended() == 0
    assert (done.state, done.attempt) == (State.COMPLETED, 2)
    with closing(open_store(sqlite)) as store:
        assert (store.exchange(run_id), store.events(run_id)) == before
        assert store.messages(done.thread_id)[-1].text.endswith(f"{COUNTED - 1}, {COUNTED}.")
