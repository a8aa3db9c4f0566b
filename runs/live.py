"""What a process knows by heart of a run that it executes."""

from collections.abc import Iterable

from conversation.events import Logged, StateChanged
from conversation.ports import KnownRows
from conversation.records import Message, PendingText, Step
from conversation.script import TERMINAL


class LiveRun:
    """A run since it was claimed, or since it was begun if nobody else had it before.

    Whoever reads has to hold the feed's lock.
    """

    def __init__(self, fence: int, begun: Iterable[Logged] = ()) -> None:
        self.fence = fence
        self.message_id: str | None = None
        self.text = ""
        self._events = list(begun)
        self._messages: dict[str, Message] = {}
        self._steps: dict[str, Step] = {}

    @property
    def ended(self) -> bool:
        """Whether its end is known."""
        return bool(self._events) and ends(self._events[-1])

    def hear(self, logged: Logged) -> None:
        """Take the next event; after one that was written elsewhere, begin anew behind it."""
        last = self._events[-1].seq if self._events else 0
        if logged.seq > last + 1:
            self._events.clear()
        if logged.seq > last:
            self._events.append(logged)

    def keep(self, messages: Iterable[Message], steps: Iterable[Step]) -> None:
        """Take rows that are in the log now."""
        self._messages.update((message.id, message) for message in messages)
        self._steps.update((step.id, step) for step in steps)

    def say(self, text: PendingText) -> None:
        """Take the next piece of the message that is being written."""
        if text.message_id != self.message_id:
            self.message_id, self.text = text.message_id, ""
        self.text += text.text

    def events(self, after: int) -> list[Logged] | None:
        """Return the events with `seq > after`; None where not all of them are known here."""
        if not self._events or after < self._events[0].seq - 1:
            return None
        return self._events[after - self._events[0].seq + 1 :]

    def said(self) -> tuple[str, str] | None:
        """Return id and text of the message that is being written."""
        return None if self.ended or not self.message_id else (self.message_id, self.text)

    def keeps(self, message_id: str) -> bool:
        """Tell whether a message is in the log."""
        return message_id in self._messages

    def rows(self) -> KnownRows | None:
        """Return the rows it has written.

        None where somebody else may have written some, and where its end has closed what was open:
        how it did so the log knows alone.
        """
        from_its_beginning = bool(self._events) and self._events[0].seq == 1
        if not from_its_beginning or (self.ended and self._left_open()):
            return None
        return KnownRows(messages=tuple(self._messages.values()), steps=tuple(self._steps.values()))

    def _left_open(self) -> bool:
        statuses = (
            *(message.status for message in self._messages.values()),
            *(step.status for step in self._steps.values()),
        )
        return "in_progress" in statuses


def ends(logged: Logged) -> bool:
    """Tell whether an event is a run's last."""
    return isinstance(logged.event, StateChanged) and logged.event.after in TERMINAL
