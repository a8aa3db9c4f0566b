"""Whole cores with the demo model, on databases of their own, and nothing left behind them."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from conversation.choice import Choice
from conversation.events import Logged
from conversation.follower import Follower
from conversation.ports import Core, TextDelta, ToolRunner
from conversation.records import Run
from runs.means import Limits
from setup.bootstrap import build
from setup.core import ParleyCore
from setup.settings import Settings
from tools.registry import Tools

WAIT = 15.0
DEMO = Choice(provider="demo")
QUICK = Limits(dead_after=60, heartbeat=0.1, stop_check=0.05, sweep=0.1, store_retry=0.05)
IDLE = replace(QUICK, sweep=3600)
"""A core that takes up what is left at its start only."""

ENDLESS = "count to 10000"


def built(
    url: str, *, tools: ToolRunner | None = None, limits: Limits = QUICK, **settings: Any
) -> ParleyCore:
    """Build a core on a database."""
    usual = {
        "database_url": url,
        "demo_delay_seconds": 0.0,
        "drain_seconds": 0.0,
        "thread_titles": "words",
    }
    given = usual | settings
    return build(Settings.model_validate(given), tools=tools or Tools(), limits=limits)


@contextmanager
def running(url: str, **options: Any) -> Iterator[ParleyCore]:
    """Build a core and close it at the end."""
    core = built(url, **options)
    try:
        yield core
    finally:
        core.close()


def until(core: Core, run_id: str, holds: Callable[[Run], bool]) -> Run:
    """Wait until the run is as wanted; return it."""
    with Follower(core.feed, run_id) as follower:
        latest = time.monotonic() + WAIT
        while not holds(run := core.store.run(run_id)):
            left = latest - time.monotonic()
            assert left > 0, f"{run_id} is {run.state}"
            assert follower.wait(left), f"{run_id} is {run.state}"
            follower.take()
    return run


def ended(core: Core, run_id: str) -> Run:
    """Wait until the run has ended; return it."""
    return until(core, run_id, lambda run: run.ended)


def speaking(core: Core, run_id: str) -> str:
    """Wait until the model says something; return what."""
    return next(piece.text for piece in followed(core, run_id) if isinstance(piece, TextDelta))


def followed(core: Core, run_id: str) -> Iterator[Logged | TextDelta]:
    """Follow a run to its end."""
    with Follower(core.feed, run_id) as follower:
        while not follower.ended:
            assert follower.wait(WAIT), f"{run_id} is {follower.state}"
            yield from follower.take()


def when(core: Core, holds: Callable[[], bool]) -> None:
    """Wait until something is so; looked at after every commit."""
    latest = time.monotonic() + WAIT
    watch = core.store.watch_changes()
    try:
        while not holds():
            assert time.monotonic() < latest, "it never came about"
            watch.wait(0.2)
    finally:
        watch.close()


def settled(core: Core, thread_id: str) -> list[str]:
    """Wait until nothing waits and nothing is under way on a thread; return what it shows."""
    when(core, lambda: not core.store.queue(thread_id) and not core.store.active_run(thread_id))
    return [message.text for message in core.store.messages(thread_id)]


def threads_of_ours() -> set[str]:
    """Return the names of the threads that cores have started and that still run."""
    return {
        thread.name
        for thread in threading.enumerate()
        if thread.name.startswith(("parley-", "asyncio_"))
    }


def tasks_of(core: ParleyCore) -> set[str]:
    """Return the tasks on the core's event loop."""
    loop = core._parts.runner.loop
    return {task.get_name() for task in asyncio.all_tasks(loop)}
