"""Following a run: the one way in which pages, terminals and streams learn what happens.

The log is what is followed. While a run is executed in this process, its streaming text comes
from memory and its followers are called at once; for all others one thread looks for commits.
"""

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from conversation.errors import StoreUnavailable
from conversation.events import Logged, MessageRetrieved, StateChanged
from conversation.ports import Cursor, KnownRows, Store, Update
from conversation.records import Message, PendingText, Run, Write
from runs.elsewhere import Elsewhere
from runs.live import LiveRun, ends
from runs.news import News, again, say

logger: Final = logging.getLogger(__name__)

_GOES_ON: Final = "What was under way goes on in another process, or at the next start."
_NOBODY: Final[frozenset[Callable[[], None]]] = frozenset()


class LogFeed:
    """Reads the log for followers and wakes them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._live: dict[str, LiveRun] = {}
        self._left: set[str] = set()
        self._begun: dict[str, tuple[int, Sequence[Logged]]] = {}
        self._watchers: dict[str, set[Callable[[], None]]] = defaultdict(set)
        self._parting: set[str] = set()
        self._nobody_parts = threading.Condition(self._lock)
        self._closed = False
        self._elsewhere = Elsewhere(store.watch_changes, self._wake_others)

    # told by the executing side

    def begun(self, run: Run, logged: Sequence[Logged]) -> None:
        """Take the first events of a run that was accepted as this process's own."""
        with self._lock:
            if run.fence:  # nobody else writes to it before it is opened
                self._begun[run.id] = run.fence, logged

    def opened(self, run_id: str, fence: int) -> None:
        """Note that this process executes the run from now on, under this fence."""
        with self._lock:
            accepted, logged = self._begun.pop(run_id, (None, ()))
            self._live[run_id] = LiveRun(fence, logged if accepted == fence else ())
            self._left.discard(run_id)
        self._wake(run_id)

    def closed(self, run_id: str) -> None:
        """Note that it no longer does; an ended run is remembered until its followers leave."""
        with self._lock:
            live = self._live.get(run_id)
            if live and live.ended and run_id in self._watchers:
                self._left.add(run_id)
            else:
                self._live.pop(run_id, None)
            self._elsewhere.wanted = self._anybody_elsewhere()
        self._wake(run_id)

    def heard(self, logged: Logged) -> None:
        """Take note of a committed event."""
        with self._lock:
            live = self._live.get(logged.run_id)
            if live:
                live.hear(logged)
            if ends(logged) and logged.run_id in self._watchers:
                self._parting.add(logged.run_id)
        self._wake(logged.run_id)

    def said(self, text: PendingText) -> None:
        """Take a piece of streaming text."""
        with self._lock:
            live = self._live.get(text.run_id)
            if live is None or live.fence != text.fence:
                return  # an attempt that was given up
            live.say(text)
            watchers = tuple(self._watchers.get(text.run_id, _NOBODY))
        _tell(text.run_id, watchers)

    def kept(self, write: Write) -> None:
        """Take note of a step that is in the log now; of its events it is told one by one."""
        with self._lock:
            live = self._live.get(write.run_id)
            if live:
                live.keep(write.messages, write.steps)
        if not write.events:
            self._wake(write.run_id)

    def wait_for_parting(self, seconds: float) -> None:
        """Wait until those who follow runs that have ended here have heard of it, and left."""
        with self._nobody_parts:
            self._nobody_parts.wait_for(lambda: not self._parting, seconds)

    # asked by followers

    @contextmanager
    def watch(self, run_id: str, notify: Callable[[], None]) -> Iterator[None]:
        """Call `notify`, from any thread, whenever the run may have news."""
        with self._lock:
            self._watchers[run_id].add(notify)
            self._elsewhere.wanted = self._anybody_elsewhere()
        try:
            yield
        finally:
            self._unwatch(run_id, notify)

    def read(self, run_id: str, cursor: Cursor) -> Update:
        """Return what is new since `cursor`.

        The text is looked at before the events: what was said is then ahead of none but those
        that go with its own beginning. It may belong to an attempt that was given up meanwhile.
        """
        if self._closed:
            raise StoreUnavailable("Parley has been closed.", hint=_GOES_ON)
        said = self._said(run_id)
        events = self._events(run_id, cursor.seq)
        if not again(events):
            return self._merge(cursor, events, said)
        until_now = self._merge(cursor, events, None)
        later = self.read(run_id, until_now.cursor)
        return Update(cursor=later.cursor, news=until_now.news + later.news)

    def read_text(self, run_id: str, cursor: Cursor) -> Update | None:
        """Return more text of the cursor's message; None where there may be other news, too."""
        with self._lock:
            live = self._live.get(run_id)
            if live is None or live.message_id is None or live.events(cursor.seq) != []:
                return None
            message_id, text = live.message_id, live.text
        if message_id != cursor.message_id or self._closed:
            return None
        news: list[News] = []
        cursor = say(news, cursor, message_id, text)
        return Update(cursor=cursor, news=tuple(news))

    def read_known(self, run_id: str, cursor: Cursor) -> Update | None:
        """Return what is new since `cursor`, from memory; None where the log has to be read."""
        with self._lock:
            live = self._live.get(run_id)
            events = live.events(cursor.seq) if live and live.rows() else None
            said = live.said() if live else None
        if events is None or self._closed or again(events):
            return None
        return self._merge(cursor, events, said)

    def rows(self, run_id: str) -> KnownRows | None:
        """Return the rows that the run has written; None where the log has to be asked."""
        with self._lock:
            live = self._live.get(run_id)
            return live.rows() if live else None

    def under_way(self) -> int:
        """Return how many runs are executed in this process."""
        with self._lock:
            return len(self._live) - len(self._left)

    def keeps(self, run_id: str, message_id: str) -> bool:
        """Tell whether a message may be looked for in the log, as far as is known here."""
        with self._lock:
            live = self._live.get(run_id)
            return live is None or live.keeps(message_id)

    def close(self) -> None:
        """Stop looking for commits; who still follows is told that there is nothing to come."""
        self._closed = True
        self._elsewhere.close()
        with self._lock:
            followed = tuple(self._watchers)
        for run_id in followed:
            self._wake(run_id)

    # beneath

    def _said(self, run_id: str) -> tuple[str, str] | None:
        """Return id and text of the message that is being written."""
        with self._lock:
            live = self._live.get(run_id)
            if live:
                return live.said()
        written = [m for m in self._store.texts(run_id) if m.status == "in_progress"]
        return (written[-1].id, written[-1].text) if written else None

    def _events(self, run_id: str, after: int) -> list[Logged]:
        with self._lock:
            live = self._live.get(run_id)
            known = live.events(after) if live else None
        return self._store.events(run_id, after=after) if known is None else known

    def _merge(self, cursor: Cursor, events: list[Logged], said: tuple[str, str] | None) -> Update:
        news: list[News] = []
        final: set[str] = set()
        for logged in events:
            for message_id, text in self._finished(logged):
                final.add(message_id)
                cursor = say(news, cursor, message_id, text)
            news.append(logged)
            cursor = Cursor(seq=logged.seq, message_id=cursor.message_id, offset=cursor.offset)
        ended = bool(events) and ends(events[-1])
        if said and said[0] not in final and not ended:
            cursor = say(news, cursor, *said)
        return Update(cursor=cursor, news=tuple(news))

    def _finished(self, logged: Logged) -> list[tuple[str, str]]:
        """Return the messages that this event makes final, with their whole text."""
        match logged.event:
            case MessageRetrieved(message_id=message_id, text=text):
                return [(message_id, text)]
            case StateChanged() if ends(logged):
                return [
                    (message.id, message.text)
                    for message in self._messages(logged.run_id)
                    if message.status == "incomplete" and message.incomplete_reason != "superseded"
                ]
            case _:
                return []

    def _messages(self, run_id: str) -> Sequence[Message]:
        known = self.rows(run_id)
        return self._store.texts(run_id) if known is None else known.messages

    def _unwatch(self, run_id: str, notify: Callable[[], None]) -> None:
        with self._lock:
            watchers = self._watchers[run_id]
            watchers.discard(notify)
            if not watchers:
                del self._watchers[run_id]
                self._parting.discard(run_id)
                if run_id in self._left:
                    self._left.discard(run_id)
                    self._live.pop(run_id, None)
                self._nobody_parts.notify_all()
            self._elsewhere.wanted = self._anybody_elsewhere()

    def _anybody_elsewhere(self) -> bool:
        return any(run_id not in self._live for run_id in self._watchers)

    def _wake(self, run_id: str) -> None:
        with self._lock:
            watchers = tuple(self._watchers.get(run_id, _NOBODY))
        _tell(run_id, watchers)

    def _wake_others(self) -> None:
        with self._lock:
            others = [run_id for run_id in self._watchers if run_id not in self._live]
        for run_id in others:
            self._wake(run_id)


def _tell(run_id: str, watchers: Iterable[Callable[[], None]]) -> None:
    for notify in watchers:
        try:
            notify()
        except Exception:  # one follower's fault is neither the run's nor the others'
            logger.exception("a follower of run %s can't be told", run_id)
