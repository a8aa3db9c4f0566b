"""A process to be killed: holds a core on a database and works, telling what it has accepted.

Run as `python -m tests.chaos.child <mode> <database> <effects> <seed>`. Functions that really run
write a line to the file `effects`. Modes: `work` until killed; `finish` what is there; `hold` one
run and follow it to its end.
"""

import os
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from conversation.follower import Follower
from conversation.ports import ToolPolicy
from conversation.records import Run
from runs.means import Limits
from setup.bootstrap import build
from setup.core import ParleyCore
from setup.settings import Settings
from tests.contract.cores import DEMO
from tools.function import FunctionTool
from tools.registry import Tools

LIMITS: Final = Limits(dead_after=2, heartbeat=0.3, sweep=0.2, max_attempts=1000)
AT_ONCE: Final = 6
LAST: Final = 12
COUNTED: Final = 300
SECONDS: Final = 30.0


def tools(effects: Path) -> Tools:
    """Return two functions, one of which must not be run twice."""
    file = os.open(effects, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def look_up(key: str) -> str:
        """Look something up.

        Args:
            key: What.
        """
        os.write(file, f"look_up {key}\n".encode())
        return f"{key} was looked up"

    def launch(key: str) -> str:
        """Launch a rocket.

        Args:
            key: Which.
        """
        os.write(file, f"launch {key}\n".encode())
        return f"{key} flies"

    return Tools(FunctionTool(look_up, ToolPolicy(idempotent=True)), FunctionTool(launch))


class Load:
    """Mixed messages, some of which are stopped."""

    def __init__(self, core: ParleyCore, seed: str) -> None:
        self._core = core
        self._dice = random.Random(seed)  # noqa: S311 (to be repeated, not to be secret)
        self._under_way: list[Run] = []

    def send(self) -> None:
        """Send a message, tell that it is accepted, and stop it or another one now and then."""
        run = self._core.start(self._text(), DEMO)
        tell(f"accepted {run.id}")
        self._under_way.append(run)
        if self._dice.random() < 0.2:
            self._core.cancel(self._dice.choice(self._under_way).id)
        if len(self._under_way) >= AT_ONCE:
            ended(self._core, self._under_way.pop(0).id)

    def _text(self) -> str:
        keys = [f"{self._dice.randrange(10**12)}" for _ in range(3)]
        choices: tuple[Callable[[], str], ...] = (
            lambda: f"count to {self._dice.randrange(1, 80)}",
            lambda: f'call look_up {{"key": "{keys[0]}"}}',
            lambda: f'call launch {{"key": "{keys[0]}"}}',
            lambda: "\n".join(f'call launch {{"key": "{key}"}}' for key in keys),
            lambda: f"wait {self._dice.random() / 5:.2f}",
            lambda: "break off",
        )
        return self._dice.choice(choices)()


def ended(core: ParleyCore, run_id: str) -> None:
    """Follow a run to its end."""
    with Follower(core.feed, run_id) as follower:
        while not follower.ended:
            if not follower.wait(SECONDS):
                raise TimeoutError(f"{run_id} is stuck in {core.store.run(run_id).state}")
            follower.take()


def tell(line: str) -> None:
    """Tell the test."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(mode: str, database: str, effects: str, seed: str) -> None:
    """Work in one of the modes."""
    delay = 0.02 if mode == "hold" else 0.001
    settings = Settings.model_validate({"database_url": database, "demo_delay_seconds": delay})
    core = build(settings, tools=tools(Path(effects)), limits=LIMITS)
    if mode == "hold":
        run = core.start(f"count to {COUNTED}", DEMO)
        tell(f"accepted {run.id}")
        ended(core, run.id)
    else:
        load, sent = Load(core, seed), 0
        while mode == "work" or sent < LAST:
            load.send()
            sent += 1
        for thread in core.store.threads():
            for run in core.store.runs(thread.id):
                ended(core, run.id)
    core.close()
    tell("closed")


if __name__ == "__main__":
    main(*sys.argv[1:])
