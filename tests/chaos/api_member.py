"""The processes of a scenario of the API: servers, a worker, and their clients."""

import logging
import os
import signal
import sys
import threading
import warnings
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Final

from server import __main__ as server
from setup import bootstrap, worker
from setup.scripts import exit_code
from tests.chaos.api_load import ApiClient, World
from tests.chaos.functions import listed
from tests.chaos.journal import Journal
from tests.chaos.member import LIMITS, Place, log_to

CLIENTS: Final = 6
WORKER: Final = 0
"""In place of a port: executes runs, and serves nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A place with servers; `executing` are the ports of those that execute runs themselves."""

    place: Place
    members: tuple[int, ...]
    executing: tuple[int, ...]

    @property
    def ports(self) -> tuple[int, ...]:
        """Where there are servers."""
        return tuple(port for port in self.members if port != WORKER)


def serve(site: Site, port: int, heard: Connection) -> None:
    """Be `python -m server`, or a worker, but with limits for the impatient and our functions."""
    place = site.place
    log_to(place.log)
    output = os.open(place.folder / "output.txt", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.environ |= {
        "PARLEY_ENV_FILE": "",
        "LOCAL_SERVERS": "off",
        "DATABASE_URL": place.url,
        "DATABASE_BUSY_SECONDS": str(place.busy_seconds),
        "DEMO_DELAY_SECONDS": str(place.word_seconds),
        "DRAIN_SECONDS": str(place.drain_seconds),
        "THREAD_TITLES": "words",
        "SERVER_PORT": str(port),
        "RUN_WORKER": "on" if port in site.executing or port == WORKER else "off",
    }
    functions = listed(Journal(place.journal))
    vars(bootstrap).update(Limits=lambda: LIMITS, stock_tools=lambda _prices: functions)
    sys.exit(exit_code(worker.main if port == WORKER else lambda: server.main([])))


def ask(site: Site, seed: str, heard: Connection) -> None:
    """Be clients until told to end; then see to it that all they have begun is ended."""
    warnings.simplefilter("ignore", DeprecationWarning)
    logging.disable(logging.WARNING)
    lock = threading.Lock()

    def done() -> None:
        with lock:
            heard.send_bytes(b".")

    journal = Journal(site.place.journal)
    world = World(journal, site.ports, [site.place.assistant_id], done)
    signal.signal(signal.SIGTERM, lambda *_: world.over.set())
    clients = [ApiClient(world, seed, number) for number in range(CLIENTS)]
    threads = [threading.Thread(target=client.work) for client in clients]
    for thread in threads:
        thread.start()
    world.over.wait()
    for thread in threads:
        thread.join()
    ApiClient(world, seed, CLIENTS).settle()
