"""Many writers at once, in threads and in processes: nothing is lost, nothing doubled."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from conversation.errors import Superseded, ThreadBusy
from conversation.events import StatusChecked
from conversation.ports import Store
from conversation.records import Run, Thread, Write
from conversation.script import State
from storage.schema import upgrade
from storage.store import open_store
from tests.contract.forks import editing, shown, talk
from tests.contract.stores import WAIT, Clock, answer, begin, move, opening, sql_store

PROCESSES, WRITES = 3, 200


def test_seq_has_no_holes_and_no_doubles(store: Store, clock: Clock) -> None:
    run = begin(store, clock)

    def look(thread: int) -> None:
        for number in range(25):
            seen = StatusChecked(status=f"{thread}.{number}")
            store.write(move(run, State.READY, State.READY, seen)).result(WAIT)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(look, range(8)))

    lines = store.events(run.id)
    assert [line.seq for line in lines] == list(range(1, 203))
    assert store.run(run.id).seq == 202
    assert len({line.event.status for line in lines if line.event.kind == "status_checked"}) == 200


def test_one_of_many_movers_wins(store: Store, clock: Clock) -> None:
    run = begin(store, clock)
    step = move(run, State.READY, State.CANCELLING)

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda _: store.write(step).exception(WAIT), range(8)))

    assert outcomes.count(None) == 1
    assert sum(isinstance(outcome, Superseded) for outcome in outcomes) == 7
    assert store.run(run.id).seq == 3


def test_one_of_many_stores_begins_a_run(url: str, clock: Clock) -> None:
    with ExitStack() as stack:
        stores = [stack.enter_context(sql_store(url, clock)) for _ in range(4)]
        ended = begin(stores[0], clock)
        stores[0].write(move(ended, State.READY, State.CANCELLED)).result(WAIT)
        thread = stores[0].thread(ended.thread_id)

        with ThreadPoolExecutor(4) as pool:
            outcomes = list(
                pool.map(lambda s: s.accept(opening(clock, thread)).exception(WAIT), stores)
            )

        active = stores[0].active_run(thread.id)
        assert outcomes.count(None) == 1
        assert active
        busy = [outcome for outcome in outcomes if isinstance(outcome, ThreadBusy)]
        assert [outcome.run_id for outcome in busy] == [active.id] * 3


@pytest.mark.timeout(60)
def test_no_two_writers_find_the_same_position(url: str, clock: Clock) -> None:
    """One store ends runs with an answer while others begin the next one."""
    with ExitStack() as stack:
        first, *others = (stack.enter_context(sql_store(url, clock)) for _ in range(3))
        thread = talk(first, clock, "one")

        for _ in range(15):
            run = begin(first, clock, thread)
            said = answer(run, clock, text="Hi", status="completed")
            ending = move(run, State.READY, State.COMPLETED, messages=(said,))
            with ThreadPoolExecutor(2) as pool:
                begun = [pool.submit(_begin_after, run, store, clock, thread) for store in others]
                first.write(ending).result(WAIT)
            lost = [one.result(WAIT) for one in begun]
            assert {type(one) for one in lost} <= {type(None), ThreadBusy}
            assert lost.count(None) == 1
            last = first.active_run(thread.id)
            assert last
            first.write(move(last, State.READY, State.CANCELLED)).result(WAIT)

        positions = [message.position for message in first.messages(thread.id)]
        assert positions == list(range(1, 2 + 15 * 3 + 1))


def _begin_after(run: Run, store: Store, clock: Clock, thread: Thread) -> BaseException | None:
    """Begin a run as soon as this one has ended; give up when another is under way then."""
    lost: BaseException | None = None
    for _ in range(10_000):
        lost = store.accept(opening(clock, thread)).exception(WAIT)
        if not isinstance(lost, ThreadBusy) or lost.run_id != run.id:
            break
    return lost


@pytest.mark.parametrize("position", [1, 3])
def test_one_of_many_stores_forks_a_branch(url: str, clock: Clock, position: int) -> None:
    with ExitStack() as stack:
        stores = [stack.enter_context(sql_store(url, clock)) for _ in range(4)]
        thread = talk(stores[0], clock, "one", "two")
        message = stores[0].messages(thread.id)[position - 1]
        edits = [(store, editing(store, clock, message, "again")) for store in stores]

        with ThreadPoolExecutor(4) as pool:
            lost = list(pool.map(lambda one: one[0].accept(one[1]).exception(WAIT), edits))

        assert lost.count(None) == 1
        assert sum(isinstance(one, ThreadBusy) for one in lost) == 3
        assert len(stores[0].branches(thread.id)) == 2
        assert shown(stores[0], thread.id) == ["one", "ONE", "again"][-position:]


@pytest.mark.timeout(60)
def test_several_processes_lose_nothing(tmp_path: Path, clock: Clock) -> None:
    url = f"sqlite:///{tmp_path}/parley.db"
    upgrade(url)
    with sql_store(url, clock) as store:
        run = begin(store, clock)
        command = [sys.executable, "-m", __spec__.name, url, run.id]
        processes = [subprocess.Popen([*command, str(n)]) for n in range(PROCESSES)]  # noqa: S603

        assert [process.wait(50) for process in processes] == [0] * PROCESSES

        lines = store.events(run.id)
        assert [line.seq for line in lines] == list(range(1, PROCESSES * WRITES + 3))
        assert store.run(run.id).seq == PROCESSES * WRITES + 2
        said = {line.event.status for line in lines if line.event.kind == "status_checked"}
        assert said == {f"{n}.{i}" for n in range(PROCESSES) for i in range(WRITES)}


def _write_many(url: str, run_id: str, name: str) -> None:
    store = open_store(url)
    for start in range(0, WRITES, 4):
        four = [f"{name}.{number}" for number in range(start, start + 4)]
        for future in [store.write(_look(run_id, status)) for status in four]:
            future.result(WAIT)
    store.close()


def _look(run_id: str, status: str) -> Write:
    seen = (StatusChecked(status=status),)
    return Write(run_id=run_id, expect=State.READY, to=State.READY, events=seen)


if __name__ == "__main__":
    _write_many(*sys.argv[1:])
