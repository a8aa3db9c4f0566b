"""A process of a scenario: a core on the shared database, and somebody who keeps it busy."""

import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from conversation.errors import ParleyError, StoreUnavailable
from conversation.follower import Follower
from conversation.history import Filter
from conversation.script import OPEN, TERMINAL, State
from runs.means import Limits
from setup.bootstrap import build
from setup.core import ParleyCore
from setup.leaving import Departure
from setup.settings import Settings
from tests.chaos.functions import functions
from tests.chaos.journal import Journal
from tests.chaos.load import Load, watch_a_moment
from tests.contract.cores import DEMO

LIMITS: Final = Limits(dead_after=2, heartbeat=0.3, sweep=0.2, store_retry=0.2, max_attempts=10_000)
COUNTED: Final = 300
NO_PROGRESS: Final = 45.0
"""Seconds in which nothing at all has moved any more, so that what is open is stuck."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a scenario takes place."""

    url: str
    folder: Path
    assistant_id: str
    drain_seconds: float = 0.0
    busy_seconds: float = 10.0
    word_seconds: float = 0.001

    @property
    def journal(self) -> Path:
        """What all processes tell."""
        return self.folder / "journal.txt"

    @property
    def log(self) -> Path:
        """What their programs log."""
        return self.folder / "log.txt"


def work(place: Place, seed: str, heard: Connection) -> None:
    """Keep a core busy until this process is killed or told to end; tell of every step."""
    journal = Journal(place.journal)
    core = _core(place, journal)
    if core is None:
        return
    departure = Departure(core)
    departure.on_sigterm()
    load = Load(core, journal, seed, place.assistant_id)
    try:
        with suppress(BrokenPipeError):  # nobody listens any more
            while True:
                load.step()
                heard.send_bytes(b".")
    finally:
        departure.at_exit()


def hold(place: Place, heard: Connection) -> None:
    """Follow one long run to its end; tell of it once what the model says is in the log."""
    journal = Journal(place.journal)
    core = _core(place, journal)
    if core is None:
        return
    run = core.start(f"count to {COUNTED}", DEMO)
    with Follower(core.feed, run.id) as follower:
        while not follower.ended:
            follower.wait(NO_PROGRESS)
            follower.take()
            if any(said.role == "assistant" and said.text for said in core.store.texts(run.id)):
                heard.send_bytes(run.id.encode())
    core.close()


def finish(place: Place, seed: str, heard: Connection) -> None:
    """See to it that nothing is left: what waits is answered, what is queued is sent."""
    journal = Journal(place.journal)
    core = _core(place, journal)
    if core is None:
        return
    load = Load(core, journal, seed, place.assistant_id)
    left, since = _left(core), time.monotonic()
    while left and time.monotonic() - since < NO_PROGRESS:
        load.tend()
        for message in core.store.first_waiting(TERMINAL):
            with suppress(ParleyError):
                core.send_queued(message.thread_id)
        watch_a_moment(core)
        before, left = left, _left(core)
        if left != before:
            since = time.monotonic()
    for what in left:
        journal.tell("stuck", *what)
    core.store.sweep_texts(ended_before=datetime.now(UTC) + timedelta(days=1)).result()
    core.close()
    heard.send_bytes(b"!")


def log_to(file: Path) -> None:
    """Let this process log there."""
    logging.basicConfig(
        filename=file,
        format="%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s",
        force=True,
    )


def _core(place: Place, journal: Journal) -> ParleyCore | None:
    """Put a core together; None, which is told, where the database can't be used now."""
    log_to(place.log)
    settings = {
        "database_url": place.url,
        "database_busy_seconds": place.busy_seconds,
        "demo_delay_seconds": place.word_seconds,
        "drain_seconds": place.drain_seconds,
        "run_worker_at_once": 4,  # more go through the queue, where there is one
        "thread_titles": "words",
    }
    try:
        return build(Settings.model_validate(settings), tools=functions(journal), limits=LIMITS)
    except StoreUnavailable as error:
        journal.tell("unavailable", *error.message.split())
        return None


def _left(core: ParleyCore) -> set[tuple[str, ...]]:
    """Return what is not over, with its place in the log, so that any progress can be seen.

    Queues come first: what leaves one meanwhile is a run by then.
    """
    waiting = core.store.first_waiting(frozenset(State))
    queued = [one for first in waiting for one in core.store.queue(first.thread_id)]
    lines = list(core.history.each_run(Filter(states=OPEN)))
    runs = [core.store.run(line.run_id) for line in lines]
    return {
        *((run.id, run.state.value, str(run.seq), str(run.fence)) for run in runs),
        *((one.id, "queued") for one in queued),
    }
