"""Beginning an exchange: what comes into being with it, in one transaction, and who executes it."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from conversation.errors import EmptyMessage, StoreUnavailable
from conversation.events import MessageSent
from conversation.ids import new_id
from conversation.records import Branch, Exchange, Message, Opening, Run, RunSpec, Thread
from conversation.text import storable
from proxies.user_proxy import UserProxy
from setup.parts import Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """An exchange to begin: by a new message with `text`, or by `message`, which is there already.

    `new` says so of the thread; `branch` is begun with the exchange. `queued_id` names the message
    that leaves the queue with it.
    """

    thread: Thread
    spec: RunSpec
    text: str = ""
    message: Message | None = None
    new: bool = False
    branch: Branch | None = None
    queued_id: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)


class Exchanges:
    """Begins exchanges and sees that their runs are executed; on the core's event loop."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def begin(self, wanted: Next) -> Run:
        """Accept a message; the run is durable on return, and executed."""
        return await self.accept(self._opening(wanted))

    async def accept(self, opening: Opening) -> Run:
        """Begin a run; it is durable on return, and executed."""
        parts = self._parts
        if parts.worker.retired:
            raise StoreUnavailable("Parley is being closed.", hint="Start the program again.")
        opening = replace(opening, run=parts.queue.entrusted(opening.run))
        mediator = parts.mediator(
            Exchange(run=opening.run, messages=()), log=parts.log, clock=parts.clock
        )
        user = UserProxy(parts.tools)
        user.introduce(mediator)
        run = await user.send(opening)
        begun = Exchange(run=run, messages=opening.messages) if opening.thread else None
        parts.queue.accepted(run, begun)
        return run

    def _opening(self, wanted: Next) -> Opening:
        now, thread = self._parts.clock(), wanted.thread
        branch_id = wanted.branch.id if wanted.branch else thread.branch_id
        message = wanted.message or _message(wanted, branch_id, now)
        run = Run(
            id=new_id("run"),
            thread_id=thread.id,
            branch_id=branch_id,
            spec=wanted.spec,
            metadata=wanted.metadata,
            message_id=message.id,
            project_id=thread.project_id,
            created_at=now,
            expires_at=now + self._parts.expires_after,
        )
        return Opening(
            run=run,
            messages=() if wanted.message else (message,),
            events=_asked_again(wanted.message),
            thread=thread if wanted.new else None,
            branch=wanted.branch,
            queued_id=wanted.queued_id,
        )


def written(text: str) -> str:
    """Return what a user wrote as it can be kept; `EmptyMessage`."""
    text = storable(text)
    if not text.strip():
        raise EmptyMessage
    return text


def new_thread(instructions: str, at: datetime) -> Thread:
    """Return a thread that begins with instructions of its own."""
    return Thread(
        id=new_id("thread"),
        branch_id=new_id("branch"),
        instructions=storable(instructions).strip(),
        created_at=at,
    )


def _message(wanted: Next, branch_id: str, now: datetime) -> Message:
    return Message(
        id=new_id("msg"),
        thread_id=wanted.thread.id,
        branch_id=branch_id,
        role="user",
        text=wanted.text,
        created_at=now,
    )


def _asked_again(message: Message | None) -> tuple[MessageSent, ...]:
    """Return the event that tells what is asked; the mediator tells it of new messages."""
    return (MessageSent(message_id=message.id, text=message.text),) if message else ()
