"""Ending when told to: runs under way get their time, and a second signal ends at once.

A core in the main thread of a program that leaves SIGTERM to the system hears of it: the program
goes on while its runs end (it may be printing an answer), and is then left by `SystemExit`.
Others have a way to end of their own, at whose end the core is closed: Streamlit's server, say.
"""

import os
import signal
import socket
import threading
from contextlib import suppress
from types import FrameType
from typing import Final

from setup.core import ParleyCore

_ENDING: Final = (signal.SIGTERM, signal.SIGINT)
_AGAIN: Final = 0.2


class Departure:
    """How this process ends its core."""

    def __init__(self, core: ParleyCore) -> None:
        self._core = core
        self._closed = False
        self._at_exit = False
        self._left = threading.Event()
        self._told, self._tell = socket.socketpair()
        self._tell.setblocking(False)

    def on_sigterm(self) -> None:
        """Leave when SIGTERM comes, unless somebody else sees to it. Windows does not know it.

        Python may show a prompt and wait for what is typed without calling a handler first. So a
        thread hears of the signal, too, and repeats it in the end until it is heard.
        """
        in_main = threading.current_thread() is threading.main_thread()
        unheard = in_main and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        if not unheard or not hasattr(signal, "pthread_kill"):
            return
        signal.signal(signal.SIGTERM, self._hear)
        self._is_told()
        os.register_at_fork(after_in_child=self._forget)
        threading.Thread(target=self._listen, name="parley-leaving", daemon=True).start()

    def at_exit(self) -> None:
        """Close the core while the interpreter ends; signals can't end it any more, but hasten."""
        self._at_exit = True
        if threading.current_thread() is threading.main_thread():
            for number in _ENDING:
                signal.signal(number, self._hasten)
        self._core.close()

    # in signal handlers nothing may block: what they interrupt may hold its locks

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if not self._closed:
            if not self._is_told():
                with suppress(BlockingIOError):
                    self._tell.send(bytes([number]))
            return
        signal.signal(number, signal.SIG_DFL)
        self._left.set()
        if not self._at_exit:
            raise SystemExit(128 + number)

    def _is_told(self) -> bool:
        """Tell whether the thread hears of signals; if not, it does from now on, if it can."""
        ours = self._tell.fileno()
        before = signal.set_wakeup_fd(ours, warn_on_full_buffer=False)
        if before not in {-1, ours}:
            signal.set_wakeup_fd(before)  # somebody else's, and dearer to them
        return before == ours

    def _hasten(self, number: int, frame: FrameType | None) -> None:
        self._core.hasten()

    # in threads

    def _listen(self) -> None:
        self._until_told()
        threading.Thread(target=self._close, name="parley-closing", daemon=True).start()
        self._until_told()
        self._core.hasten()

    def _until_told(self) -> None:
        while self._told.recv(1) != bytes([signal.SIGTERM]):
            pass

    def _close(self) -> None:
        try:
            self._core.close()
        finally:
            self._closed = True
            main = threading.main_thread().ident or 0
            while not self._at_exit and not self._left.is_set():
                signal.pthread_kill(main, signal.SIGTERM)
                self._left.wait(_AGAIN)

    def _forget(self) -> None:
        """Leave signals to the system in a process that was forked off: it has no core."""
        if signal.getsignal(signal.SIGTERM) == self._hear:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.set_wakeup_fd(-1)
