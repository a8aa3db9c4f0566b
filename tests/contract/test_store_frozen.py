"""A writer that stands still in the middle of a transaction, as a frozen process does."""

import threading
from concurrent.futures import Future

import pytest
from sqlalchemy import Connection

from conversation.errors import StoreUnavailable
from conversation.events import Logged
from conversation.records import Run
from conversation.script import State
from storage import writing
from storage.store import SqlStore
from tests.contract.stores import WAIT, Clock, begin, move, sql_store

IMPATIENT = 0.4
TRIES = 20


def written(store: SqlStore, run: Run) -> int:
    """Cancel a run, trying again as whoever executes one does; return how often that took."""
    for tries in range(1, TRIES):
        try:
            store.write(move(run, State.READY, State.CANCELLING)).result(WAIT)
        except StoreUnavailable:
            continue
        return tries
    return TRIES


def test_frozen_writer_holds_nobody_up_for_long(postgres: str, clock: Clock) -> None:
    stands, goes_on = threading.Event(), threading.Event()
    with (
        sql_store(postgres, clock, busy_timeout=IMPATIENT) as frozen,
        sql_store(postgres, clock, busy_timeout=IMPATIENT) as living,
    ):
        run = begin(living, clock)

        def freeze(connection: Connection) -> list[Logged]:
            lines = writing.write(connection, move(run, State.READY, State.STARTED), clock())
            stands.set()
            goes_on.wait(WAIT)
            return lines

        lost: Future[list[Logged]] = frozen._write(freeze)
        assert stands.wait(WAIT)

        assert written(living, run) < TRIES

        goes_on.set()
        with pytest.raises(StoreUnavailable, match="lost"):
            lost.result(WAIT)
        assert living.run(run.id).state is State.CANCELLING
        begin(frozen, clock)  # over a new connection
