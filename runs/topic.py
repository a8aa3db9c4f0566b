"""The one topic on which this process is told of what has been committed to the log.

pypubsub keeps weak references and hands a listener's exception to the sender; so listeners are
bound methods whose objects somebody holds, and what they raise ends here. It is not thread-safe:
publish on the core's event loop only.
"""

import logging
from collections.abc import Callable, Iterable
from itertools import count
from typing import Final

from pubsub import pub

from conversation.events import Logged

logger: Final = logging.getLogger(__name__)
_NUMBER: Final = count(1)


class LogTopic:
    """A topic of one core; `subscribe` before anything is published."""

    def __init__(self) -> None:
        self._name = f"parley{next(_NUMBER)}"
        self._contained: list[Callable[[Logged], None]] = []

    def subscribe(self, listener: Callable[[Logged], None]) -> None:
        """Call `listener` with every event; what it raises is logged and goes no further."""

        def contained(logged: Logged) -> None:
            try:
                listener(logged)
            except Exception:
                logger.exception("a listener failed on %s", logged.event.kind)

        self._contained.append(contained)
        pub.subscribe(contained, self._name)

    def publish(self, news: Iterable[Logged]) -> None:
        """Tell every listener."""
        for logged in news:
            pub.sendMessage(self._name, logged=logged)

    def close(self) -> None:
        """Forget the listeners and the topic."""
        if self._contained:
            pub.getDefaultTopicMgr().delTopic(self._name)
        self._contained.clear()
