"""A thread as a chat shows it: its messages, and in their places the exchanges they are part of.

What has ended is remembered in the visit, so that a look at a thread reads only what is new.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

from conversation.branches import Line, Variants, line, variants
from conversation.history import Filter, RunLine, Sort, Window
from conversation.ports import Core, Cursor
from conversation.records import Feedback, Message, Page, QueuedMessage, Run
from ui.chat.telling import Telling, told_by
from ui.chat.visit import Visit
from ui.exchange.asked import place_in_silence

SHIFT: Final = 10
"""Messages by which the beginning of what is shown moves: a browser lays out all that moves."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """What tells whether anything has changed on a thread since a page was drawn."""

    branch_id: str
    message_id: str | None
    position: int
    run_id: str | None
    queued: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """The runs that answer one message: usually one, more where its answer was carried on.

    There is none to answer where a program has begun a run without one.

    `position` is that of the first message that they have, or would have, written.
    """

    runs: tuple[Run, ...]
    position: int | None

    @property
    def last(self) -> Run:
        """The newest of them."""
        return self.runs[-1]


Entry = Message | Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """The newest part of a thread; `more` tells that there is an earlier one.

    The rest is by run, but for `variants`, which are by position.
    """

    entries: tuple[Entry, ...] = ()
    more: bool = False
    tellings: dict[str, Telling] = field(default_factory=dict)
    figures: dict[str, RunLine] = field(default_factory=dict)
    feedback: dict[str, Feedback] = field(default_factory=dict)
    variants: dict[int, Variants] = field(default_factory=dict)
    queue: tuple[QueuedMessage, ...] = ()
    pulse: Pulse | None = None

    @property
    def asked_at(self) -> set[int]:
        """The positions of the messages of people."""
        said = (one for one in self.entries if isinstance(one, Message))
        return {message.position for message in said if message.role == "user"}

    @property
    def newest(self) -> Reply | None:
        """The newest reply."""
        replies = (one for one in reversed(self.entries) if isinstance(one, Reply))
        return next(replies, None)

    @property
    def last(self) -> Run | None:
        """The newest exchange."""
        return self.newest.last if self.newest else None

    @property
    def active(self) -> Run | None:
        """The exchange that is under way."""
        return self.last if self.last and not self.last.ended else None

    @property
    def block(self) -> int:
        """Count the shifts so far: whatever is shown then takes another place on the page."""
        return self.pulse.position // SHIFT if self.pulse else 0

    @property
    def scene(self) -> str:
        """Name what is shown: it changes when messages give way to others."""
        runs = (run for entry in self.entries if isinstance(entry, Reply) for run in entry.runs)
        carried_on = [run.id for run in runs if run.spec.continues]
        where = self.pulse.branch_id if self.pulse else ""
        return " ".join((where, *carried_on[-1:]))


EMPTY: Final = Transcript()


def read_transcript(core: Core, visit: Visit) -> Transcript:
    """Return the last messages of a thread, as many as the visit wants, and all about them."""
    thread_id = visit.thread_id or ""
    pulse = read_pulse(core, thread_id)  # first: whatever comes later makes another one
    branches = core.store.branches(thread_id)
    limit = visit.shown + pulse.position % SHIFT
    found = core.store.messages(thread_id, Page(limit=limit + 1))
    messages, more = list(reversed(found[:limit])), len(found) > limit
    here = line(branches, pulse.branch_id)
    runs = _shown(core.store.runs_of(messages), messages, here)
    runs += _silent(core.store.runs(thread_id, Page(limit=limit)), messages, here, more=more)
    ended = [run for run in runs if run.ended]
    _remember(core, visit, ended, limit)
    return Transcript(
        entries=_woven(messages, runs),
        more=more,
        tellings={run.id: visit.tellings[run.id] for run in ended},
        figures={run.id: visit.figures[run.id] for run in ended if run.id in visit.figures},
        feedback=core.store.feedback([run.id for run in ended]),
        variants=variants(branches, pulse.branch_id) if len(branches) > 1 else {},
        queue=tuple(core.store.queue(thread_id)),
        pulse=pulse,
    )


def read_pulse(core: Core, thread_id: str) -> Pulse:
    """Return how a thread stands."""
    one, store = Page(limit=1), core.store
    run = next(iter(store.runs(thread_id, one)), None)
    message = next(iter(store.messages(thread_id, one)), None)
    return Pulse(
        branch_id=store.thread(thread_id).branch_id,
        message_id=message.id if message else None,
        position=message.position if message else 0,
        run_id=run.id if run else None,
        queued=tuple(waiting.id for waiting in store.queue(thread_id)),
    )


def told(core: Core, run: Run, known: dict[str, Telling]) -> Telling:
    """Return what a run has told; that of an ended run is remembered in `known`."""
    telling = known.get(run.id)
    if telling is None:
        telling = Telling(run.id)
        telling.take(core.feed.read(run.id, Cursor()).news)
    if telling.ended:
        known[run.id] = telling
    return telling


def _shown(runs: Collection[Run], messages: list[Message], here: Line) -> list[Run]:
    """Return the runs that are part of the line, of all that its messages began or came from."""
    positions = {message.id: message.position for message in messages if message.role == "user"}
    wrote = {message.run_id for message in messages}
    return [
        run
        for run in runs
        if run.id in wrote
        or (run.message_id in positions and here.shows(run, positions[run.message_id]))
    ]


def _silent(runs: Collection[Run], messages: list[Message], here: Line, *, more: bool) -> list[Run]:
    """Return the runs of the line that no message began and that have written nothing so far.

    Where there are `more` messages, those before the first one here are left out.
    """
    wrote = {message.run_id for message in messages}
    silent = (run for run in runs if run.message_id is None and run.id not in wrote)
    placed = ((run, place_in_silence(run, messages)) for run in silent)
    return [
        run
        for run, place in placed
        if (place or not more) and here.owner(_after(messages[:place])).id == run.branch_id
    ]


def _remember(core: Core, visit: Visit, ended: list[Run], limit: int) -> None:
    """Read what is not known yet of runs that have ended, and forget what is not shown."""
    tellings, figures = visit.tellings, visit.figures
    new = [run.id for run in ended if run.id not in tellings]
    logs = core.store.logs(new)
    # Once more: what was read before may be what a run had written just before it ended.
    written = core.store.messages(visit.thread_id or "", Page(limit=limit)) if new else []
    lines = _lines(core, [run.id for run in ended if run.id not in figures])
    visit.tellings = {
        run.id: tellings.get(run.id) or told_by(run.id, logs.get(run.id, ()), reversed(written))
        for run in ended
    }
    visit.figures = {
        run.id: known for run in ended if (known := figures.get(run.id) or lines.get(run.id))
    }


def _lines(core: Core, run_ids: list[str]) -> dict[str, RunLine]:
    if not run_ids:
        return {}
    wanted = Filter(run_ids=frozenset(run_ids))
    found = core.history.runs(wanted, Sort(), Window(size=len(run_ids)))
    return {row.run_id: row for row in found.rows}


def _woven(messages: list[Message], runs: list[Run]) -> tuple[Entry, ...]:
    """Put every run where it has written, or would have; what it wrote is told by the run."""
    begun: dict[str, list[Run]] = {}
    for run in sorted(runs, key=lambda run: run.created_at):
        begun.setdefault(run.message_id or run.id, []).append(run)
    first: dict[str | None, int] = {}
    for at, message in enumerate(messages):
        first.setdefault(message.run_id, at)
    replies: dict[int, list[Entry]] = {}
    for group in begun.values():
        wrote = [first[run.id] for run in group if run.id in first]
        at = min(wrote) if wrote else place_in_silence(group[0], messages)
        position = messages[at].position if wrote else _after(messages[:at])
        replies.setdefault(at, []).append(Reply(tuple(group), position))
    told = {run.id for run in runs}
    woven: list[Entry] = []
    for at, message in enumerate(messages):
        woven += replies.pop(at, ())
        if message.run_id not in told and message.incomplete_reason != "superseded":
            woven.append(message)
    return (*woven, *replies.pop(len(messages), ()))


def _after(messages: Sequence[Message]) -> int:
    """Return the position that follows these messages."""
    return messages[-1].position + 1 if messages else 1
