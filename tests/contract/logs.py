"""Exchanges for the history to show, written quickly through the store's own port."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from conversation import events
from conversation.events import Event, MessageSent
from conversation.ids import new_id
from conversation.ports import Store
from conversation.records import (
    CallRecord,
    Message,
    Run,
    RunError,
    RunSpec,
    Step,
    Thread,
    Usage,
    Write,
)
from conversation.script import State, Trigger
from conversation.turns import ToolCall
from storage.history import SqlHistory
from storage.schema import upgrade
from storage.store import SqlStore
from tests.contract.stores import WAIT, Clock, answer, move, moved, opening, sql_store
from tests.services import postgres_schema

R = State.RUNNING


@dataclass(frozen=True, kw_only=True)
class Called:
    """A function that the model had run."""

    name: str = "price"
    arguments: str = '{"symbol": "ACME"}'
    output: str = "42"
    seconds: float = 0.5
    failed: bool = False


@dataclass(frozen=True, kw_only=True)
class Said:
    """An exchange: what is asked, what comes of it and how long that takes (3 s at least)."""

    question: str = "Hello"
    answer: str = "Hi there"
    calls: tuple[Called, ...] = ()
    ends: State = State.COMPLETED
    code: str = "stream_cut"
    seconds: float = 3.0
    usage: Usage = field(default_factory=lambda: Usage(input=100, output=20))
    provider: str = "openai"
    model: str = "gpt-4o"
    assistant_id: str | None = None
    run: dict[str, Any] = field(default_factory=dict)


def new_thread(clock: Clock, title: str = "") -> Thread:
    """A thread that is not there yet."""
    return Thread(
        id=new_id("thread"), branch_id=new_id("branch"), title=title, created_at=clock.time
    )


def exchange(
    store: Store,
    clock: Clock,
    said: Said | None = None,
    thread: Thread | None = None,
    **fields: Any,
) -> Run:
    """Have an exchange, on a new thread unless one is named; return its run as it began."""
    said = replace(said or Said(), **fields)
    began = begin(store, clock, said, thread)

    def write(expect: State, to: State, *facts: Event, **rows: Any) -> None:
        store.write(move(began, expect, to, *facts, **rows)).result(WAIT)

    clock.forward(1)
    write(State.READY, State.STARTED, moved(Trigger.STARTED, State.READY, State.STARTED))
    write(State.STARTED, R, moved(Trigger.HEARTBEAT, State.STARTED, R))
    if said.calls:
        call_tools(began, said, clock, write)
    clock.forward(1)
    message = answer(began, clock)
    write(R, R, messages=(message,))
    clock.forward(said.seconds - 2)
    store.write(ending(began, said, message, clock)).result(WAIT)
    return began


def begin(store: Store, clock: Clock, said: Said, thread: Thread | None = None) -> Run:
    """Ask the question."""
    spec = RunSpec(provider=said.provider, model=said.model, assistant_id=said.assistant_id)
    asked = opening(clock, thread, spec=spec, **said.run)
    message = replace(asked.messages[0], text=said.question)
    sent = MessageSent(message_id=message.id, text=said.question)
    known = thread is not None and thread.id in {one.id for one in store.threads()}
    asked = replace(
        asked,
        messages=(message,),
        events=(sent, *asked.events[1:]),
        thread=None if known else thread or asked.thread,
    )
    return store.accept(asked).result(WAIT)[0]


def call_tools(run: Run, said: Said, clock: Clock, write: Any) -> None:
    """Have the model ask for functions and run them all."""
    step = Step(id=new_id("step"), run_id=run.id, round=0, kind="tool_calls", created_at=clock.time)
    records = [
        CallRecord(
            run_id=run.id,
            step_id=step.id,
            position=position,
            call=ToolCall(call_id=new_id("call"), name=one.name, arguments=one.arguments),
        )
        for position, one in enumerate(said.calls)
    ]
    asked = events.ToolCallsRequested(step_id=step.id, calls=tuple(one.call for one in records))
    to = State.REQUIRES_ACTION
    write(
        R,
        to,
        asked,
        moved(Trigger.ACTION_REQUIRED, R, to),
        steps=(step,),
        calls=tuple(records),
    )
    for one, record in zip(said.calls, records, strict=True):
        write(to, to, executed(one, record), calls=(ran(one, record, clock),))
    write(to, State.TOOLS_EXECUTED, moved(Trigger.TOOLS_EXECUTED, to, State.TOOLS_EXECUTED))
    after = State.TOOL_OUTPUTS_SUBMITTED
    write(
        State.TOOLS_EXECUTED,
        after,
        events.ToolOutputsSubmitted(call_ids=tuple(one.call.call_id for one in records)),
        moved(Trigger.TOOL_OUTPUTS_SUBMITTED, State.TOOLS_EXECUTED, after),
    )
    write(after, R, moved(Trigger.HEARTBEAT, after, R))


def executed(one: Called, record: CallRecord) -> Event:
    """The event of a call that has run."""
    call = record.call
    return events.ToolExecuted(
        call_id=call.call_id,
        name=call.name,
        arguments=call.arguments,
        output=one.output,
        seconds=one.seconds,
        failed=one.failed,
    )


def ran(one: Called, record: CallRecord, clock: Clock) -> CallRecord:
    """The record of a call that has run."""
    return replace(
        record,
        output=one.output,
        failed=one.failed,
        seconds=one.seconds,
        started_at=clock.time,
        ended_at=clock.time,
    )


def ending(run: Run, said: Said, message: Message, clock: Clock) -> Write:
    """The write that ends an exchange as it should end."""
    usage = said.usage
    used = events.UsageRecorded(
        input=usage.input, output=usage.output, cached=usage.cached, reasoning=usage.reasoning
    )
    done = said.ends is State.COMPLETED
    final = replace(
        message,
        text=said.answer,
        status="completed" if done else "incomplete",
        ended_at=clock.time,
    )
    facts: tuple[Event, ...] = (used,)
    more: dict[str, Any] = {"usage": usage, "messages": (final,)}
    if done:
        facts += (events.MessageRetrieved(message_id=message.id, text=said.answer),)
    if said.ends is State.ERROR:
        more["error"] = RunError(code=said.code, message=f"It said {said.code}.")
        facts += (events.Failed(code=said.code, message=f"It said {said.code}."),)
    return move(run, R, said.ends, *facts, moved(_TRIGGERS[said.ends], R, said.ends), **more)


_TRIGGERS = {
    State.COMPLETED: Trigger.ASSISTANT_MESSAGE_RETRIEVED,
    State.ERROR: Trigger.ERROR,
    State.CANCELLED: Trigger.CANCELLED,
    State.EXPIRED: Trigger.EXPIRE,
    State.INCOMPLETE: Trigger.CUT_SHORT,
}


@dataclass(frozen=True)
class Log:
    """A store with a few exchanges of every sort, by name."""

    store: SqlStore
    history: SqlHistory
    clock: Clock
    runs: dict[str, Run]
    start: datetime

    def names(self, ids: Iterable[str]) -> list[str]:
        """The names of runs, in the order of their ids."""
        known = {run.id: name for name, run in self.runs.items()}
        return [known[one] for one in ids]


def varied_log(store: SqlStore, clock: Clock) -> Log:
    """Write the exchanges that the read models are tested on, a minute apart."""
    start = clock.time
    talk = new_thread(clock, title="Shares")
    talks: dict[str, tuple[Thread | None, Said]] = {
        "plain": (None, Said(provider="demo", model="demo")),
        "tools": (talk, Said(
            question="What is ACME worth?", assistant_id="asst_a", seconds=5,
            calls=(Called(seconds=0.25), Called(name="buy", output="no credit", failed=True)),
        )),
        "again": (talk, Said(
            question="And now?", answer="It is <b>42</b>, a net asset value.", seconds=10,
            provider="gemini", model="gemini-2.5-flash", assistant_id="asst_b",
            usage=Usage(input=5000, output=100, cached=1000, reasoning=40),
        )),
        "failed": (None, Said(ends=State.ERROR, code="rate_limited", seconds=4)),
        "cancelled": (None, Said(ends=State.CANCELLED, assistant_id="asst_a")),
        "expired": (None, Said(ends=State.EXPIRED, seconds=600)),
        "in-house": (None, Said(model="in-house-7b", calls=(Called(seconds=2.0),))),
    }  # fmt: skip
    runs = {}
    for name, (thread, said) in talks.items():
        runs[name] = exchange(store, clock, said, thread)
        clock.forward(60)
    runs["open"] = begin(store, clock, Said(question="Still there?", model="gpt-4o"))
    return Log(store, store.history(), clock, runs, start)


@contextmanager
def kept_log(kind: str, folder: Path) -> Iterator[Log]:
    """Write the log into a database of its own, for tests that only read it."""
    with ExitStack() as stack:
        if kind == "postgres":
            url = stack.enter_context(postgres_schema())
        else:
            url = f"sqlite:///{folder}/log.db"
        upgrade(url)
        clock = Clock()
        yield varied_log(stack.enter_context(sql_store(url, clock)), clock)
