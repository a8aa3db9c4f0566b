"""Who executes which run, and what becomes of the runs of the dead."""

import subprocess
import sys
from datetime import timedelta

import pytest

from conversation.errors import NotFound, Superseded
from conversation.ports import Store
from conversation.records import Run, RunSpec
from conversation.script import State
from storage.processes import can_tell
from storage.store import SqlStore
from tests.contract.stores import WAIT, Clock, begin, move

DEAD_AFTER = 10.0


@pytest.fixture
def taken(store: Store, clock: Clock) -> Run:
    """A run that a living worker has."""
    store.register_worker("worker_one").result(WAIT)
    run = begin(store, clock)
    return store.claim(run.id, "worker_one", dead_after=DEAD_AFTER).result(WAIT)


def test_claim_raises_fence_and_attempt(store: Store, taken: Run) -> None:
    assert (taken.fence, taken.attempt, taken.worker_id) == (1, 1, "worker_one")
    assert store.run(taken.id) == taken
    assert store.executing("worker_one") == {taken.id: (State.READY, 1)}


def test_living_worker_keeps_its_run(store: Store, clock: Clock, taken: Run) -> None:
    clock.forward(DEAD_AFTER)
    store.register_worker("worker_two").result(WAIT)

    with pytest.raises(Superseded):
        store.claim(taken.id, "worker_two", dead_after=DEAD_AFTER).result(WAIT)

    assert store.executed_by(taken.id, dead_after=DEAD_AFTER) == "worker_one"
    assert _orphans(store) == []


def test_dead_workers_run_is_claimed(store: Store, clock: Clock, taken: Run) -> None:
    clock.forward(DEAD_AFTER + 1)

    assert _orphans(store) == [taken.id]
    assert store.executed_by(taken.id, dead_after=DEAD_AFTER) is None
    claimed = store.claim(taken.id, "worker_two", dead_after=DEAD_AFTER).result(WAIT)
    assert (claimed.fence, claimed.attempt, claimed.worker_id) == (2, 2, "worker_two")


def test_sign_of_life_keeps_runs(store: Store, clock: Clock, taken: Run) -> None:
    clock.forward(DEAD_AFTER)
    store.worker_alive("worker_one").result(WAIT)
    clock.forward(DEAD_AFTER)

    assert _orphans(store) == []
    assert store.executed_by(taken.id, dead_after=DEAD_AFTER) == "worker_one"


def test_removed_worker_leaves_its_runs(store: Store, taken: Run) -> None:
    store.remove_worker("worker_one").result(WAIT)

    assert _orphans(store) == [taken.id]
    with pytest.raises(NotFound):
        store.worker_alive("worker_one").result(WAIT)


def test_worker_may_claim_its_own_run_again(store: Store, taken: Run) -> None:
    again = store.claim(taken.id, "worker_one", dead_after=DEAD_AFTER).result(WAIT)

    assert again.fence == taken.fence + 1


def test_run_that_was_claimed_since_can_not_be_claimed_under_its_old_fence(
    store: Store, taken: Run
) -> None:
    with pytest.raises(Superseded):
        store.claim(taken.id, "worker_one", dead_after=DEAD_AFTER, fence=0).result(WAIT)

    again = store.claim(taken.id, "worker_one", dead_after=DEAD_AFTER, fence=taken.fence)
    assert again.result(WAIT).fence == taken.fence + 1


def test_ended_run_can_not_be_claimed(store: Store, clock: Clock) -> None:
    run = begin(store, clock)
    store.write(move(run, State.READY, State.CANCELLED)).result(WAIT)

    with pytest.raises(Superseded):
        store.claim(run.id, "worker_one", dead_after=DEAD_AFTER).result(WAIT)
    with pytest.raises(NotFound):
        store.claim("run_unknown", "worker_one", dead_after=DEAD_AFTER).result(WAIT)
    assert _orphans(store) == []


def test_waiting_run_is_no_orphan_until_claimed(store: Store, clock: Clock) -> None:
    run = begin(store, clock)
    store.write(
        move(run, State.READY, State.REQUIRES_ACTION, release=True, waiting="client")
    ).result(WAIT)

    assert _orphans(store) == []
    claimed = store.claim(run.id, "worker_one", dead_after=DEAD_AFTER).result(WAIT)
    assert claimed.waiting is None


def test_next_segment_is_no_new_attempt(store: Store, taken: Run) -> None:
    waiting = move(taken, State.READY, State.REQUIRES_ACTION, release=True, waiting="person")
    store.write(waiting).result(WAIT)

    claimed = store.claim(taken.id, "worker_one", dead_after=DEAD_AFTER).result(WAIT)

    assert (claimed.fence, claimed.attempt) == (taken.fence + 1, taken.attempt)


def test_living_processes_keep_their_workers(store: Store, taken: Run) -> None:
    assert store.remove_dead_workers().result(WAIT) == 0
    assert store.executed_by(taken.id, dead_after=DEAD_AFTER) == "worker_one"


@pytest.mark.skipif(not can_tell(), reason="the system does not tell which processes are gone")
def test_gone_processes_lose_their_workers(sql: SqlStore, url: str, clock: Clock) -> None:
    run = begin(sql, clock, worker_id="worker_gone")
    program = (
        "from storage.store import open_store; "
        f"store = open_store({url!r}); store.register_worker('worker_gone').result()"
    )
    subprocess.run([sys.executable, "-c", program], check=True)  # noqa: S603
    assert sql.executed_by(run.id, dead_after=DEAD_AFTER) == "worker_gone"

    assert sql.remove_dead_workers().result(WAIT) == 1

    assert sql.executed_by(run.id, dead_after=DEAD_AFTER) is None
    assert sql.remove_dead_workers().result(WAIT) == 0


def test_orphans_are_of_the_named_providers(store: Store, clock: Clock) -> None:
    begin(store, clock, spec=RunSpec(provider="openai", model="gpt"))
    first, second = begin(store, clock), begin(store, clock)

    assert _orphans(store) == [first.id, second.id]
    assert store.orphans(providers={"demo"}, dead_after=1, limit=1) == [first.id]
    assert store.orphans(providers=(), dead_after=1) == []


def test_expired_runs_are_open_and_unexecuted(store: Store, clock: Clock, taken: Run) -> None:
    soon = clock.time + timedelta(seconds=5)
    expiring = begin(store, clock, expires_at=soon)
    executed = begin(store, clock, expires_at=soon)
    store.claim(executed.id, "worker_one", dead_after=DEAD_AFTER).result(WAIT)
    over = begin(store, clock, expires_at=soon)
    store.write(move(over, State.READY, State.CANCELLED)).result(WAIT)

    assert store.expired(now=clock.time, dead_after=DEAD_AFTER) == []
    assert store.expired(now=soon, dead_after=DEAD_AFTER) == [expiring]
    clock.forward(DEAD_AFTER + 1)
    dead = store.expired(now=clock.time, dead_after=DEAD_AFTER)
    assert [run.id for run in dead] == [expiring.id, executed.id]
    assert taken.expires_at is None


def test_executing_lists_open_runs_only(store: Store, taken: Run) -> None:
    store.write(move(taken, State.READY, State.CANCELLED, fence=taken.fence)).result(WAIT)

    assert store.executing("worker_one") == {}
    assert store.executed_by(taken.id, dead_after=DEAD_AFTER) is None


def _orphans(store: Store) -> list[str]:
    return store.orphans(providers=["demo", "gemini"], dead_after=DEAD_AFTER)
