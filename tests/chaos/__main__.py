"""The long form, `make chaos`: processes die by the hundred, and nothing may be lost or done twice.

Every scenario is played on SQLite, and on the PostgreSQL server of TEST_DATABASE_URL.
"""

import argparse
import os
import secrets
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final

from tests.chaos import api_scenarios, scenarios
from tests.chaos.databases import own_cluster
from tests.chaos.scenarios import prepared
from tests.chaos.verdict import Verdict, table
from tests.services import postgres_schema, postgres_url

FREEZES: Final = (20.0, 20.0, 20.0)
SHORT_FREEZES: Final = 20
SLOWLY: Final = 0.01
"""Seconds from word to word with which answers outlast a short freeze."""
OUTAGES: Final = 5
OUTAGE_SECONDS: Final = 5.0
DRAINS: Final = 20
DRAIN_SECONDS: Final = 3.0
IMPATIENT: Final = 1.0
API_FREEZES: Final = 10
NAMES: Final = ("kill", "freeze", "outage", "drain", "api-kill", "api-freeze", "api-outage")
STOPS: Final = {
    "outage": scenarios.server_outages,
    "api-outage": api_scenarios.api_server_outages,
}
"""Scenarios that stop a server of their own, where the database has one."""
KINDS: Final = ("sqlite", "postgres")


def main() -> int:
    """Play what is asked for; 1 when anything was violated."""
    asked = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    if asked.database not in (None, "sqlite"):
        os.environ["TEST_DATABASE_URL"] = asked.database
    _say(f"seed {asked.seed}")
    verdicts = []
    for verdict in _played(asked):
        verdicts.append(verdict)
        _say(table([verdict]))
        for line in (*verdict.remarks, *verdict.violations):
            _say(f"    {line}")
    _say(f"\n{table(verdicts)}\n\nseed {asked.seed}")
    return 1 if any(verdict.violations for verdict in verdicts) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", default=secrets.token_hex(4), help="repeats a run's choices")
    parser.add_argument("--kills", type=int, default=200, help="how many processes to kill")
    parser.add_argument("--database", help="sqlite, or a server's address; both unless given")
    parser.add_argument("--only", choices=NAMES, help="one scenario alone")
    parser.add_argument("--keep", type=Path, help="a folder in which to leave all that was told")
    return parser.parse_args()


def _played(asked: argparse.Namespace) -> Iterator[Verdict]:
    for name in (asked.only,) if asked.only else NAMES:
        for kind in ("sqlite",) if asked.database == "sqlite" else KINDS:
            if kind == "postgres" and postgres_url() is None:
                _say(f"LEFT OUT: {name} on PostgreSQL, for no server answers at TEST_DATABASE_URL")
            elif kind == "sqlite" and asked.database not in (None, "sqlite"):
                continue
            else:
                yield from _played_on(kind, name, asked)


def _played_on(kind: str, name: str, asked: argparse.Namespace) -> Iterator[Verdict]:
    seed = f"{asked.seed}-{name}-{kind}"
    with ExitStack() as stack:
        folder = _folder(stack, asked.keep, f"{name}-{kind}")
        if kind == "postgres" and name in STOPS:
            own = stack.enter_context(own_cluster())
            if own is None:
                _say("LEFT OUT: a server that stops, for there is none to start: no initdb here")
                return
            place = prepared(own.url, folder, busy_seconds=IMPATIENT)
            yield STOPS[name](place, seed, OUTAGES, OUTAGE_SECONDS, own)
            return
        url = f"sqlite:///{folder}/parley.db"
        if kind == "postgres":
            url = stack.enter_context(postgres_schema())
        plays: dict[str, Callable[[str, Path, str], Verdict]] = {
            "kill": partial(_kills, asked.kills),
            "freeze": _freezes,
            "outage": _locks,
            "drain": _drains,
            "api-kill": partial(_api_kills, asked.kills),
            "api-freeze": _api_freezes,
            "api-outage": _api_locks,
        }
        verdict = plays[name](url, folder, seed)
        verdict.scenario += f", {kind}"
        yield verdict


def _kills(count: int, url: str, folder: Path, seed: str) -> Verdict:
    return scenarios.kills(prepared(url, folder), seed, count)


def _freezes(url: str, folder: Path, seed: str) -> Verdict:
    place = prepared(url, folder, word_seconds=SLOWLY)
    return scenarios.freezes(place, seed, FREEZES, SHORT_FREEZES)


def _locks(url: str, folder: Path, seed: str) -> Verdict:
    place = prepared(url, folder, busy_seconds=IMPATIENT)
    return scenarios.locked_outages(place, seed, OUTAGES, OUTAGE_SECONDS)


def _drains(url: str, folder: Path, seed: str) -> Verdict:
    return scenarios.drains(prepared(url, folder, drain_seconds=DRAIN_SECONDS), seed, DRAINS)


def _api_kills(count: int, url: str, folder: Path, seed: str) -> Verdict:
    return api_scenarios.api_kills(prepared(url, folder), seed, count)


def _api_freezes(url: str, folder: Path, seed: str) -> Verdict:
    return api_scenarios.api_freezes(prepared(url, folder, word_seconds=SLOWLY), seed, API_FREEZES)


def _api_locks(url: str, folder: Path, seed: str) -> Verdict:
    place = prepared(url, folder, busy_seconds=IMPATIENT)
    return api_scenarios.api_locked_outages(place, seed, OUTAGES, OUTAGE_SECONDS)


def _folder(stack: ExitStack, keep: Path | None, name: str) -> Path:
    if keep is None:
        return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="parley-chaos-")))
    folder = keep / name
    folder.mkdir(parents=True)
    return folder


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
