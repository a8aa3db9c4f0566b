"""A real chat server for the browser tests: a process of its own on a database of its own."""

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from signal import SIGTERM
from types import TracebackType
from typing import Final, Self

from conversation.ports import Store
from setup.settings import ROOT
from storage.store import open_store

_PATIENCE: Final = 30.0
_READY: Final = "URL:"


class ChatServer:
    """`streamlit run streamlit-chat.py` with nothing of this machine's settings."""

    def __init__(self, folder: Path, script: str = "streamlit-chat.py", **settings: str) -> None:
        self._script = script
        self.database = folder / "parley.db"
        self.port = _free_port()
        self.log: list[str] = []
        self._settings = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PARLEY_ENV_FILE": "",
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": self.database_url,
            "STOCK_PRICES": "sample",
            "DEMO_DELAY_SECONDS": "0.012",
            "THREAD_TITLES": "words",
            "LOCAL_SERVERS": "off",
            "STREAMLIT_SERVER_HEADLESS": "true",
            **settings,
        }
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def database_url(self) -> str:
        return f"sqlite:///{self.database}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    def start(self) -> None:
        """Start the process, and wait until it serves."""
        options = (f"--server.port={self.port}",)
        self._process = subprocess.Popen(  # noqa: S603 - our own Python
            [sys.executable, "-m", "streamlit", "run", self._script, *options],
            cwd=ROOT,
            env=self._settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        ready = threading.Event()
        threading.Thread(target=self._read, args=(self._process, ready), daemon=True).start()
        assert ready.wait(_PATIENCE), "".join(self.log)

    def stop(self) -> None:
        """End the process as `make chat` is ended."""
        assert self._process is not None
        self._process.terminate()
        self._process.wait(_PATIENCE)

    def end(self, number: int = SIGTERM) -> "subprocess.Popen[str]":
        """Tell the process to end; return it, to wait for."""
        assert self._process is not None
        self._process.send_signal(number)
        return self._process

    def kill(self) -> None:
        """End the process as a crash would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(_PATIENCE)

    def store(self) -> Store:
        """Open the server's database from here."""
        return open_store(self.database_url, root=self.database.parent)

    def _read(self, process: "subprocess.Popen[str]", ready: threading.Event) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                self.log.append(line)
                if _READY in line:
                    ready.set()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
