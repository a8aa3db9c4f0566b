"""A stage for exchanges without a worker: a scripted model, real tools, a real log in memory."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from conversation.errors import ParleyError
from conversation.events import Event
from conversation.ids import new_id
from conversation.ports import AssistantProxy, Store, ToolExecutor, ToolRunner
from conversation.records import (
    Exchange,
    Message,
    Opening,
    PendingText,
    Run,
    RunSpec,
    Thread,
    Write,
)
from conversation.signals import Signal
from conversation.turns import ToolSpec, Turn
from mediator.conductor import Conductor
from mediator.mediator import Mediator
from proxies.user_proxy import UserProxy
from storage.memory import MemoryStore
from tools.registry import Tools

Line = Signal | Exception | asyncio.Event
MakeMediator = type[Mediator]


class ScriptedAssistant:
    """Says what it was told to, one list a turn; an exception is raised, an event waited for."""

    name = "scripted"

    def __init__(self, *turns: Iterable[Line]) -> None:
        self._turns = [list(turn) for turn in turns]
        self.heard: list[Turn] = []
        self.asked = asyncio.Event()
        self.closed = 0

    async def respond(self, turn: Turn) -> AsyncGenerator[Signal, None]:
        self.heard.append(turn)
        self.asked.set()
        try:
            for line in self._turns.pop(0):
                if isinstance(line, Exception):
                    raise line
                if isinstance(line, asyncio.Event):
                    await line.wait()
                else:
                    yield line
        finally:
            self.closed += 1

    async def models(self) -> tuple[str, ...]:
        return ()

    async def aclose(self) -> None:
        """Nothing to close."""


@dataclass
class Log:
    """A run log over a store that keeps what was said and may fail or be raced on purpose."""

    store: Store
    said: list[PendingText] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    spoken: asyncio.Event = field(default_factory=asyncio.Event)

    async def accept(self, opening: Opening) -> Run:
        run, _ = await asyncio.wrap_future(self.store.accept(opening))
        return run

    def write(self, write: Write) -> asyncio.Future[None]:
        """Make the step at once, so that tests can look at what is in the store."""
        self.writes.append(write)
        told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        try:
            self.store.write(write).result()
        except ParleyError as error:
            told.set_exception(error)
            told.exception()
        else:
            told.set_result(None)
        return told

    def say(self, text: PendingText) -> None:
        self.said.append(text)
        self.spoken.set()


def now() -> datetime:
    return datetime.now(UTC)


def opening(
    text: str = "Hello",
    *,
    thread: Thread | None = None,
    tools: tuple[ToolSpec, ...] = (),
    **spec: object,
) -> Opening:
    """Return what a user's message brings into being; a new thread unless one is given."""
    where = thread or Thread(id=new_id("thread"), branch_id=new_id("branch"), created_at=now())
    message = Message(
        id=new_id("msg"),
        thread_id=where.id,
        branch_id=where.branch_id,
        role="user",
        text=text,
        created_at=now(),
    )
    run = Run(
        id=new_id("run"),
        thread_id=where.id,
        branch_id=where.branch_id,
        spec=replace(RunSpec(provider="scripted", model="m", tools=tools), **spec),  # type: ignore[arg-type]
        message_id=message.id,
        fence=1,
        attempt=1,
        created_at=now(),
    )
    return Opening(
        run=run, messages=(message,), events=(), thread=None if thread is not None else where
    )


class Stage:
    """One store, one log, one user proxy; runs are begun and conducted on it."""

    def __init__(
        self, make: MakeMediator, tools: ToolRunner | None = None, store: Store | None = None
    ) -> None:
        self.make = make
        self.tools = tools or Tools()
        self.store = store or MemoryStore()
        self.log = Log(self.store)
        self.user: ToolExecutor = UserProxy(self.tools)

    async def begin(self, text: str = "Hello", **more: object) -> Run:
        """Accept a message; its run is `ready`."""
        start = opening(text, tools=self.tools.specs(), **more)  # type: ignore[arg-type]
        mediator = self.make(Exchange(run=start.run, messages=()), log=self.log, clock=now)
        return await mediator.set_user_message(start)

    def restore(self, run_id: str, *, fenced: bool = True) -> Mediator:
        """Return a mediator for the run as the log has it."""
        exchange = self.store.exchange(run_id)
        fence = exchange.run.fence if fenced else None
        return self.make(exchange, log=self.log, clock=now, fence=fence)

    async def conduct(self, run_id: str, assistant: AssistantProxy) -> Run:
        """Conduct a segment from where the run stands; return the run as it is then."""
        await self.conduct_by(self.restore(run_id), assistant)
        return self.store.run(run_id)

    async def conduct_by(self, mediator: Mediator, assistant: AssistantProxy) -> None:
        """Conduct a segment with a mediator that the test goes on using."""
        await Conductor(mediator, self.user, assistant).conduct()

    async def crash(self, run_id: str, worker: str = "") -> Run:
        """Let another worker claim the run, as after a crash of the one before."""
        claim = self.store.claim(run_id, worker or new_id("worker"), dead_after=0)
        return await asyncio.wrap_future(claim)

    def events(self, run_id: str) -> list[Event]:
        """Return what the log has of the run."""
        return [logged.event for logged in self.store.events(run_id)]

    def kinds(self, run_id: str) -> list[str]:
        """Return the kinds of the run's events."""
        return [event.kind for event in self.events(run_id)]
