"""Runs that API clients begin: on messages that are there already, come with them, or on none."""

from collections.abc import Iterable, Mapping
from typing import Final

from conversation.ids import new_id
from conversation.records import Message, Opening, Page, Run, RunSpec, Thread
from setup.exchanges import Exchanges
from setup.parts import Parts

_NEWEST: Final = Page(limit=20)


class ApiRuns:
    """Any thread but the event loop's may call it; what it begins is durable on return."""

    def __init__(self, parts: Parts, exchanges: Exchanges) -> None:
        self._parts = parts
        self._exchanges = exchanges

    def begin(
        self,
        thread: Thread,
        spec: RunSpec,
        messages: tuple[Message, ...],
        *,
        new: bool,
        metadata: Mapping[str, str],
    ) -> Run:
        """Begin a run after these messages, all in one transaction; `new` says so of the thread."""
        asked = _asked(reversed(messages)) or (None if new else self._asked_before(thread.id))
        now = self._parts.clock()
        run = Run(
            id=new_id("run"),
            thread_id=thread.id,
            branch_id=thread.branch_id,
            spec=spec,
            message_id=asked.id if asked else None,
            project_id=thread.project_id,
            metadata=dict(metadata),
            created_at=now,
            expires_at=now + self._parts.api_expires_after,
        )
        opening = Opening(run=run, messages=messages, events=(), thread=thread if new else None)
        return self._parts.runner.call(self._exchanges.accept(opening))

    def _asked_before(self, thread_id: str) -> Message | None:
        return _asked(self._parts.store.messages(thread_id, _NEWEST))


def _asked(newest_first: Iterable[Message]) -> Message | None:
    """Return the user's message that nobody has answered yet, if the last one is among these."""
    for message in newest_first:
        if message.run_id is not None:
            return None
        if message.role == "user":
            return message
    return None
