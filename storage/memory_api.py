"""What API clients ask of the store, in memory."""

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime
from typing import Any

from conversation.api_ports import ApiKey, Once
from conversation.records import Branch, Message, Page, Run, Step, Thread
from storage.memory_access import MemoryAccess
from storage.memory_lists import known, listed
from storage.rules import titled


class MemoryApi(MemoryAccess):
    """`conversation.api_ports.ApiStore` in dictionaries."""

    def add_thread(self, thread: Thread, messages: tuple[Message, ...] = ()) -> Future[Thread]:
        """Begin a thread, with messages in this order."""

        def add() -> Thread:
            self._rows.threads[thread.id] = titled(thread, messages)
            self._rows.branches[thread.branch_id] = Branch(id=thread.branch_id, thread_id=thread.id)
            self._rows.put_messages(messages)
            return self._rows.threads[thread.id]

        return self._write(add)

    def add_message(self, message: Message) -> Future[Message]:
        """Put a message at the end of its thread's active branch."""

        def add() -> Message:
            thread = known(self._rows.threads, "thread", message.thread_id)
            self._rows.refuse_busy(thread.id)
            self._rows.threads[thread.id] = titled(thread, (message,))
            self._rows.put_messages((replace(message, branch_id=thread.branch_id),))
            return self._rows.messages[message.id]

        return self._write(add)

    def change_message(self, message_id: str, *, metadata: Mapping[str, str]) -> Future[Message]:
        """Give a message other metadata."""

        def change() -> Message:
            message = known(self._rows.messages, "message", message_id)
            changed = replace(message, metadata=dict(metadata))
            self._rows.messages[message_id] = changed
            return changed

        return self._write(change)

    def remove_message(self, message_id: str) -> Future[None]:
        """Delete a message."""

        def remove() -> None:
            message = known(self._rows.messages, "message", message_id)
            self._rows.refuse_busy(message.thread_id)
            self._rows.deltas.pop(message_id, None)
            del self._rows.messages[message_id]

        return self._write(remove)

    def set_thread(
        self,
        thread_id: str,
        *,
        metadata: Mapping[str, str] | None = None,
        resources: Mapping[str, object] | None = None,
    ) -> Future[Thread]:
        """Change what is given."""
        given: dict[str, Mapping[str, Any] | None] = {"metadata": metadata, "resources": resources}
        changes: dict[str, Any] = {name: dict(it) for name, it in given.items() if it is not None}

        def change() -> Thread:
            changed = replace(known(self._rows.threads, "thread", thread_id), **changes)
            self._rows.threads[thread_id] = changed
            return changed

        return self._write(change)

    def set_run(self, run_id: str, *, metadata: Mapping[str, str]) -> Future[Run]:
        """Give a run other metadata."""

        def change() -> Run:
            changed = replace(known(self._rows.runs, "run", run_id), metadata=dict(metadata))
            self._rows.runs[run_id] = changed
            return changed

        return self._write(change)

    def remove_assistant(self, assistant_id: str) -> Future[None]:
        """Delete an assistant, of which the versions stay readable."""

        def remove() -> None:
            self._rows.newest(assistant_id)
            self._rows.deleted.add(assistant_id)

        return self._write(remove)

    def step(self, step_id: str) -> Step:
        """Return a step."""
        with self._open():
            return known(self._rows.steps, "step", step_id)

    def steps(self, run_id: str, page: Page | None = None) -> list[Step]:
        """Return a run's steps."""
        with self._open():
            known(self._rows.runs, "run", run_id)
            own = [step for step in self._rows.steps.values() if step.run_id == run_id]
        return listed("step", own, page)

    def add_key(self, key: ApiKey) -> Future[None]:
        """Keep a key."""
        return self._write(lambda: self._rows.keys.update({key.id: key}))

    def keys(self) -> list[ApiKey]:
        """Return all keys, oldest first."""
        with self._open():
            return sorted(self._rows.keys.values(), key=lambda key: key.created_at)

    def key(self, digest: str) -> ApiKey | None:
        """Return the key with this digest, unless it was revoked."""
        with self._open():
            valid = (key for key in self._rows.keys.values() if key.revoked_at is None)
            return next((key for key in valid if key.digest == digest), None)

    def revoke_key(self, key_id: str, at: datetime) -> Future[None]:
        """Let a key be of no use from now on."""

        def revoke() -> None:
            key = known(self._rows.keys, "key", key_id)
            self._rows.keys[key_id] = replace(key, revoked_at=key.revoked_at or at)

        return self._write(revoke)

    def key_used(self, key_id: str, at: datetime) -> Future[None]:
        """Note when a key was last used."""

        def note() -> None:
            key = self._rows.keys.get(key_id)
            if key and (key.used_at is None or key.used_at < at):
                self._rows.keys[key_id] = replace(key, used_at=at)

        return self._write(note)

    def begin_once(self, once: Once) -> Future[Once | None]:
        """Reserve an idempotency key."""

        def begin() -> Once | None:
            before = self._rows.requests.get((once.project_id, once.key))
            self._rows.requests.setdefault((once.project_id, once.key), once)
            return before

        return self._write(begin)

    def finish_once(self, project_id: str, key: str, status: int, body: str) -> Future[None]:
        """Keep the answer to a request."""

        def finish() -> None:
            begun = self._rows.requests.get((project_id, key))
            if begun is not None:
                self._rows.requests[project_id, key] = replace(begun, status=status, body=body)

        return self._write(finish)

    def forget_once(self, project_id: str, key: str) -> Future[None]:
        """Free an idempotency key."""

        def forget() -> None:
            self._rows.requests.pop((project_id, key), None)

        return self._write(forget)

    def sweep_once(self, *, before: datetime) -> Future[int]:
        """Forget requests that old."""

        def sweep() -> int:
            requests = self._rows.requests
            old = [key for key, once in requests.items() if once.created_at < before]
            for key in old:
                del requests[key]
            return len(old)

        return self._write(sweep)
