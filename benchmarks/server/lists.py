"""A list page of a long thread, first and deep.

    python -m benchmarks.server.lists

The baseline is the same page of a thread of a page's length, and `/health`, which nothing stands
behind. Requests follow each other on one connection.
"""

import argparse
import asyncio
import time
from contextlib import closing
from datetime import UTC, datetime
from typing import Final

from benchmarks.pages.server import load, spread
from benchmarks.server.serving import KINDS, api_server, database
from benchmarks.server.wire import Connection
from conversation.ids import new_id
from conversation.records import Message, Thread
from storage.schema import upgrade
from storage.store import open_store

MESSAGES: Final = 10_000
ROUNDS: Final = 200
WARM: Final = 5
TEXT: Final = "All the world's a stage, and all the men and women merely players. " * 4


def filled(url: str, count: int) -> tuple[str, list[str]]:
    """Make a thread of so many messages; return its id, and theirs, oldest first."""
    with closing(open_store(url)) as store:
        now = datetime.now(UTC)
        thread = Thread(id=new_id("thread"), branch_id=new_id("branch"), created_at=now)
        store.add_thread(thread).result()
        messages = [
            Message(
                id=new_id("msg"),
                thread_id=thread.id,
                branch_id=thread.branch_id,
                role="user",
                text=TEXT,
                created_at=now,
                ended_at=now,
            )
            for _ in range(count)
        ]
        for written in [store.add_message(message) for message in messages]:
            written.result()
    return thread.id, [message.id for message in messages]


async def timed(base: str, path: str, rounds: int) -> list[float]:
    """Ask so often; return the seconds of each."""
    connection = await Connection.to(base)
    taken = []
    for _ in range(WARM + rounds):
        began = time.perf_counter()
        await connection.raw("GET", path)
        taken.append(time.perf_counter() - began)
    connection.close()
    return taken[WARM:]


def paths(url: str, count: int) -> dict[str, str]:
    """Fill a database; return what to ask for, by its name."""
    short, _ = filled(url, 100)
    long, ids = filled(url, count)
    pages = f"/v1/threads/{long}/messages?limit="
    deep = count - count // 100
    return {
        "/health": "/health",
        "20 of 100": f"/v1/threads/{short}/messages?limit=20",
        f"20 of {count:,}, first page": f"{pages}20",
        f"20 of {count:,}, after {deep:,}": f"{pages}20&after={ids[-deep]}",
        f"20 of {count:,}, oldest first": f"{pages}20&order=asc",
        "100 of 100": f"/v1/threads/{short}/messages?limit=100",
        f"100 of {count:,}, first page": f"{pages}100",
        f"100 of {count:,}, after {deep:,}": f"{pages}100&after={ids[-deep]}",
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--messages", type=int, default=MESSAGES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    print("| database | page | p50 / p95 / max, ms | load |\n|---|---|---|---|")
    for kind in KINDS:
        with database(kind) as url:
            if url is None:
                continue
            upgrade(url)
            asked = paths(url, options.messages)
            with api_server(url) as server:
                for name, path in asked.items():
                    taken = asyncio.run(timed(server.base, path, options.rounds))
                    print(f"| {kind} | {name} | {spread(taken, 1000, 1)} | {load()} |", flush=True)


if __name__ == "__main__":
    main()
