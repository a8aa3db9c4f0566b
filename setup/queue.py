"""Messages that wait for the exchange before theirs, and what sends them.

A message leaves the queue in the transaction that begins its exchange, so whoever tries, in
whichever process, it is sent once. An exchange that failed holds the queue: what was typed on the
strength of its answer may make no sense.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from conversation.choice import Choice
from conversation.errors import NotFound, ParleyError, ThreadBusy
from conversation.events import Logged, StateChanged
from conversation.ids import new_id
from conversation.records import QueuedMessage, Run
from conversation.script import State
from setup.exchanges import Exchanges, Next, written
from setup.parts import Parts
from setup.tasks import Tasks

logger: Final = logging.getLogger(__name__)

MOVES_ON: Final = frozenset({State.COMPLETED, State.CANCELLED, State.INCOMPLETE})
"""The ends after which the next message is sent without being asked."""

Sent = tuple[QueuedMessage, Run]


class Queue:
    """The queues of all threads; `start` accepts a message of a thread that is not busy."""

    def __init__(self, parts: Parts, exchanges: Exchanges, start: Callable[..., Run]) -> None:
        self._parts = parts
        self._store = parts.store
        self._exchanges = exchanges
        self._start = start
        self._tasks = Tasks()

    # from any thread but the event loop's

    def send(
        self, text: str, choice: Choice, *, thread_id: str, stream: bool = True
    ) -> Run | QueuedMessage:
        """Accept a message, or put it in the queue; behind those held there, which then go on."""
        text = written(text)
        if not self._store.queue(thread_id):
            try:
                return self._start(text, choice, thread_id=thread_id, stream=stream)
            except ThreadBusy:
                pass
        self._parts.casting.check(choice)
        message = QueuedMessage(
            id=new_id("wait"),
            thread_id=thread_id,
            text=text,
            provider=choice.provider,
            model=choice.model,
            assistant_id=choice.assistant_id,
            stream=stream,
            created_at=self._parts.clock(),
        )
        self._store.enqueue(message).result()
        return self._sent_at_once(message) or message

    def send_queued(self, thread_id: str) -> Run | None:
        """Send the first message that waits; None when none does or the thread is busy."""
        sent = self._parts.runner.call(self._send_first(thread_id))
        return sent[1] if sent else None

    # on the event loop

    def heard(self, logged: Logged) -> None:
        """Let the queue move on after an exchange of this process."""
        event = logged.event
        if isinstance(event, StateChanged) and event.after in MOVES_ON:
            self._tasks.begin(self._move_on(logged.run_id), f"queue after {logged.run_id}")

    async def look(self) -> None:
        """Let queues move on that nobody has moved: their process has ended, or is another."""
        for message in await asyncio.to_thread(self._store.first_waiting, MOVES_ON):
            await self._try(message)

    async def close(self) -> None:
        """Send nothing more; what waits is sent after the next start."""
        await self._tasks.close()

    # beneath

    def _sent_at_once(self, message: QueuedMessage) -> Run | None:
        """Send what is first now, unless the thread is busy; return the run if that was ours."""
        try:
            sent = self._parts.runner.call(self._send_first(message.thread_id))
        except ParleyError as error:
            logger.debug("the queue of %s is held: %s", message.thread_id, error)
            return None
        return sent[1] if sent and sent[0].id == message.id else None

    async def _move_on(self, run_id: str) -> None:
        try:
            messages = await asyncio.to_thread(self._behind, run_id)
        except ParleyError as error:
            logger.debug("the queue behind %s is held: %s", run_id, error)
            return
        for message in messages:
            await self._try(message)

    async def _try(self, message: QueuedMessage) -> None:
        """Send this message, and no other: the one behind it may be held when this has gone."""
        try:
            await self._send_waiting(message)
        except ParleyError as error:
            logger.debug("the queue of %s is held: %s", message.thread_id, error)
        except Exception:
            logger.exception("the queue of %s is held", message.thread_id)

    async def _send_first(self, thread_id: str) -> Sent | None:
        message = await asyncio.to_thread(self._first, thread_id)
        run = await self._send_waiting(message) if message else None
        return (message, run) if message and run else None

    async def _send_waiting(self, message: QueuedMessage) -> Run | None:
        wanted = await asyncio.to_thread(self._next, message)
        try:
            return await self._exchanges.begin(wanted)
        except (ThreadBusy, NotFound):  # somebody else was quicker
            return None

    def _behind(self, run_id: str) -> list[QueuedMessage]:
        """Return what is to be sent after a run, unless there is a newer one."""
        return self._store.first_waiting(MOVES_ON, run_id)

    def _first(self, thread_id: str) -> QueuedMessage | None:
        """Return what could be sent now."""
        waiting = self._store.queue(thread_id)
        busy = waiting and self._store.active_run(thread_id)
        return waiting[0] if waiting and not busy else None

    def _next(self, message: QueuedMessage) -> Next:
        thread = self._store.thread(message.thread_id)
        choice = Choice(
            provider=message.provider, model=message.model, assistant_id=message.assistant_id
        )
        spec = self._parts.casting.spec(
            choice, stream=message.stream, instructions=thread.instructions
        )
        return Next(thread=thread, spec=spec, text=message.text, queued_id=message.id)
