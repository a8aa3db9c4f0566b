"""A run's rows for those who follow its log."""

from dataclasses import dataclass
from typing import Protocol

from conversation.errors import NotFound
from conversation.ports import Store
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
    """One run's rows, read when they are asked for."""

    store: Store
    run_id: str

    def run(self) -> Run:
        """Return the run."""
        return self.store.run(self.run_id)

    def message(self, message_id: str) -> Message | None:
        """Return a message, None while it is not there yet."""
        try:
            return self.store.message(message_id)
        except NotFound:
            return None

    def steps(self) -> list[Step]:
        """Return the run's steps."""
        return self.store.steps(self.run_id)
