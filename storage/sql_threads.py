"""What people do with threads, on a database."""

from collections.abc import Collection, Mapping
from concurrent.futures import Future

from conversation.events import Logged
from conversation.records import (
    Branch,
    Feedback,
    Message,
    ModelCall,
    QueuedMessage,
    Run,
    Thread,
)
from conversation.script import State
from storage import branching, opinions, queueing, reading
from storage.sql_access import SqlAccess


class SqlThreads(SqlAccess):
    """`conversation.thread_ports.ThreadStore` on SQLite or PostgreSQL."""

    def message(self, message_id: str) -> Message:
        """Return a message of any branch."""
        with self._reading() as connection:
            return reading.message(connection, message_id)

    def branches(self, thread_id: str) -> list[Branch]:
        """Return a thread's branches."""
        with self._reading() as connection:
            return branching.branches(connection, thread_id)

    def choose_branch(self, thread_id: str, branch_id: str) -> Future[Thread]:
        """Let this branch be shown and written to."""
        return self._write(lambda c: branching.choose(c, thread_id, branch_id))

    def change_thread(
        self,
        thread_id: str,
        *,
        title: str | None = None,
        pinned: bool | None = None,
        instructions: str | None = None,
    ) -> Future[Thread]:
        """Change what is given."""
        changes = branching.changes_of(title, pinned, instructions)
        if not changes:
            return self._write(lambda c: reading.thread(c, thread_id))
        return self._write(lambda c: branching.change(c, thread_id, changes))

    def entitle(self, thread_id: str, title: str) -> Future[bool]:
        """Give a thread a model's title, unless its title is no longer its first words."""
        return self._write(lambda c: branching.entitle(c, thread_id, title))

    def runs_of(self, messages: Collection[Message]) -> list[Run]:
        """Return the runs that these messages began or that wrote them."""
        with self._reading() as connection:
            return reading.runs_of(connection, messages)

    def logs(self, run_ids: Collection[str]) -> dict[str, list[Logged]]:
        """Return the events of several runs."""
        with self._reading() as connection:
            return reading.logs(connection, run_ids)

    def model_calls(self, run_id: str) -> list[ModelCall]:
        """Return a run's requests to its model."""
        with self._reading() as connection:
            return reading.model_calls(connection, run_id)

    def rate(self, feedback: Feedback) -> Future[None]:
        """Keep what a person thinks of a run's answer."""
        return self._write(lambda c: opinions.rate(c, feedback))

    def unrate(self, run_id: str) -> Future[None]:
        """Forget what a person thinks of a run's answer."""
        return self._write(lambda c: opinions.unrate(c, run_id))

    def feedback(self, run_ids: Collection[str]) -> dict[str, Feedback]:
        """Return what people think, by run."""
        with self._reading() as connection:
            return opinions.feedback(connection, run_ids)

    def enqueue(self, message: QueuedMessage) -> Future[None]:
        """Put a message in its thread's queue."""
        return self._write(lambda c: queueing.enqueue(c, message))

    def queue(self, thread_id: str) -> list[QueuedMessage]:
        """Return the messages that wait in a thread."""
        with self._reading() as connection:
            return queueing.queue(connection, thread_id)

    def first_waiting(
        self, behind: Collection[State], run_id: str | None = None
    ) -> list[QueuedMessage]:
        """Return the first message of each queue behind a run in such a state."""
        with self._reading() as connection:
            return queueing.first_waiting(connection, behind, run_id)

    def dequeue(self, queued_id: str) -> Future[bool]:
        """Drop a message that waits."""
        return self._write(lambda c: queueing.dequeue(c, queued_id))

    def preferences(self, owner: str) -> dict[str, str]:
        """Return what somebody has set for themselves."""
        with self._reading() as connection:
            return opinions.preferences(connection, owner)

    def prefer(self, owner: str, preferences: Mapping[str, str]) -> Future[None]:
        """Keep these preferences, besides the others."""
        given = dict(preferences)
        return self._write(lambda c: opinions.prefer(c, owner, given))
