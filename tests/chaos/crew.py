"""The processes of a scenario: begun, killed, frozen, told to end, and followed by others."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from functools import cache
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Final, Self

from tests.chaos.member import Place, finish, work

WAIT: Final = 120.0
"""How long anything may take that takes a moment, on a machine that has much else to do."""

_PRELOADED: Final = [
    "tests.chaos.member",
    "proxies.demo",
    "storage.store",
    "psycopg",
    "tests.chaos.api_member",
    "runs.distributed",
    "openai.resources.beta.threads",
    "uvicorn.protocols.http.h11_impl",
    "uvicorn.lifespan.on",
]


@cache
def _context() -> ForkServerContext:
    """Return what begins processes in no time: they are forked off one that has read our code."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    return context


class Member:
    """One process."""

    def __init__(self, what: Callable[..., None], *given: object) -> None:
        self._heard, theirs = _context().Pipe(duplex=False)
        self.process: BaseProcess = _context().Process(target=what, args=(*given, theirs))
        self.process.start()
        theirs.close()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self.process.pid or 0

    def works(self, steps: int) -> bool:
        """Wait until it has done so many steps more; False when it has ended, or is too slow."""
        for _ in range(steps):
            if not self._heard.poll(WAIT):
                return False
            try:
                self._heard.recv_bytes()
            except EOFError:
                return False
        return True

    def says(self) -> str:
        """Wait for what it tells next."""
        assert self._heard.poll(WAIT)
        return self._heard.recv_bytes().decode()

    def skip(self) -> int:
        """Forget what it has told until now; return how many steps that were."""
        steps = 0
        while self._heard.poll(0):
            try:
                self._heard.recv_bytes()
            except EOFError:
                break
            steps += 1
        return steps

    def signal(self, number: int) -> None:
        """Send a signal, if it is still there."""
        if self.process.is_alive():
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it as the system does that needs its memory."""
        self.process.kill()
        self.ended()

    def ended(self, timeout: float = WAIT) -> int | None:
        """Wait for its end and return its exit code; None when it goes on."""
        self.process.join(timeout)
        code = self.process.exitcode
        if code is not None:
            self._heard.close()
        return code


class Crew:
    """Two processes (or more) that share a database; use it as a context manager."""

    def __init__(self, place: Place, seed: str, size: int = 2) -> None:
        self._place = place
        self._seed = seed
        self._number = 0
        self.members = [self._begin() for _ in range(size)]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for member in self.members:
            member.signal(signal.SIGCONT)
            member.kill()

    def replace(self, which: int) -> None:
        """Let a new process take a place."""
        self.members[which] = self._begin()

    def finish(self) -> bool:
        """Let a process alone bring everything to its end; False when it does not end itself."""
        for member in self.members:
            member.kill()
        last = Member(finish, self._place, f"{self._seed}-last")
        try:
            return last.works(1) and last.ended() == 0
        finally:
            last.kill()

    def _begin(self) -> Member:
        self._number += 1
        return Member(work, self._place, f"{self._seed}-{self._number}")
