"""What the core adds to the first and the last token, against the same SDK asked directly.

    python -m benchmarks.core.streaming

Both ask the same model server, in turn, in one run: the core through its public API, which
writes every step to a log on SQLite, and the openai client alone. Times are from the request to
the first piece of text and to the end.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from openai import AsyncOpenAI

from benchmarks.core.model import Model, model_server
from benchmarks.pages.server import load
from conversation.facade import start_conversation
from setup.bootstrap import build
from setup.core import ParleyCore
from setup.settings import Settings

MODEL: Final = "gpt-bench"
TOKENS: Final = 200


@dataclass(frozen=True)
class Timing:
    """Seconds from the request to the first text, and to the end."""

    first: float
    total: float


Ask = Callable[[], Awaitable[Any]]
"""Asks the model; what is awaited is a stream of pieces of text."""


async def timed(ask: Ask) -> Timing:
    """Ask, and read the answer."""
    started = time.perf_counter()
    first = 0.0
    async for _ in await ask():
        first = first or time.perf_counter() - started
    return Timing(first, time.perf_counter() - started)


def direct(client: AsyncOpenAI) -> Ask:
    """Ask with the SDK alone."""

    async def pieces() -> Any:
        stream = await client.responses.create(
            model=MODEL, input=[{"role": "user", "content": "Go."}], store=False, stream=True
        )

        async def texts() -> Any:
            async with stream:
                async for event in stream:
                    if event.type == "response.output_text.delta":
                        yield event.delta

        return texts()

    return pieces


def through(core: ParleyCore) -> Ask:
    """Ask through the core, each in a thread of its own."""

    async def pieces() -> Any:
        conversation = start_conversation("gpt", model=MODEL, core=core)
        await asyncio.to_thread(conversation.send_user_message, "Go.", True)
        return await conversation.get_assistant_message()

    return pieces


async def several(ask: Ask, count: int) -> list[Timing]:
    """Ask so many times at once."""
    return list(await asyncio.gather(*(timed(ask) for _ in range(count))))


async def compare(model: Model, core: ParleyCore, count: int, rounds: int) -> list[Any]:
    """Ask both ways in turn; return the medians as a row of the table."""
    client = AsyncOpenAI(base_url=model.base_url, api_key="sk-bench", max_retries=0)
    ways = {"direct": direct(client), "core": through(core)}
    heard: dict[str, list[Timing]] = {name: [] for name in ways}
    for ask in ways.values():
        await several(ask, min(count, 5))  # imports, connections
    for _ in range(rounds):
        for name, ask in ways.items():
            heard[name] += await several(ask, count)
    await client.close()
    firsts = {name: median(one.first for one in all_) * 1000 for name, all_ in heard.items()}
    totals = {name: median(one.total for one in all_) for name, all_ in heard.items()}
    added = (totals["core"] - totals["direct"]) / TOKENS * 1e6
    return [
        f"{firsts['direct']:.1f}", f"{firsts['core']:.1f}",
        f"{firsts['core'] - firsts['direct']:+.1f}",
        f"{totals['direct']:.3f}", f"{totals['core']:.3f}",
        f"{totals['core'] / totals['direct']:.2f}", f"{added / count:.0f}",
    ]  # fmt: skip


def measured(delay: float, count: int, rounds: int) -> list[Any]:
    """Measure one load on a fresh log."""
    with tempfile.TemporaryDirectory() as folder, model_server(TOKENS, delay) as model:
        given = {
            "database_url": f"sqlite:///{Path(folder) / 'parley.db'}",
            **model.settings(),
            "thread_titles": "words",
        }
        core = build(Settings.model_validate(given))
        try:
            return asyncio.run(compare(model, core, count, rounds))
        finally:
            core.close()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=0, help="how often each way (0: enough)")
    options = parser.parse_args()
    print(
        "| ms per token | at once | first token: direct, ms | core, ms | added, ms "
        "| total: direct, s | core, s | ratio | added per token, µs | load |"
    )
    print("|" + "---|" * 10)
    for delay in (0.0, 0.02):
        for count in (1, 100):
            rounds = options.rounds or (3 if count > 1 else 5 if delay else 30)
            row = measured(delay, count, rounds)
            print(f"| {delay * 1000:.0f} | {count} | {' | '.join(row)} | {load()} |", flush=True)


if __name__ == "__main__":
    main()
