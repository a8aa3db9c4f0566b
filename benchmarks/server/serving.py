"""`python -m server` as a process, on SQLite and PostgreSQL, watched from outside."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.pages.server import Process
from setup.settings import ROOT
from tests.services import postgres_schema, postgres_url

KINDS: Final = ("SQLite", "PostgreSQL")
MODEL: Final = "gpt-bench"


@dataclass(frozen=True)
class ApiServer:
    """A running server."""

    base: str
    process: Process


@contextmanager
def database(kind: str) -> Iterator[str | None]:
    """Make an empty database; None where there is no server for one."""
    if kind == "SQLite":
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{Path(folder) / 'parley.db'}"
    elif postgres_url() is None:
        print("(PostgreSQL is left out: no server answers at TEST_DATABASE_URL.)")
        yield None
    else:
        with postgres_schema() as url:
            yield url


@contextmanager
def api_server(url: str, model: str | None = None, **settings: str) -> Iterator[ApiServer]:
    """Serve the API over a database, with the demo model or a model server."""
    environment = {
        "PATH": os.environ["PATH"],  # noqa: TID251 - programs need it
        "PARLEY_ENV_FILE": "",
        "LOCAL_SERVERS": "off",
        "DATABASE_URL": url,
        "SERVER_PORT": "0",
        "STOCK_PRICES": "sample",
        "THREAD_TITLES": "words",
        "DEMO_DELAY_SECONDS": "0",
        "DRAIN_SECONDS": "0",
        **({"OPENAI_API_KEY": "sk-bench", "OPENAI_BASE_URL": model} if model else {}),
        **settings,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "server"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        told = process.stdout.readline() if process.stdout else ""
        found = re.search(r"(http://\S+/v1) ", told)
        if found is None:
            raise RuntimeError(f"The server has not started: {told}")
        yield ApiServer(found[1], Process(process.pid))
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
