"""How many transitions a second: one commit for all that wait, against one commit per write.

Run it as `python -m benchmarks.writer`, with `sqlite` (a file beside the others, the default) or
a PostgreSQL URL of an empty database as its argument.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Lock

from conversation.events import MessageSent, StatusChecked
from conversation.ids import new_id
from conversation.records import Message, Opening, Run, RunSpec, Thread, Write
from conversation.script import State
from storage.schema import upgrade
from storage.store import SqlStore, open_store

WRITERS = 50
WRITES = 40


def main(url: str | None) -> None:
    """Measure both ways and print a table."""
    print(f"{WRITERS} writers, {WRITES} transitions each")
    for name, alone in (("one commit per write", True), ("group commit", False)):
        with database(url) as where:
            upgrade(where)
            store = open_store(where)
            rate = measured(store, alone=alone)
            store.close()
        print(f"{name:<22} {rate:>8,.0f} transitions/s")


def measured(store: SqlStore, *, alone: bool) -> float:
    """Return transitions per second."""
    runs = [begin(store) for _ in range(WRITERS)]
    lock = Lock()

    def by_itself(write: Write) -> None:
        with lock:
            store.write(write).result()

    def with_others(write: Write) -> None:
        store.write(write).result()

    exchange = by_itself if alone else with_others
    started = time.perf_counter()
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(lambda run: transitions(run, exchange), runs))
    return WRITERS * WRITES / (time.perf_counter() - started)


def transitions(run: Run, write: Callable[[Write], None]) -> None:
    """Move a run to and fro, each step durable before the next."""
    seen = (StatusChecked(status="in_progress"),)
    for number in range(WRITES):
        states = (State.READY, State.STARTED)
        expect, to = states if number % 2 == 0 else states[::-1]
        write(Write(run_id=run.id, expect=expect, to=to, events=seen))


def begin(store: SqlStore) -> Run:
    """Begin a run on a thread of its own."""
    now = datetime.now(UTC)
    thread = Thread(id=new_id("thread"), branch_id=new_id("branch"), created_at=now)
    message = Message(
        id=new_id("msg"),
        thread_id=thread.id,
        branch_id=thread.branch_id,
        role="user",
        text="Hello",
        created_at=now,
    )
    run = Run(
        id=new_id("run"),
        thread_id=thread.id,
        branch_id=thread.branch_id,
        spec=RunSpec(provider="demo", model="demo"),
        created_at=now,
    )
    sent = MessageSent(message_id=message.id, text=message.text)
    opening = Opening(run=run, messages=(message,), events=(sent,), thread=thread)
    return store.accept(opening).result()[0]


@contextmanager
def database(url: str | None) -> Iterator[str]:
    """Give the database named, or an SQLite file in a folder of its own."""
    if url:
        yield url
        return
    with tempfile.TemporaryDirectory(dir=".") as folder:
        yield f"sqlite:///{folder}/parley.db"


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
