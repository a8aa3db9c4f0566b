"""Servers of the API that are killed, or whose database goes away, under clients that go on.

`make chaos` is the long form. `PARLEY_CHAOS_SEED` repeats what a run has chosen to do.
"""

from pathlib import Path

import pytest

from tests.chaos.api_scenarios import api_kills, api_locked_outages
from tests.chaos.scenarios import prepared

KILLS = 10
STEPS = 12
SECONDS = 2.0
IMPATIENT = 0.3

pytestmark = pytest.mark.timeout(600)  # for machines that have much else to do


def test_what_clients_were_promised_outlives_servers(url: str, tmp_path: Path, seed: str) -> None:
    verdict = api_kills(prepared(url, tmp_path), seed, KILLS, STEPS)

    assert not verdict.violations
    assert verdict.runs


def test_clients_are_told_to_wait_for_a_locked_file(sqlite: str, tmp_path: Path, seed: str) -> None:
    place = prepared(sqlite, tmp_path, busy_seconds=IMPATIENT)

    verdict = api_locked_outages(place, seed, 1, SECONDS, STEPS)

    assert not verdict.violations
