"""What API clients ask of the store, on a database."""

from collections.abc import Mapping
from concurrent.futures import Future
from datetime import datetime

from conversation.api_ports import ApiKey, Once
from conversation.records import Message, Page, Run, Step, Thread
from storage import assistants, composing, idempotency, keys, reading
from storage.sql_access import SqlAccess


class SqlApi(SqlAccess):
    """`conversation.api_ports.ApiStore` on SQLite or PostgreSQL."""

    def add_thread(self, thread: Thread, messages: tuple[Message, ...] = ()) -> Future[Thread]:
        """Begin a thread, with messages in this order."""
        return self._write(lambda c: composing.add_thread(c, thread, messages, self._now()))

    def add_message(self, message: Message) -> Future[Message]:
        """Put a message at the end of its thread's active branch."""
        return self._write(lambda c: composing.add_message(c, message, self._now()))

    def change_message(self, message_id: str, *, metadata: Mapping[str, str]) -> Future[Message]:
        """Give a message other metadata."""
        return self._write(lambda c: composing.change_message(c, message_id, metadata))

    def remove_message(self, message_id: str) -> Future[None]:
        """Delete a message."""
        return self._write(lambda c: composing.remove_message(c, message_id))

    def set_thread(
        self,
        thread_id: str,
        *,
        metadata: Mapping[str, str] | None = None,
        resources: Mapping[str, object] | None = None,
    ) -> Future[Thread]:
        """Change what is given."""
        return self._write(lambda c: composing.set_thread(c, thread_id, metadata, resources))

    def set_run(self, run_id: str, *, metadata: Mapping[str, str]) -> Future[Run]:
        """Give a run other metadata."""
        return self._write(lambda c: composing.set_run(c, run_id, metadata))

    def remove_assistant(self, assistant_id: str) -> Future[None]:
        """Delete an assistant, of which the versions stay readable."""
        return self._write(lambda c: assistants.remove(c, assistant_id, self._now()))

    def step(self, step_id: str) -> Step:
        """Return a step."""
        with self._reading() as connection:
            return reading.step(connection, step_id)

    def steps(self, run_id: str, page: Page | None = None) -> list[Step]:
        """Return a run's steps."""
        with self._reading() as connection:
            return reading.steps(connection, run_id, page)

    def add_key(self, key: ApiKey) -> Future[None]:
        """Keep a key."""
        return self._write(lambda c: keys.add(c, key))

    def keys(self) -> list[ApiKey]:
        """Return all keys, oldest first."""
        with self._reading() as connection:
            return keys.find_all(connection)

    def key(self, digest: str) -> ApiKey | None:
        """Return the key with this digest, unless it was revoked."""
        with self._reading() as connection:
            return keys.find(connection, digest)

    def revoke_key(self, key_id: str, at: datetime) -> Future[None]:
        """Let a key be of no use from now on."""
        return self._write(lambda c: keys.revoke(c, key_id, at))

    def key_used(self, key_id: str, at: datetime) -> Future[None]:
        """Note when a key was last used."""
        return self._write(lambda c: keys.used(c, key_id, at))

    def begin_once(self, once: Once) -> Future[Once | None]:
        """Reserve an idempotency key."""
        return self._write(lambda c: idempotency.begin(c, once))

    def finish_once(self, project_id: str, key: str, status: int, body: str) -> Future[None]:
        """Keep the answer to a request."""
        return self._write(lambda c: idempotency.finish(c, project_id, key, status, body))

    def forget_once(self, project_id: str, key: str) -> Future[None]:
        """Free an idempotency key."""
        return self._write(lambda c: idempotency.forget(c, project_id, key))

    def sweep_once(self, *, before: datetime) -> Future[int]:
        """Forget requests that old."""
        return self._write(lambda c: idempotency.sweep(c, before))
