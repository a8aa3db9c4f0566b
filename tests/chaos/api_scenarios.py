"""What is done to API servers and their database while clients use them."""

import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Final

import httpx2

from conversation.history import Filter
from conversation.script import OPEN
from storage.store import open_store
from tests.chaos.api_checks import API_CHECKS
from tests.chaos.api_member import WORKER, Site, ask, serve
from tests.chaos.crew import WAIT, Member
from tests.chaos.databases import Cluster, free_port
from tests.chaos.journal import Journal
from tests.chaos.member import LIMITS, Place, finish
from tests.chaos.scenarios import HOT, LEAVING, Kept, ended_runs, locked
from tests.chaos.verdict import Verdict, judged

STEPS: Final = 12
LONG: Final = 60
FROZEN: Final = (LIMITS.dead_after, 3 * LIMITS.dead_after)
COUNTED: Final = {
    "lost": "requests or streams broke",
    "unavailable": "were told to come again",
    "unanswered": "were given up",
    "replayed": "answers were given again",
    "attached-again": "times a run's events were asked for again",
}


@dataclass
class ApiScene:
    """A scenario under way: its servers, its clients, its dice, and what is noted of it."""

    site: Site
    members: list[Member]
    clients: Member
    dice: random.Random
    verdict: Verdict
    ages: list[int]
    """How much had been done when each was begun."""
    steps: int = STEPS

    def busy(self, at_most: int | None = None) -> None:
        """Let the clients get something done, and then a moment pass."""
        self.clients.skip()
        if not self.clients.works(1 + self.dice.randrange(at_most or self.steps)):
            self.verdict.violations.append("the clients get nothing done any more")
        time.sleep(self.dice.uniform(0, HOT))

    def any(self) -> int:
        """Choose a server or worker; mostly the oldest, for others may only be beginning."""
        numbers = range(len(self.members))
        if self.dice.random() < 0.3:
            return self.dice.choice(numbers)
        return min(numbers, key=self.ages.__getitem__)

    def kill(self, which: int) -> None:
        """Kill one; another takes its place, and its port."""
        self.members[which].kill()
        self.members[which] = _begin(self.site, which)
        self.verdict.blows += 1
        self.ages[which] = self.verdict.blows

    def up(self) -> None:
        """Wait until all servers answer; a worker is one by then, too."""
        latest = time.monotonic() + WAIT
        for port in self.site.ports:
            while not _answers(port) and time.monotonic() < latest:
                time.sleep(HOT)


def sited(place: Place) -> Site:
    """Return servers for a place: three, or on PostgreSQL two and a worker."""
    ports = [free_port() for _ in range(3)]
    if place.url.startswith("sqlite"):
        return Site(place=place, members=tuple(ports), executing=tuple(ports))
    return Site(place=place, members=(*ports[:2], WORKER), executing=(ports[0],))


@contextmanager
def api_scene(name: str, place: Place, seed: str) -> Iterator[ApiScene]:
    """Set the scene; at its end all that was begun is ended through the API, and judged."""
    verdict = Verdict(scenario=name)
    began = time.monotonic()
    site = sited(place)
    members = [_begin(site, which) for which in range(len(site.members))]
    clients = Member(ask, site, seed)
    dice = random.Random(seed)  # noqa: S311 (to be repeated, not to be secret)
    here = ApiScene(site, members, clients, dice, verdict, [0] * len(members))
    try:
        here.busy()
        yield here
        _end(here, seed)
    finally:
        for member in (*here.members, clients):
            member.signal(signal.SIGCONT)
            member.kill()
    judged(verdict, place)
    _judge(verdict, place)
    verdict.seconds = time.monotonic() - began


def api_kills(place: Place, seed: str, count: int, steps: int = STEPS) -> Verdict:
    """Kill one of the servers (or the worker), again and again, sometimes all of them at once."""
    with api_scene("API, kill -9", place, seed) as here:
        here.steps = steps
        while here.verdict.blows < count:
            here.busy()
            if here.dice.random() < 0.1:
                for which in range(min(len(here.members), count - here.verdict.blows)):
                    here.kill(which)
            else:
                here.kill(here.any())
    return here.verdict


def api_freezes(place: Place, seed: str, count: int) -> Verdict:
    """Freeze one until its runs are under way elsewhere; what has ended by then stays as it is."""
    kept: Kept = {}
    with api_scene("API, freeze", place, seed) as here:
        for _ in range(count):
            here.busy(LONG)
            which = here.any()
            here.members[which].signal(signal.SIGSTOP)
            time.sleep(here.dice.uniform(*FROZEN))
            kept |= ended_runs(place)
            here.members[which].signal(signal.SIGCONT)
            here.verdict.blows += 1
            here.busy(5)
    now = ended_runs(place)
    changed = [run_id for run_id, before in kept.items() if now[run_id] != before]
    here.verdict.violations += [f"{run_id} changed after its end" for run_id in changed]
    return here.verdict


def api_outages(
    place: Place,
    seed: str,
    count: int,
    down: Callable[[], None],
    up: Callable[[], None],
    name: str,
    steps: int = LONG,
) -> Verdict:
    """Take the database away and give it back; everybody goes on."""
    with api_scene(name, place, seed) as here:
        for _ in range(count):
            here.busy(steps)
            down()
            up()
            here.verdict.blows += 1
            here.busy(5)
    return here.verdict


def api_server_outages(
    place: Place, seed: str, count: int, seconds: float, own: Cluster
) -> Verdict:
    """Stop the database's server as a crash would, and start it again some seconds later."""

    def down() -> None:
        own.stop()
        time.sleep(seconds)

    return api_outages(place, seed, count, down, own.start, "API, server down")


def api_locked_outages(
    place: Place, seed: str, count: int, seconds: float, steps: int = LONG
) -> Verdict:
    """Lock the file, as a backup might, for longer than anybody waits."""
    with locked(place, seconds) as (down, up):
        return api_outages(place, seed, count, down, up, "API, file locked", steps)


def _answers(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/health", trust_env=False).is_success
    except httpx2.TransportError:
        return False


def _begin(site: Site, which: int) -> Member:
    return Member(serve, site, site.members[which])


def _end(here: ApiScene, seed: str) -> None:
    """Let the clients see their runs through, the servers end, and what is left be tidied up."""
    told = here.verdict.violations
    here.clients.signal(signal.SIGTERM)
    if here.clients.ended(3 * WAIT) != 0:
        told.append("the clients could not see their runs through")
    here.up()
    told += _stuck(here.site.place)
    for member in here.members:
        member.signal(signal.SIGTERM)
    for port, member in zip(here.site.members, here.members, strict=True):
        code = member.ended(here.site.place.drain_seconds + LEAVING)
        if code not in ((0, -signal.SIGTERM) if port == WORKER else (0,)):
            told.append(f"SIGTERM ended {port or 'the worker'} by {code}")
    last = Member(finish, here.site.place, f"{seed}-last")
    if not (last.works(1) and last.ended() == 0):
        told.append("what was left could not be brought to an end")
    last.kill()


def _stuck(place: Place) -> list[str]:
    """Return the runs that neither end nor wait, those that no client knows of among them."""
    latest = time.monotonic() + WAIT
    with closing(open_store(place.url)) as store:
        while True:
            lines = list(store.history().each_run(Filter(states=OPEN)))
            runs = [store.run(line.run_id) for line in lines]
            left = [run for run in runs if not run.ended and run.waiting is None]
            if not left or time.monotonic() > latest:
                return [f"{run.id} is stuck in {run.state}, at {run.seq}" for run in left]
            time.sleep(HOT)


def _judge(verdict: Verdict, place: Place) -> None:
    journal = Journal(place.journal)
    facts = tuple(journal.facts())
    journal.close()
    for check in API_CHECKS:
        verdict.violations += check(place.url, facts)
    output = place.folder / "output.txt"
    faults = [line for line in output.read_text().splitlines() if "Traceback" in line]
    verdict.violations += [f"a server said: {line}" for line in faults]
    counts = Counter(fact.kind for fact in facts)
    told = [f"{counts[kind]} {words}" for kind, words in COUNTED.items()]
    verdict.remarks.append("; ".join(told))
