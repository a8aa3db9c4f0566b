"""What the API adds to the first token.

    python -m benchmarks.server.first_token

The same model server is asked in turn: directly, and by `POST /v1/threads/runs` with `stream`,
which puts thread, message and run on disk before the model is asked. Times are from the request,
on a new connection, to the first piece of text.
"""

import argparse
import asyncio
from statistics import median
from typing import Any, Final

from benchmarks.pages.server import load, spread
from benchmarks.server.model import stamping_model
from benchmarks.server.serving import KINDS, MODEL, api_server, database
from benchmarks.server.wire import Connection, listen

TOKENS: Final = 20
WARM: Final = 5
DIRECT: Final = {"model": MODEL, "stream": True, "input": [{"role": "user", "content": "Go."}]}


async def assistant(base: str, model: str = MODEL) -> str:
    """Make an assistant; return its id."""
    connection = await Connection.to(base)
    made = await connection.ask("POST", "/v1/assistants", {"model": model})
    connection.close()
    return str(made["id"])


def thread_and_run(assistant_id: str, text: str = "Go.", **more: Any) -> dict[str, Any]:
    """Return what asks for a thread and a run."""
    messages = [{"role": "user", "content": text}]
    return {"assistant_id": assistant_id, "thread": {"messages": messages}, **more}


async def first(base: str, path: str, body: Any) -> float:
    """Have a stream sent; return the seconds to its first piece of text."""
    _, listener = await listen(base, path, body)
    await listener.ended
    if listener.first is None:
        raise RuntimeError(listener.failed or "nothing was said")
    return listener.first - listener.began


async def compared(model: str, base: str, at_once: int, rounds: int) -> tuple[list[float], ...]:
    """Ask both ways in turn; return the seconds of each."""
    body = thread_and_run(await assistant(base), stream=True)
    ways = {"direct": (model, "/responses", DIRECT), "api": (base, "/threads/runs", body)}
    heard: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(WARM + rounds):
        for name, way in ways.items():
            several = await asyncio.gather(*(first(*way) for _ in range(at_once)))
            if number >= WARM:
                heard[name] += several
    return tuple(heard.values())


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=100)
    options = parser.parse_args()
    print(
        "| database | at once | direct p50 / p95 / max, ms | API p50 / p95 / max, ms"
        " | added in the median, ms | load |\n|---|---|---|---|---|---|"
    )
    for kind in KINDS:
        with database(kind) as url, stamping_model(TOKENS, 0) as model:
            if url is None:
                continue
            with api_server(url, model) as server:
                for at_once in (1, 10):
                    rounds = max(options.rounds // at_once, 5)
                    direct, api = asyncio.run(compared(model, server.base, at_once, rounds))
                    added = (median(api) - median(direct)) * 1000
                    print(
                        f"| {kind} | {at_once} | {spread(direct, 1000, 1)}"
                        f" | {spread(api, 1000, 1)} | {added:+.1f} | {load()} |",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
