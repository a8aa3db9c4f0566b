"""Ctrl-C while answers are read: the first one stops them, the next is an interrupt as usual."""

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

from conversation.errors import ParleyError

_log: Final = logging.getLogger(__name__)

Stop = Callable[[], object]


class Interrupts:
    """The answers that the main thread reads; it alone hears of signals.

    Several may be read at a time and end in any order, so there is one handler for all of them:
    it comes with the first and goes with the last.
    """

    def __init__(self) -> None:
        self._stops: list[Stop] = []
        self._heard = False
        self._before: Any = None

    def add(self, stop: Stop) -> None:
        """Let the next Ctrl-C call `stop`, in a thread of its own."""
        if not self._stops:
            self._heard = False
            self._before = signal.signal(signal.SIGINT, self._hear)
        self._stops.append(stop)

    def remove(self, stop: Stop) -> None:
        """Forget `stop`; after the last one Ctrl-C does again what it did before."""
        self._stops.remove(stop)
        if not self._stops:
            signal.signal(signal.SIGINT, self._before or signal.SIG_DFL)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self._heard:
            raise KeyboardInterrupt
        self._heard = True
        for stop in self._stops:  # nothing that may block: what is interrupted may hold its locks
            threading.Thread(target=_call, args=(stop,), name="parley-stop", daemon=True).start()


_INTERRUPTS: Final = Interrupts()


@contextmanager
def stopping_on_interrupt(stop: Stop) -> Iterator[None]:
    """Let the first Ctrl-C call `stop`; in other threads than the main one nothing changes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _INTERRUPTS.add(stop)
    try:
        yield
    finally:
        _INTERRUPTS.remove(stop)


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C raise `KeyboardInterrupt` meanwhile, so that it can end a question to a person."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _call(stop: Stop) -> None:
    try:
        stop()
    except ParleyError as error:
        _log.warning("the answer was not stopped: %s", error)
