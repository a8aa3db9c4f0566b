"""The branches of a thread: what a line of messages shows, and where others leave it.

Editing a message, or having it answered again, forks a branch. Positions go on counting from a
branch into those forked off it, so a line has one branch, its owner, for every position.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from conversation.ids import new_id
from conversation.records import Branch, Message, Run

_FIRST: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Line:
    """A branch and all it was forked off, the newest first."""

    branches: tuple[Branch, ...]

    def owner(self, position: int) -> Branch:
        """Return the branch that has, or would have, the message at this position."""
        for branch in self.branches:
            if position >= (branch.fork_position or 1):
                return branch
        return self.branches[-1]

    def shows(self, run: Run, position: int) -> bool:
        """Tell whether the run, begun by the message at this position, is part of the line."""
        return self.owner(position + 1).id == run.branch_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Variants:
    """The ways a thread goes on from one position; `current` is the one in the line.

    `leaves` are the branches to choose in order to see each of them, with all that followed.
    """

    leaves: tuple[str, ...]
    current: int


def line(branches: Sequence[Branch], branch_id: str) -> Line:
    """Return the line that ends in a branch."""
    by_id = {branch.id: branch for branch in branches}
    passed = [by_id[branch_id]]
    while parent := by_id.get(passed[-1].parent_id or ""):
        passed.append(parent)
    return Line(tuple(passed))


def runs_of_line(here: Line, runs: Iterable[Run], messages: Iterable[Message]) -> list[Run]:
    """Return those of a thread's runs that are part of a line, which has these messages."""
    positions, written_by = dict[str | None, int](), set[str | None]()
    for message in messages:
        positions[message.id] = message.position
        written_by.add(message.run_id)
    return [
        run
        for run in runs
        if (
            here.shows(run, positions[run.message_id])
            if run.message_id in positions
            else run.id in written_by
        )
    ]


def fork(here: Line, position: int, at: datetime) -> Branch:
    """Return a new branch that shares what the line has before a position."""
    parent = here.owner(position - 1)
    return Branch(
        id=new_id("branch"),
        thread_id=parent.thread_id,
        parent_id=parent.id,
        fork_position=position,
        forked_at=at,
    )


def variants(branches: Sequence[Branch], branch_id: str) -> dict[int, Variants]:
    """Return, by position, where the line that ends in a branch could have gone on otherwise."""
    here = line(branches, branch_id)
    places = sorted({branch.fork_position for branch in branches if branch.fork_position})
    return {
        position: Variants(
            leaves=tuple(_leaf(branches, one, position) for one in members),
            current=[one.id for one in members].index(here.owner(position).id),
        )
        for position in places
        if (members := _members(branches, here, position))
    }


def _members(branches: Sequence[Branch], here: Line, position: int) -> list[Branch]:
    """Return the branch that others were forked off at a position, then these in their order."""
    parent = here.owner(position - 1)
    forks = [
        one for one in branches if one.parent_id == parent.id and one.fork_position == position
    ]
    return [parent, *sorted(forks, key=_age)] if forks else []


def _leaf(branches: Sequence[Branch], start: Branch, position: int) -> str:
    """Return the newest branch whose line has what `start` has at a position."""
    newest, left = start, [start]
    while left:
        branch = left.pop()
        newest = max(newest, branch, key=_age)
        left += [
            one
            for one in branches
            if one.parent_id == branch.id and (one.fork_position or 1) > position
        ]
    return newest.id


def _age(branch: Branch) -> datetime:
    return branch.forked_at or _FIRST
