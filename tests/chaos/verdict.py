"""What became of a scenario: what it has left is looked at, and summed up in a line."""

from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from typing import Final

from conversation.records import Run
from storage.store import open_store
from tests.chaos.invariants import CHECKS, Evidence
from tests.chaos.journal import Journal
from tests.chaos.member import Place
from tests.chaos.rows import ROW_CHECKS, Rows

_HEADINGS: Final = ("scenario", "blows", "runs", "taken up", "ended", "violations", "seconds")


@dataclass(kw_only=True)
class Verdict:
    """`blows` counts what was done to processes or databases."""

    scenario: str
    blows: int = 0
    seconds: float = 0.0
    runs: int = 0
    taken_up: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def cells(self) -> tuple[str, ...]:
        """The verdict as a line of a table."""
        ended = " ".join(f"{state} {count}" for state, count in sorted(self.ended.items()))
        numbers = (self.blows, self.runs, self.taken_up)
        counts = (*map(str, numbers), ended, str(len(self.violations)), f"{self.seconds:.0f}")
        return (self.scenario, *counts)


def judged(verdict: Verdict, place: Place) -> Verdict:
    """Look at what the scenario has left, and complete its verdict."""
    journal = Journal(place.journal)
    rows = Rows(place.url)
    with closing(journal), closing(rows), closing(open_store(place.url)) as store:
        left = Evidence(store, tuple(journal.facts()))
        verdict.runs = len(left.runs)
        verdict.taken_up = sum(run.attempt > 1 for run in left.runs)
        verdict.ended = Counter(_ending(run) for run in left.runs)
        for check in CHECKS:
            verdict.violations += check(left)
        for row_check in ROW_CHECKS:
            verdict.violations += row_check(left, rows)
    verdict.violations += _unforeseen(place)
    return verdict


def table(verdicts: list[Verdict]) -> str:
    """Return verdicts as a table."""
    lines = [_HEADINGS, *(verdict.cells for verdict in verdicts)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _ending(run: Run) -> str:
    return run.state.value


def _unforeseen(place: Place) -> list[str]:
    """Return what the programs have logged that nobody had foreseen."""
    lines = place.log.read_text().splitlines() if place.log.exists() else []
    return [line for line in lines if " ERROR " in line or " CRITICAL " in line]
