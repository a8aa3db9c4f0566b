"""What has to hold after every scenario, whoever died when; each check yields what is wrong."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from conversation.events import (
    Event,
    Logged,
    MessageRetrieved,
    Retried,
    StateChanged,
    ToolExecuted,
    ToolStarted,
)
from conversation.records import Run
from conversation.script import TERMINAL, State
from mediator.states import TARGETS, legal
from storage.store import SqlStore
from tests.chaos.journal import Fact

ONCE_ONLY: Final = frozenset({"launch", "sign"})
EXPECTED_ERRORS: Final = frozenset({"provider_unavailable", "stream_cut"})
STOPPED_ENDS: Final = frozenset({State.CANCELLED, State.EXPIRED})


@dataclass(frozen=True)
class Evidence:
    """What a scenario has left: the database, and what its processes told."""

    store: SqlStore
    facts: tuple[Fact, ...]

    @cached_property
    def runs(self) -> list[Run]:
        """Every run, as they began in their threads."""
        return [run for thread in self.store.threads() for run in self.store.runs(thread.id)]

    @cached_property
    def logs(self) -> dict[str, list[Logged]]:
        """Every run's log."""
        ids = [run.id for run in self.runs]
        pages = (ids[first : first + 400] for first in range(0, len(ids), 400))
        return {run_id: log for page in pages for run_id, log in self.store.logs(page).items()}

    def events(self, run: Run) -> list[Event]:
        """A run's events."""
        return [logged.event for logged in self.logs.get(run.id, [])]

    def told(self, kind: str) -> Iterator[Fact]:
        """What the processes told of one kind."""
        return (fact for fact in self.facts if fact.kind == kind)


Check = Callable[[Evidence], Iterator[str]]


def every_run_has_ended(left: Evidence) -> Iterator[str]:
    """Nothing is stuck, and nothing failed that was not meant to."""
    for run in left.runs:
        if not run.ended:
            yield f"{run.id} is still {run.state}, at {run.seq}, waiting for {run.waiting}"
        if run.worker_id or run.waiting:
            yield f"{run.id} is {run.state}, and has {run.worker_id} or awaits {run.waiting}"
        if run.error and run.error.code not in EXPECTED_ERRORS:
            yield f"{run.id} failed: {run.error}"


def logs_replay(left: Evidence) -> Iterator[str]:
    """Each log is numbered without holes and leads along the script to where its run stands."""
    for run in left.runs:
        log = left.logs.get(run.id, [])
        if [line.seq for line in log] != list(range(1, run.seq + 1)):
            yield f"{run.id} is at {run.seq}, with {[line.seq for line in log]}"
        yield from _replayed(run, log)


def _replayed(run: Run, log: list[Logged]) -> Iterator[str]:
    state = State.NEW
    for line in log:
        if state in TERMINAL:
            yield f"{run.id} goes on after its end: {line}"
        if isinstance(line.event, StateChanged):
            if not _is_next(line.event, state):
                yield f"{run.id} leaves the script at {line.seq}, in {state}: {line.event}"
            state = line.event.after
    if state is not run.state:
        yield f"{run.id} is {run.state}; its log ends in {state}"


def _is_next(move: StateChanged, state: State) -> bool:
    leads = move.before is state and move.after is TARGETS[move.trigger]
    return leads and legal(move.trigger, state)


def fenced_off_is_silent(left: Evidence) -> Iterator[str]:
    """Attempts follow each other, and each tells what it has begun itself."""
    for run in left.runs:
        attempts = [event.attempt for event in left.events(run) if isinstance(event, Retried)]
        if attempts != sorted(set(attempts)) or any(a > run.attempt for a in attempts):
            yield f"{run.id} has the attempts {attempts}, and is at {run.attempt}"
        begun = {message.id: message.created_at for message in left.store.texts(run.id)}
        since = run.created_at
        for line in left.logs.get(run.id, []):
            if isinstance(line.event, Retried):
                since = line.at
            elif isinstance(line.event, MessageRetrieved) and begun[line.event.message_id] < since:
                yield f"{run.id} ended with a message of an attempt that had been given up"


def texts_are_those_of_the_log(left: Evidence) -> Iterator[str]:
    """What is said in the log is what the messages say, and no message is half done."""
    for run in left.runs:
        kept = {message.id: message for message in left.store.texts(run.id)}
        for message in kept.values():
            if message.status == "in_progress":
                yield f"{message.id} of {run.id} is still being written"
        said = [event for event in left.events(run) if isinstance(event, MessageRetrieved)]
        complete = {m.id: m.text for m in kept.values() if m.status == "completed"}
        if complete != {event.message_id: event.text for event in said}:
            yield f"{run.id} says {kept}, its log {said}"
        if run.state is State.COMPLETED and not said:
            yield f"{run.id} is complete and says nothing"


def outputs_are_applied_once(left: Evidence) -> Iterator[str]:
    """A call has one output, in the log as in its row, and a run that is complete has them all."""
    for run in left.runs:
        events = left.events(run)
        outputs = {e.call_id: e.output for e in events if isinstance(e, ToolExecuted)}
        times = Counter(event.call_id for event in events if isinstance(event, ToolExecuted))
        for call_id, count in times.items():
            if count > 1:
                yield f"{call_id} of {run.id} has {count} outputs"
        for record in left.store.exchange(run.id).calls:
            if record.output != outputs.get(record.call.call_id):
                yield f"{record.call.call_id} of {run.id} gave {record.output!r}"
            if record.output is None and run.state is State.COMPLETED:
                yield f"{record.call.call_id} of {run.id} has no output"


def functions_ran_as_logged(left: Evidence) -> Iterator[str]:
    """What must not run twice began once a call; and nothing ran that the log does not know."""
    done = Counter(fact.words for fact in left.told("did"))
    begun: Counter[tuple[str, ...]] = Counter()
    succeeded: Counter[tuple[str, ...]] = Counter()
    for run in left.runs:
        started = [event for event in left.events(run) if isinstance(event, ToolStarted)]
        for call_id, count in Counter(e.call_id for e in started if e.name in ONCE_ONLY).items():
            if count > 1:
                yield f"{call_id} of {run.id} began {count} times"
        begun.update((event.name, _key(event.arguments)) for event in started)
        succeeded.update(
            (event.name, _key(event.arguments))
            for event in left.events(run)
            if isinstance(event, ToolExecuted) and _key(event.arguments) in event.output.split()
        )
    for what, count in done.items():
        if count > begun[what]:
            yield f"{what} ran {count} times, and began {begun[what]} times in the log"
    for what, count in succeeded.items():
        if what[0] != "ask" and count > done[what]:
            yield f"{what} succeeded {count} times, and ran {done[what]} times"


def promises_are_kept(left: Evidence) -> Iterator[str]:
    """What was accepted is there; what a client gave is what was applied; a stop is an end."""
    runs = {run.id: run for run in left.runs}
    for fact in left.told("accepted"):
        if fact.words[2] not in runs:
            yield f"{fact.words[2]} was accepted and is not there"
    for fact in left.told("stopped"):
        run_id, state = fact.words
        if state == State.CANCELLING and runs[run_id].state not in STOPPED_ENDS:
            yield f"{run_id} was stopped and is {runs[run_id].state}"
    yield from _clients_are_heard(left)
    for fact in left.told("stuck"):
        yield f"stuck: {fact.words}"


def _clients_are_heard(left: Evidence) -> Iterator[str]:
    offered: defaultdict[str, set[str]] = defaultdict(set)
    for fact in left.told("submitting"):
        offered[fact.words[0]].add(fact.words[1])
    taken = {fact.words for fact in left.told("submitted")}
    applied = {
        event.call_id: event.output
        for run in left.runs
        for event in left.events(run)
        if isinstance(event, ToolExecuted) and event.name == "ask" and not event.failed
    }
    for call_id, output in applied.items():
        if output not in offered[call_id]:
            yield f"{call_id} has the output {output!r}, which no client gave"
    for call_id, value in taken:
        if applied.get(call_id) != value:
            yield f"{call_id} was given {value!r} and has {applied.get(call_id)!r}"


CHECKS: Final[Sequence[Check]] = (
    every_run_has_ended,
    logs_replay,
    fenced_off_is_silent,
    texts_are_those_of_the_log,
    outputs_are_applied_once,
    functions_ran_as_logged,
    promises_are_kept,
)


def _key(arguments: str) -> str:
    """Return the key that a call of ours names."""
    return arguments.split('"')[3] if arguments.count('"') >= 4 else arguments
