"""Complete runs a second, with a model that takes no time.

    python -m benchmarks.server.throughput

A run by polling is `POST /v1/threads/runs`, `GET` of the run until it has ended, and the list of
its messages; by streaming it is one request, read to its end. The demo model answers. The baseline
is how often the same connections get an answer from `/health`, which nothing stands behind.
"""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from benchmarks.pages.server import load
from benchmarks.server.first_token import assistant, thread_and_run
from benchmarks.server.serving import KINDS, ApiServer, api_server, database
from benchmarks.server.wire import Connection

SECONDS: Final = 10.0
WARM: Final = 0.5
POLLED: Final = 0.005
"""Seconds between two looks at a run: clients wait longer, and see no more runs done by it."""
OPEN: Final = frozenset({"queued", "in_progress"})
TEXT: Final = "echo All the world's a stage"

Work = Callable[[Connection], Awaitable[None]]


def polling(assistant_id: str) -> Work:
    """Return what has a run done, and looks for its end again and again."""
    body = thread_and_run(assistant_id, TEXT)

    async def work(connection: Connection) -> None:
        run = await connection.ask("POST", "/v1/threads/runs", body)
        path = f"/v1/threads/{run['thread_id']}"
        while run["status"] in OPEN:
            await asyncio.sleep(POLLED)
            run = await connection.ask("GET", f"{path}/runs/{run['id']}")
        if run["status"] != "completed":
            raise RuntimeError(str(run["last_error"]))
        await connection.ask("GET", f"{path}/messages")

    return work


def streaming(assistant_id: str) -> Work:
    """Return what has a run streamed."""
    body = thread_and_run(assistant_id, TEXT, stream=True)

    async def work(connection: Connection) -> None:
        told = await connection.raw("POST", "/v1/threads/runs", body)
        if b"thread.run.completed" not in told:
            raise RuntimeError(told.decode())

    return work


async def nothing(connection: Connection) -> None:
    """Ask for what costs nothing."""
    await connection.ask("GET", "/health")


async def rate(base: str, work: Work, at_once: int, seconds: float) -> float:
    """Return how much is done a second."""
    connections = [await Connection.to(base) for _ in range(at_once)]
    done = 0

    async def keep(connection: Connection, until: float) -> None:
        nonlocal done
        while time.perf_counter() < until:
            await work(connection)
            done += 1

    async def go_on(length: float) -> float:
        nonlocal done
        done, began = 0, time.perf_counter()
        await asyncio.gather(*(keep(one, began + length) for one in connections))
        return done / (time.perf_counter() - began)

    await go_on(WARM)
    found = await go_on(seconds)
    for connection in connections:
        connection.close()
    return found


async def measured(server: ApiServer, at_once: int, seconds: float) -> tuple[list[float], float]:
    """Return what is done a second: nothing, runs polled, runs streamed; and the processor's ms."""
    asst = await assistant(server.base, "demo")
    idle = await rate(server.base, nothing, at_once, seconds / 4)
    polled = await rate(server.base, polling(asst), at_once, seconds)
    cpu, began = server.process.cpu, time.perf_counter()
    streamed = await rate(server.base, streaming(asst), at_once, seconds)
    busy = (server.process.cpu - cpu) / (time.perf_counter() - began)
    return [idle, polled, streamed], busy / streamed * 1000


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long each lasts")
    options = parser.parse_args()
    print(
        "| database | at once | /health, requests/s | polling, runs/s | streaming, runs/s"
        " | processor of a streamed run, ms | load |\n|---|---|---|---|---|---|---|"
    )
    for kind in KINDS:
        with database(kind) as url:
            if url is None:
                continue
            with api_server(url) as server:
                for at_once in (1, 10, 50):
                    rates, cpu = asyncio.run(measured(server, at_once, options.seconds))
                    cells = " | ".join(f"{one:,.0f}" for one in rates)
                    print(f"| {kind} | {at_once} | {cells} | {cpu:.1f} | {load()} |", flush=True)


if __name__ == "__main__":
    main()
