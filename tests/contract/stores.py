"""Stores to test, and the smallest exchanges to fill them with."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from conversation.events import Event, MessageSent, StateChanged, StatusChecked
from conversation.ids import new_id
from conversation.ports import Store
from conversation.records import Message, Opening, Run, RunSpec, Step, Thread, Write
from conversation.script import State, Trigger
from storage.store import SqlStore, open_store
from storage.tables import Base

KINDS = ("memory", "sqlite", "postgres")
DATABASES = ("sqlite", "postgres")
WAIT = 10.0


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return the time."""
        return self.time

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self.time += timedelta(seconds=seconds)


@contextmanager
def sql_store(url: str, clock: Clock, **options: Any) -> Iterator[SqlStore]:
    """Open a store on a database that has our schema."""
    store = open_store(url, now=clock, **options)
    try:
        yield store
    finally:
        store.close()


def empty(engine: Engine) -> None:
    """Delete all rows of a database."""
    with engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())


def opening(clock: Clock, thread: Thread | None = None, **fields: Any) -> Opening:
    """A user's message "Hello" on a thread, a new one unless named."""
    known = thread
    thread = thread or bare_thread(clock)
    place: dict[str, Any] = {
        "thread_id": thread.id,
        "branch_id": thread.branch_id,
        "created_at": clock.time,
    }
    message = Message(id=new_id("msg"), role="user", text="Hello", **place)
    given: dict[str, Any] = {
        "id": new_id("run"),
        "spec": RunSpec(provider="demo", model="demo"),
    } | fields
    return Opening(
        run=Run(message_id=message.id, **place, **given),
        messages=(message,),
        events=(
            MessageSent(message_id=message.id, text=message.text),
            moved(Trigger.SET_USER_MESSAGE, State.NEW, State.READY),
        ),
        thread=None if known else thread,
    )


def bare_thread(clock: Clock, **fields: Any) -> Thread:
    """A thread that is yet to be kept."""
    return Thread(id=new_id("thread"), branch_id=new_id("branch"), created_at=clock.time, **fields)


def typed(thread: Thread, clock: Clock, text: str, **fields: Any) -> Message:
    """A message that comes without a run."""
    given: dict[str, Any] = {"id": new_id("msg"), "role": "user"} | fields
    return Message(
        thread_id=thread.id,
        branch_id=thread.branch_id,
        text=text,
        created_at=clock.time,
        **given,
    )


def begin(store: Store, clock: Clock, thread: Thread | None = None, **fields: Any) -> Run:
    """Begin a run and return it."""
    return store.accept(opening(clock, thread, **fields)).result(WAIT)[0]


def moved(trigger: Trigger, before: State, after: State) -> StateChanged:
    """The event of a move."""
    return StateChanged(trigger=trigger, before=before, after=after)


def move(run: Run, expect: State, to: State, *events: Event, **more: Any) -> Write:
    """A write that moves a run; without events it logs that the status was looked at."""
    logged = events or (StatusChecked(status=to.value),)
    return Write(run_id=run.id, expect=expect, to=to, events=logged, **more)


def answer(run: Run, clock: Clock, **fields: Any) -> Message:
    """A message of the model that is being written."""
    given: dict[str, Any] = {"id": new_id("msg"), "text": "", "status": "in_progress"} | fields
    return Message(
        thread_id=run.thread_id,
        branch_id=run.branch_id,
        role="assistant",
        run_id=run.id,
        created_at=clock.time,
        **given,
    )


def writing_step(run: Run, message: Message, clock: Clock, round_: int = 1) -> Step:
    """The step in which a message is written."""
    return Step(
        id=new_id("step"),
        run_id=run.id,
        round=round_,
        kind="message_creation",
        message_id=message.id,
        created_at=clock.time,
    )


def to_running(store: Store, run: Run) -> None:
    """Bring a new run to `running`."""
    store.write(move(run, State.READY, State.STARTED)).result(WAIT)
    store.write(move(run, State.STARTED, State.RUNNING)).result(WAIT)
