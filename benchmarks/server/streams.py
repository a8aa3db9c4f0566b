"""Streams at once, of 20 tokens a second each: how late tokens are, and what a stream needs.

    python -m benchmarks.server.streams

Each word says when the model's server sent it; its lag is how old it is when it has come through
the API. The baseline are as many streams from the model's server to the same client. Words are
counted once all streams are under way; memory is what the server's process has beyond what it had
with a few.
"""

import argparse
import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.pages.server import Process, load, percentile
from benchmarks.server.first_token import DIRECT, assistant, thread_and_run
from benchmarks.server.model import stamping_model
from benchmarks.server.serving import KINDS, MODEL, api_server, database
from benchmarks.server.wire import Listener, listen

RATE: Final = 20.0
COUNTS: Final = (100, 250, 500, 750)
SECONDS: Final = 15.0
WARM: Final = 5
BEGINNING: Final = 20
"""How many streams begin in the same moment."""
FOREVER: Final = 1_000_000
LATEST: Final = 120.0


@dataclass(frozen=True)
class Heard:
    """What has come of so many streams; ages in seconds, `memory` in MB, `cpu` of one core."""

    ages: list[float]
    words: float
    memory: float
    cpu: float
    began: float


async def streamed(
    base: str, path: str, body: Any, count: int, seconds: float, process: Process | None
) -> Heard:
    """Listen to so many streams for a while."""
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as ends:

        async def more(number: int) -> list[Listener]:
            began = [await listen(base, path, body) for _ in range(number)]
            for transport, _ in began:
                ends.callback(transport.close)
            await asyncio.gather(*(_spoken(listener) for _, listener in began))
            return [listener for _, listener in began]

        listeners = await more(WARM)
        before = process.rss if process else 0.0
        at = loop.time()
        while len(listeners) < count + WARM:
            listeners += await more(min(BEGINNING, count + WARM - len(listeners)))
        beginning = loop.time() - at
        cpu, at = process.cpu if process else 0.0, loop.time()
        for listener in listeners:
            listener.forget()
        await asyncio.sleep(seconds)
        took = loop.time() - at
        ages = [age for listener in listeners for age in listener.ages]
        return Heard(
            ages=ages or [float("nan")],
            words=len(ages) / took / len(listeners),
            memory=(process.rss - before) if process else 0.0,
            cpu=(process.cpu - cpu) / took if process else 0.0,
            began=beginning,
        )


async def _spoken(listener: Listener) -> None:
    """Wait for a stream's first word."""
    async with asyncio.timeout(LATEST):
        while listener.first is None:
            if listener.ended.done():
                raise RuntimeError(listener.failed or "the stream has ended without a word")
            await asyncio.sleep(0.01)


def lags(heard: Heard) -> str:
    """Return median, 99th percentile and maximum as a cell of a table."""
    parts = (percentile(heard.ages, part) * 1000 for part in (0.5, 0.99, 1.0))
    return " / ".join(f"{part:,.0f}" for part in parts)


def measured(kind: str, url: str, model: str, count: int, seconds: float) -> str:
    """Measure so many streams on a fresh server; return a row."""
    direct = asyncio.run(streamed(model, "/responses", DIRECT, count, seconds, None))
    with api_server(url, model) as server:
        body = thread_and_run(asyncio.run(assistant(server.base, MODEL)), stream=True)
        heard = asyncio.run(
            streamed(server.base, "/threads/runs", body, count, seconds, server.process)
        )
    each = heard.memory * 1024 / count
    return (
        f"| {kind} | {count} | {lags(direct)} | {lags(heard)} | {heard.words:.1f}"
        f" | {heard.cpu * 100:.0f} | {each:.0f} | {heard.began:.1f} | {load()} |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--counts", type=int, nargs="+", default=COUNTS)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long to listen")
    options = parser.parse_args()
    print(
        "| database | streams | direct: lag p50 / p99 / max, ms | API: lag p50 / p99 / max, ms"
        " | words/s a stream | processor of the server, % of a core | kB a stream"
        " | until all spoke, s | load |\n|---|---|---|---|---|---|---|---|---|"
    )
    for kind in KINDS:
        for count in options.counts:
            with database(kind) as url, stamping_model(FOREVER, RATE) as model:
                if url is not None:
                    print(measured(kind, url, model, count, options.seconds), flush=True)


if __name__ == "__main__":
    main()
