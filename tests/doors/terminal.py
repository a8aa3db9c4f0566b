"""A program on a terminal of its own: typed to and read from, without pauses."""

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self

from setup.settings import ROOT

CTRL_C: Final = "\x03"
CTRL_D: Final = "\x04"

_PATIENCE: Final = 30.0
_ON_THE_TERMINAL: Final = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


def surroundings(**settings: str) -> dict[str, str]:
    """Return an environment with these settings, and nothing of this machine's but coverage."""
    plain = {"PATH": os.environ["PATH"], "TERM": "dumb", "PYTHONUTF8": "1", "PARLEY_ENV_FILE": ""}
    plain["LOCAL_SERVERS"] = "off"
    measured = {name: value for name, value in os.environ.items() if name.startswith("COV")}
    return plain | measured | settings


class Terminal:
    """Runs our Python with `arguments` on a pseudo-terminal; use it as a context manager."""

    def __init__(self, *arguments: str, environment: Mapping[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        self._unread = ""
        self._program = subprocess.Popen(  # noqa: S603 - our own Python
            [sys.executable, "-SEc", _ON_THE_TERMINAL, *arguments],
            cwd=ROOT,
            env=dict(environment),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._program.kill()
        self._program.wait()
        os.close(self._ours)

    def type(self, text: str) -> None:
        """Type a line, or a control character; nothing for an empty text."""
        if text:
            line = text if text in {CTRL_C, CTRL_D} else f"{text}\n"
            os.write(self._ours, line.encode())

    def signal(self, number: int) -> None:
        """Send the program a signal."""
        self._program.send_signal(number)

    def until(self, wanted: str) -> str:
        """Return what is shown up to `wanted`, from where the last reading ended."""
        deadline = time.monotonic() + _PATIENCE
        while wanted not in self._unread:
            piece = self._piece(deadline)
            assert piece, f"no {wanted!r} in {self._unread!r}"
            self._unread += piece
        before, found, self._unread = self._unread.partition(wanted)
        return before + found

    def end(self, key: str = "") -> tuple[int, str]:
        """Return the program's exit code and what it showed to the end.

        `key` is typed until then: Python misses a signal that comes between showing a prompt and
        waiting for what is typed.
        """
        deadline = time.monotonic() + _PATIENCE
        self.type(key)
        while piece := self._piece(deadline, key):
            self._unread += piece
        return self._program.wait(_PATIENCE), self._unread

    def _piece(self, deadline: float, key: str = "") -> str:
        """Return what is shown next; nothing when the program has closed the terminal."""
        while not select.select([self._ours], [], [], 1.0)[0]:
            assert time.monotonic() < deadline, f"the program is silent after {self._unread!r}"
            self.type(key)
        try:
            return os.read(self._ours, 65_536).decode(errors="replace").replace("\r\n", "\n")
        except OSError:  # Linux says so when nobody has the terminal open any more
            return ""
