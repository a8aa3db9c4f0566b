"""How far a replay is, read from its thread and its runs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from conversation.errors import NotFound
from conversation.records import Run, Thread
from conversation.script import State

ReplayState = Literal["running", "stopped", "finished", "failed", "cancelled"]

SOURCE: Final = "replay_of"
TOTAL: Final = "replay_messages"
NUMBER: Final = "replay"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """How far a replay is: `done` of `total` messages are answered; `run_id` is its last run.

    `stopped`: nobody sends the next message. `failed`, `cancelled`: the last run ended so.
    """

    thread_id: str
    source_id: str
    state: ReplayState
    done: int
    total: int
    recorded: bool
    run_id: str | None


def replayed(runs: Iterable[Run]) -> list[Run]:
    """Return the runs of a replay; people may have gone on in its thread."""
    return [run for run in runs if NUMBER in run.metadata]


def total_of(thread: Thread) -> int:
    """Return how many messages a replay has; `NotFound` for a thread that is none."""
    total = thread.metadata.get(TOTAL, "")
    if SOURCE not in thread.metadata or not total.isdecimal():
        raise NotFound("replay", thread.id)
    return int(total)


def replay_of(thread: Thread, runs: Iterable[Run], *, driven: bool) -> Replay:
    """Return how far it is; `driven` says that this process sends its messages."""
    own, total = replayed(runs), total_of(thread)
    return Replay(
        thread_id=thread.id,
        source_id=thread.metadata[SOURCE],
        state=_state(own, total, driven=driven),
        done=sum(run.state is State.COMPLETED for run in own),
        total=total,
        recorded=any(run.spec.recorded_from for run in own),
        run_id=own[-1].id if own else None,
    )


def _state(runs: Sequence[Run], total: int, *, driven: bool) -> ReplayState:
    last = runs[-1] if runs else None
    if last is None or not last.ended:
        return "running"
    if last.state is State.CANCELLED:
        return "cancelled"
    if last.state is not State.COMPLETED:
        return "failed"
    if len(runs) >= total:
        return "finished"
    return "running" if driven else "stopped"
