"""What is done to processes and databases while they work."""

import random
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from conversation.events import Logged
from conversation.ids import new_id
from conversation.records import Assistant, Message, Run
from storage.schema import upgrade
from storage.store import open_store
from tests.chaos.crew import WAIT, Crew
from tests.chaos.databases import Cluster
from tests.chaos.functions import functions, with_client
from tests.chaos.journal import Journal
from tests.chaos.member import LIMITS, Place
from tests.chaos.verdict import Verdict, judged

STEPS: Final = 12
"""At most how many things a process does before it is struck, unless said."""
HOT: Final = 0.1
"""Within how many seconds after that it is struck."""
SHORT: Final = (LIMITS.dead_after, 2 * LIMITS.dead_after)
"""Seconds after which a process that is frozen has just been succeeded."""
LEAVING: Final = 10.0
"""What a busy machine may add to the seconds in which a process has to end."""

Kept = dict[str, tuple[Run, list[Logged], list[Message]]]


@dataclass
class Scene:
    """A scenario under way: its crew, its dice, and what is noted of it."""

    place: Place
    seed: str
    crew: Crew
    dice: random.Random
    verdict: Verdict
    steps: int = STEPS

    def busy(self, which: int) -> None:
        """Let a process do something, and then a moment pass."""
        member = self.crew.members[which]
        member.skip()
        if not member.works(1 + self.dice.randrange(self.steps)):
            code = member.ended(0)
            self.verdict.violations.append(f"a process does nothing any more, or ended by {code}")
        time.sleep(self.dice.uniform(0, HOT))


@contextmanager
def scene(name: str, place: Place, seed: str) -> Iterator[Scene]:
    """Set the scene; at its end everything is brought to an end, and judged."""
    verdict = Verdict(scenario=name)
    began = time.monotonic()
    with Crew(place, seed) as crew:
        dice = random.Random(seed)  # noqa: S311 (to be repeated, not to be secret)
        yield Scene(place, seed, crew, dice, verdict)
        if not crew.finish():
            verdict.violations.append("what was left could not be brought to an end")
    judged(verdict, place)
    verdict.seconds = time.monotonic() - began


def kills(place: Place, seed: str, count: int, steps: int = STEPS) -> Verdict:
    """Kill one of two processes, again and again; another takes its place."""
    with scene("kill -9", place, seed) as here:
        here.steps = steps
        for _ in range(count):
            which = here.dice.randrange(2)
            here.busy(which)
            here.crew.members[which].kill()
            here.crew.replace(which)
            here.verdict.blows += 1
    return here.verdict


def freezes(place: Place, seed: str, long: tuple[float, ...], short: int) -> Verdict:
    """Freeze one of two processes for a while; what has ended meanwhile stays as it is.

    After a short freeze, what was taken over is under way elsewhere.
    """
    kept: Kept = {}
    steps = []
    with scene("freeze", place, seed) as here:
        for seconds in (*long, *(here.dice.uniform(*SHORT) for _ in range(short))):
            which = here.dice.randrange(2)
            here.busy(which)
            here.crew.members[which].signal(signal.SIGSTOP)
            here.crew.members[1 - which].skip()
            time.sleep(seconds)
            steps.append(here.crew.members[1 - which].skip())
            kept |= ended_runs(place)
            here.crew.members[which].signal(signal.SIGCONT)
            here.verdict.blows += 1
            for member in here.crew.members:
                member.skip()
                if not member.works(3):
                    here.verdict.violations.append("a process does not go on after a freeze")
    here.verdict.remarks.append(f"meanwhile the other did so many things: {steps}")
    now = ended_runs(place)
    changed = [run_id for run_id, before in kept.items() if now[run_id] != before]
    here.verdict.violations += [f"{run_id} changed after its end" for run_id in changed]
    return here.verdict


def drains(place: Place, seed: str, count: int, steps: int = STEPS) -> Verdict:
    """Tell one of two processes to end; it does so in time, and the other goes on."""
    longest = 0.0
    with scene("SIGTERM", place, seed) as here:
        here.steps = steps
        for _ in range(count):
            which = here.dice.randrange(2)
            here.busy(which)
            began = time.monotonic()
            here.crew.members[which].signal(signal.SIGTERM)
            code = here.crew.members[which].ended()
            longest = max(longest, time.monotonic() - began)
            if code != 128 + signal.SIGTERM:
                here.verdict.violations.append(f"SIGTERM ended a process by {code}")
            here.crew.replace(which)
            here.verdict.blows += 1
    if longest > place.drain_seconds + LEAVING:
        here.verdict.violations.append(f"a process took {longest:.1f} s to end")
    here.verdict.remarks.append(f"the slowest process took {longest:.1f} s to end")
    return here.verdict


def outages(
    place: Place, seed: str, count: int, down: Callable[[], None], up: Callable[[], None], name: str
) -> Verdict:
    """Take the database away and give it back; everybody goes on."""
    with scene(name, place, seed) as here:
        for _ in range(count):
            here.busy(here.dice.randrange(2))
            down()
            up()
            here.verdict.blows += 1
            for member in here.crew.members:
                member.skip()
                if not member.works(5):
                    here.verdict.violations.append("a process does not go on after an outage")
    return here.verdict


def server_outages(place: Place, seed: str, count: int, seconds: float, own: Cluster) -> Verdict:
    """Stop the server as a crash would, and start it again some seconds later."""

    def down() -> None:
        own.stop()
        time.sleep(seconds)

    return outages(place, seed, count, down, own.start, "server down")


def locked_outages(place: Place, seed: str, count: int, seconds: float) -> Verdict:
    """Lock the file, as a backup might, for longer than anybody waits."""
    with locked(place, seconds) as (down, up):
        return outages(place, seed, count, down, up, "file locked")


@contextmanager
def locked(place: Place, seconds: float) -> Iterator[tuple[Callable[[], None], Callable[[], None]]]:
    """Yield what locks a file for so long, and what unlocks it."""
    file = place.url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(file, isolation_level=None, timeout=WAIT)) as lock:

        def down() -> None:
            lock.execute("BEGIN IMMEDIATE")
            time.sleep(seconds)

        yield down, partial(_roll_back, lock)


def prepared(url: str, folder: Path, **options: float) -> Place:
    """Make a database ready, with an assistant whose client runs a function."""
    upgrade(url)
    journal = Journal(folder / "journal.txt")
    assistant = Assistant(
        id=new_id("asst"),
        model="demo",
        tools=with_client(functions(journal)),
        created_at=datetime.now(UTC),
    )
    journal.close()
    with closing(open_store(url)) as store:
        store.save_assistant(assistant)
    return Place(url=url, folder=folder, assistant_id=assistant.id, **options)


def _roll_back(lock: sqlite3.Connection) -> None:
    lock.execute("ROLLBACK")


def ended_runs(place: Place) -> Kept:
    """Return all that is kept of the runs that have ended."""
    with closing(open_store(place.url)) as store:
        runs = [run for thread in store.threads() for run in store.runs(thread.id) if run.ended]
        return {run.id: (run, store.events(run.id), store.texts(run.id)) for run in runs}
