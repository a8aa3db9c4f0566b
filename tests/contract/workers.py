"""Workers in processes of their own, as `make worker` starts them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

ROOT = Path(__file__).resolve().parents[2]
WAIT = 60.0


class WorkerProcess:
    """A worker on a database; it takes runs once this is made."""

    def __init__(self, url: str, **settings: str) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "setup.worker"],
            cwd=ROOT,
            env=kept | {"DATABASE_URL": url, "PARLEY_ENV_FILE": ""} | settings,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.said = self.process.stdout.readline() if self.process.stdout else ""

    def ended(self) -> int:
        """Wait for its end; return its exit code."""
        return self.process.wait(WAIT)

    def kill(self) -> None:
        """End it as the system does that needs its memory."""
        self.process.kill()
        self.ended()


@contextmanager
def worker_process(url: str, **settings: str) -> Iterator[WorkerProcess]:
    """Start a worker, and see that it is gone at the end."""
    worker = WorkerProcess(url, **settings)
    try:
        yield worker
    finally:
        worker.kill()
        if worker.process.stdout:
            worker.process.stdout.close()


def server(url: str) -> psycopg.Connection:
    """Connect to a database as nobody of ours does."""
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


def jobs(url: str) -> list[tuple[str, str]]:
    """Return whose jobs are queued or being done, and which."""
    query = "SELECT args->>'run_id', status::text FROM procrastinate_jobs ORDER BY id"
    with server(url) as connection:
        return [(str(run_id), str(status)) for run_id, status in connection.execute(query)]


def put(url: str, run_id: str, segment: int) -> None:
    """Queue a segment once more, as if somebody had."""
    query = (
        "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('parley', 'segment', 0, NULL, NULL,"
        " jsonb_build_object('run_id', %s::text, 'segment', %s::int), NULL)"
        "::procrastinate_job_to_defer_v1])"
    )
    with server(url) as connection:
        connection.execute(query, [run_id, segment])


def cut_off(url: str) -> int:
    """End all connections to a database, as a server does that is restarted; return how many."""
    query = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with server(url) as connection:
        row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
