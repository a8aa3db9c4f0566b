"""Noticing commits, of this process and of others."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from conversation.ports import ChangeWatch, Store
from conversation.script import State
from storage.store import SqlStore
from tests.contract.stores import WAIT, Clock, begin, move, sql_store


@pytest.fixture
def watch(store: Store) -> Iterator[ChangeWatch]:
    """A watch that has seen all there is."""
    with closing(store.watch_changes()) as opened:
        yield opened


def test_commit_wakes_who_waits(store: Store, clock: Clock, watch: ChangeWatch) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(watch.wait, WAIT)
        begin(store, clock)
        assert waiting.result(WAIT) is True


def test_commit_before_the_wait_is_noticed(store: Store, clock: Clock, watch: ChangeWatch) -> None:
    run = begin(store, clock)

    assert watch.wait(WAIT) is True
    assert watch.wait(0.0) is False
    store.write(move(run, State.READY, State.STARTED)).result(WAIT)
    assert watch.wait(WAIT) is True


def test_wait_ends_in_time(watch: ChangeWatch) -> None:
    assert watch.wait(0.01) is False


def test_close_ends_the_wait(store: Store) -> None:
    watch = store.watch_changes()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(watch.wait, 60.0)
        watch.close()
        assert waiting.result(WAIT) is False
    watch.close()


def test_other_stores_commits_are_noticed(sql: SqlStore, url: str, clock: Clock) -> None:
    with sql_store(url, clock) as other, closing(sql.watch_changes()) as watch:
        begin(other, clock)
        assert watch.wait(WAIT) is True
