"""Notices what other processes commit: one thread, awake only while somebody wants to know."""

import logging
import threading
from collections.abc import Callable
from typing import Final

from conversation.errors import ParleyError
from conversation.ports import ChangeWatch

logger: Final = logging.getLogger(__name__)

_PATIENCE: Final = 0.5


class Elsewhere:
    """Calls `changed` after commits of any process while `wanted`.

    A watch is open only while it is wanted: one that nobody reads would hold notifications up.
    """

    def __init__(
        self, watch: Callable[[], ChangeWatch], changed: Callable[[], None], *, retry: float = 1.0
    ) -> None:
        self._watch = watch
        self._changed = changed
        self._retry = retry
        self._wanted = threading.Event()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        self._open: ChangeWatch | None = None
        self._lock = threading.Lock()

    @property
    def wanted(self) -> bool:
        """Whether anybody follows a run that is executed elsewhere."""
        return self._wanted.is_set()

    @wanted.setter
    def wanted(self, wanted: bool) -> None:
        with self._lock:
            if self._closed.is_set():
                return
            if not wanted:
                self._wanted.clear()
                return
            self._wanted.set()
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="parley-elsewhere", daemon=True
                )
                self._thread.start()

    def close(self) -> None:
        """End the thread."""
        with self._lock:
            self._closed.set()
            self._wanted.set()
            watch = self._open
        if watch is not None:
            watch.close()  # its `wait` returns
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _run(self) -> None:
        while self._wanted.wait() and not self._closed.is_set():
            try:
                self._look()
            except ParleyError as error:
                logger.warning("commits of other processes can't be seen: %s", error)
                self._closed.wait(self._retry)
            except Exception:
                logger.exception("commits of other processes can't be seen")
                self._closed.wait(self._retry)

    def _look(self) -> None:
        watch = self._watch()
        with self._lock:
            self._open = watch
        try:
            self._changed()  # what was committed until now went unseen
            while self._wanted.is_set() and not self._closed.is_set():
                if watch.wait(_PATIENCE):
                    self._changed()
        finally:
            with self._lock:
                self._open = None
            watch.close()
