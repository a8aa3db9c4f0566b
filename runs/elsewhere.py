"""Notices what other processes commit: one thread, awake only while somebody wants to know."""

import logging
import threading
from collections.abc import Callable
from typing import Final

from conversation.errors import ParleyError
from conversation.ports import ChangeWatch

logger: Final = logging.getLogger(__name__)


class Elsewhere:
    """Calls `changed` after commits of any process while `wanted`."""

    def __init__(self, watch: Callable[[], ChangeWatch], changed: Callable[[], None]) -> None:
        self._watch = watch
        self._changed = changed
        self._wanted = threading.Event()
        self._closed = False
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    @property
    def wanted(self) -> bool:
        """Whether anybody follows a run that is executed elsewhere."""
        return self._wanted.is_set()

    @wanted.setter
    def wanted(self, wanted: bool) -> None:
        if not wanted:
            self._wanted.clear()
            return
        self._wanted.set()
        with self._lock:
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(
                    target=self._run, name="parley-elsewhere", daemon=True
                )
                self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._closed = True
        self._wanted.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._closed:
            try:
                self._look()
            except ParleyError as error:
                logger.warning("commits of other processes can't be seen: %s", error)
                threading.Event().wait(1.0)

    def _look(self) -> None:
        watch = self._watch()
        try:
            while not self._closed:
                self._wanted.wait()
                if watch.wait(0.5):
                    self._changed()
        finally:
            watch.close()
