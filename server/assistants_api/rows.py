"""A run's rows for those who follow its log."""

from dataclasses import dataclass
from typing import Protocol

from conversation.errors import NotFound
from conversation.ports import Feed, KnownRows, Store
from conversation.records import Message, Run, Step


class Rows(Protocol):
    """A run's rows as they are now."""

    def run(self) -> Run:
        """Return the run."""
        ...

    def message(self, message_id: str) -> Message | None:
        """Return a message, None while it is not there yet."""
        ...

    def steps(self) -> list[Step]:
        """Return the run's steps."""
        ...


@dataclass(frozen=True, slots=True)
class StoredRows:
    """One run's rows, read when they are asked for; from memory, where the feed has them there."""

    store: Store
    run_id: str
    feed: Feed | None = None

    def run(self) -> Run:
        """Return the run."""
        return self.store.run(self.run_id)

    def message(self, message_id: str) -> Message | None:
        """Return a message, None while it is not there yet."""
        known = self._known()
        if known is not None:
            return next((one for one in known.messages if one.id == message_id), None)
        try:
            return self.store.message(message_id)
        except NotFound:
            return None

    def steps(self) -> list[Step]:
        """Return the run's steps."""
        known = self._known()
        return self.store.steps(self.run_id) if known is None else list(known.steps)

    def _known(self) -> KnownRows | None:
        return self.feed.rows(self.run_id) if self.feed else None
