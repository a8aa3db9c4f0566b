"""Databases for scenarios: a file, one on the test server, and a server of one's own to stop."""

import getpass
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

TOOLS: Final = "/usr/lib/postgresql/*/bin"
PATIENCE: Final = 60
_OWNER: Final = "postgres"
_SETTINGS: Final = """
listen_addresses = '127.0.0.1'
max_connections = 60
shared_buffers = 32MB
"""


def server_tools() -> Path | None:
    """Return the folder of the newest PostgreSQL's programs, if there is one."""
    found = sorted(Path("/").glob(f"{TOOLS[1:]}/pg_ctl"), key=lambda path: int(path.parts[4]))
    on_path = shutil.which("pg_ctl")
    newest = found[-1] if found else Path(on_path) if on_path else None
    return newest.parent if newest else None


class Cluster:
    """A PostgreSQL server of its own, in a temporary folder; use it as a context manager."""

    def __init__(self, tools: Path) -> None:
        self._tools = tools
        self._folder = Path(tempfile.mkdtemp(prefix="parley-chaos-"))
        self._port = free_port()

    @property
    def url(self) -> str:
        """The address of its database."""
        return f"postgresql+psycopg://{_OWNER}@127.0.0.1:{self._port}/postgres"

    def __enter__(self) -> Self:
        if os.geteuid() == 0:
            shutil.chown(self._folder, _OWNER, _OWNER)
        self._do("initdb", "-D", self._data, "-U", _OWNER, "-A", "trust", "--no-sync")
        with (self._folder / "data/postgresql.conf").open("a") as settings:
            settings.write(f"{_SETTINGS}port = {self._port}\n")
            settings.write(f"unix_socket_directories = '{self._folder}'\n")
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        log = str(self._folder / "server.log")
        self._do("pg_ctl", "start", "-w", "-t", str(PATIENCE), "-D", self._data, "-l", log)

    def stop(self) -> None:
        """Stop it as a crash would: it lets nobody finish, and has to recover."""
        self._do("pg_ctl", "stop", "-m", "immediate", "-w", "-D", self._data)

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def _do(self, program: str, *arguments: str) -> None:
        command = [str(self._tools / program), *arguments]
        if getpass.getuser() == "root":  # the server refuses to be root's
            command = ["su", _OWNER, "-s", "/bin/sh", "-c", '"$0" "$@"', "--", *command]
        done = subprocess.run(  # noqa: S603 (our own words)
            command,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=2 * PATIENCE,
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stdout}")


@contextmanager
def own_cluster() -> Iterator[Cluster | None]:
    """Start a server of one's own; None where there are no programs for it."""
    tools = server_tools()
    if tools is None:
        yield None
        return
    with Cluster(tools) as cluster:
        yield cluster


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
