"""What conversations need of memory: ended ones that a program keeps, and ones that stream.

    python -m benchmarks.core.footprint

Each row is a process of its own. The baseline of those that stream are as many streams of the
openai client alone, from the same model server.
"""

import argparse
import asyncio
import gc
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

from openai import AsyncOpenAI

from benchmarks.core.model import Model, model_server
from benchmarks.core.streaming import Ask, direct, through
from benchmarks.pages.server import Process, load
from conversation.facade import start_conversation
from setup.bootstrap import build
from setup.core import ParleyCore
from setup.settings import Settings

TOKENS: Final = 2_000
DELAY: Final = 0.02
HEARD: Final = 50
"""How many pieces each stream has brought when the memory is looked at."""
WARM: Final = 5
"""How many conversations come first, for imports, threads and connections."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """A process before and with so many conversations."""

    before: float
    with_them: float
    threads: int
    files: int


def looked_at(before: float) -> Footprint:
    """Look at this process now."""
    own = Process.own()
    return Footprint(before, own.rss, own.threads, own.files)


def core_in(folder: str, model: Model | None = None) -> ParleyCore:
    """Build a core on a fresh log, with the demo model or a model server."""
    given: dict[str, Any] = {
        "database_url": f"sqlite:///{Path(folder) / 'parley.db'}",
        "stock_prices": "sample",
        "demo_delay_seconds": 0,
        "thread_titles": "words",
        "drain_seconds": 0,
        **(model.settings() if model else {}),
    }
    return build(Settings.model_validate(given))


async def ended(core: ParleyCore, count: int) -> Footprint:
    """Keep conversations whose only exchange has ended."""

    async def one() -> object:
        conversation = start_conversation("demo", core=core)
        await asyncio.to_thread(conversation.send_user_message, "What is the price of AAPL?")
        await conversation.get_assistant_message()
        return conversation

    _warm = [await one() for _ in range(WARM)]
    gc.collect()
    before = Process.own().rss
    kept = [await one() for _ in range(count)]
    gc.collect()
    found = looked_at(before)
    del kept
    return found


async def streaming(ask: Ask, count: int) -> Footprint:
    """Read as many answers at once, and look when each is under way."""
    arrived = asyncio.Semaphore(0)

    async def read() -> None:
        heard = 0
        async for _ in await ask():
            heard += 1
            if heard == HEARD:
                arrived.release()

    async def under_way(more: int) -> "list[asyncio.Task[None]]":
        tasks = [asyncio.create_task(read()) for _ in range(more)]
        for _ in tasks:
            await arrived.acquire()
        return tasks

    tasks = await under_way(WARM)
    gc.collect()
    before = Process.own().rss
    tasks += await under_way(count)
    gc.collect()
    found = looked_at(before)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return found


def of_ended(count: int) -> Footprint:
    """Measure conversations that have ended."""
    with tempfile.TemporaryDirectory() as folder:
        core = core_in(folder)
        try:
            return asyncio.run(ended(core, count))
        finally:
            core.close()


def of_streaming(count: int) -> Footprint:
    """Measure conversations under way."""
    with tempfile.TemporaryDirectory() as folder, model_server(TOKENS, DELAY) as model:
        core = core_in(folder, model)
        try:
            return asyncio.run(streaming(through(core), count))
        finally:
            core.hasten()
            core.close()


def of_direct(count: int) -> Footprint:
    """Measure the openai client alone."""

    async def measured(base_url: str) -> Footprint:
        async with AsyncOpenAI(base_url=base_url, api_key="sk-bench", max_retries=0) as client:
            return await streaming(direct(client), count)

    with model_server(TOKENS, DELAY) as model:
        return asyncio.run(measured(model.base_url))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=100)
    count = parser.parse_args().count
    print(
        "| conversations | before, MB | with them, MB | kB each | threads | files | load |\n"
        "|---|---|---|---|---|---|---|"
    )
    rows: dict[str, tuple[Callable[[int], Footprint], int]] = {
        "none": (of_ended, 0),
        f"{count} ended": (of_ended, count),
        f"{count * 10:,} ended": (of_ended, count * 10),
        f"{count} streaming": (of_streaming, count),
        f"{count} streams of the SDK alone": (of_direct, count),
    }
    for name, (measure, many) in rows.items():
        with get_context("spawn").Pool(1) as pool:
            found = pool.apply(measure, (many,))
        each = (found.with_them - found.before) * 1024 / many if many else 0
        print(
            f"| {name} | {found.before:.0f} | {found.with_them:.0f} | {each:.1f}"
            f" | {found.threads} | {found.files} | {load()} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
