"""Workers whose process is gone for certain are struck off; of all others nothing is said."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import create_engine, update

from storage.processes import can_tell, gone
from storage.store import SqlStore
from storage.tables import WorkerRow
from tests.contract.stores import WAIT, Clock, begin

pytestmark = pytest.mark.skipif(not can_tell(), reason="needs /proc, as Linux has it")

EVER = 1e9


@pytest.fixture
def dead() -> Iterator[int]:
    """The id of a process that has ended, and that its parent has not yet asked about."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        yield process.pid


def test_process_that_has_ended_is_gone(dead: int) -> None:
    assert gone(dead, silence=0)
    os.waitpid(dead, 0)
    assert gone(dead, silence=0)


def test_living_process_is_not_gone() -> None:
    assert not gone(os.getpid(), silence=0)


def test_younger_process_of_the_same_id_is_another_one() -> None:
    assert gone(os.getpid(), silence=EVER)


def test_process_of_somebody_else_is_not_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(pid: int, number: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)

    assert not gone(os.getpid(), silence=EVER)


def test_runs_of_a_dead_process_can_be_claimed_at_once(
    sql: SqlStore, url: str, clock: Clock, dead: int
) -> None:
    sql.register_worker("worker_dead").result(WAIT)
    change(url, pid=dead)
    run = begin(sql, clock, worker_id="worker_dead")
    assert sql.executed_by(run.id, dead_after=60) == "worker_dead"

    assert sql.remove_dead_workers().result(WAIT) == 1

    assert sql.orphans(providers=["demo"], dead_after=60) == [run.id]


def test_workers_that_live_or_may_live_are_kept(
    sql: SqlStore, url: str, clock: Clock, dead: int
) -> None:
    sql.register_worker("worker_elsewhere").result(WAIT)
    change(url, pid=dead, host="another-computer")
    sql.register_worker("worker_here").result(WAIT)

    assert sql.remove_dead_workers().result(WAIT) == 0


def change(url: str, **values: Any) -> None:
    """Change all rows of workers."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(update(WorkerRow).values(**values))
    engine.dispose()
