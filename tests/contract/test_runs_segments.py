"""What a worker does with a run, whatever happens meanwhile: it is never stuck."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, cast

import pytest

from conversation.errors import StoreUnavailable
from conversation.events import Logged, StatusChecked, ToolExecuted
from conversation.ids import new_id
from conversation.ports import Store, ToolPolicy
from conversation.records import Run, Write
from conversation.script import State
from conversation.signals import Asking, Finished, Saying, Sent, Signal, Used
from conversation.turns import ToolCall, ToolSpec, Turn
from storage.memory import MemoryStore
from storage.store import SqlStore, open_store
from tests.contract.processes import (
    FROZEN,
    PATIENT,
    QUICK,
    WAIT,
    FrailStore,
    Process,
    kinds,
    numbered,
    process,
)
from tests.contract.stores import Clock
from tests.stage import Line, ScriptedAssistant, now
from tools.function import FunctionTool
from tools.registry import Tools

STOP = Finished("stop")
ANSWER = (Sent(), Saying("Hello"), STOP)


@pytest.fixture
async def store(url: str) -> AsyncIterator[SqlStore]:
    """A store on each kind of database, with the real time."""
    opened = open_store(url)
    yield opened
    await asyncio.get_running_loop().shutdown_default_executor()  # what still reads
    opened.close()


@pytest.fixture
def frail() -> Iterator[FrailStore]:
    """A store in memory that can be made to fail."""
    yield FrailStore(MemoryStore())


async def stopped(process: Process, run: Run) -> Run:
    """Stop a run; the state it ends in, which must come within a second."""
    began = time.monotonic()
    await process.control.cancel(run.id)
    ended = await process.ended(run.id)
    assert time.monotonic() - began < 1
    return ended


# stopping


async def test_stop_before_first_token_closes_the_stream(store: Store) -> None:
    assistant = ScriptedAssistant([asyncio.Event()])
    async with process(store, assistant) as one:
        run = await one.begin()
        await assistant.asked.wait()

        ended = await stopped(one, run)

        assert ended.state is State.CANCELLED
        assert assistant.closed == 1


async def test_stop_keeps_partial_text_and_usage(store: Store) -> None:
    assistant = Gate([Sent(), Saying("Half an "), Saying("answer"), Used(input=3, output=2)])
    async with process(store, assistant) as one:
        run = await one.begin()
        await assistant.reached.wait()

        ended = await stopped(one, run)

        [_, message] = store.messages(run.thread_id)
        assert (message.text, message.status) == ("Half an answer", "incomplete")
        assert message.incomplete_reason == "run_cancelled"
        assert (ended.usage.input, ended.usage.output) == (3, 2)
        assert kinds(store, run.id).count("usage_recorded") == 1


async def test_stop_during_a_commit_ends_the_run(frail: FrailStore) -> None:
    async with process(cast("Store", frail), ScriptedAssistant(ANSWER)) as one:
        frail.holding = True
        run = await one.begin()
        await frail.holds.wait()
        frail.holding = False
        await one.control.cancel(run.id)

        frail.release()

        ended = await one.ended(run.id)
        await one.left(run.id)
        assert ended.state is State.CANCELLED
        assert ended.attempt == 1  # by the segment itself, not by a later one


async def test_request_that_does_not_close_holds_no_stop_up(store: Store) -> None:
    assistant = Gate([Sent()], closing=asyncio.Event())
    async with process(store, assistant) as one:
        run = await one.begin()
        await assistant.reached.wait()

        ended = await stopped(one, run)

        assert ended.state is State.CANCELLED


async def test_stop_from_another_process_ends_the_run(store: Store) -> None:
    assistant = ScriptedAssistant([Sent(), asyncio.Event()])
    async with (
        process(store, assistant, limits=PATIENT) as one,
        process(store, limits=PATIENT) as other,
    ):
        run = await one.begin()
        await assistant.asked.wait()

        ended = await stopped(other, run)

        assert ended.state is State.CANCELLED
        assert assistant.closed == 1
        assert ended.attempt == 1


async def test_stop_that_is_only_noticed_by_writing_ends_the_run(store: Store) -> None:
    gate = Gate([Sent(), Saying("Half")], then=[STOP])
    deaf = replace(PATIENT, stop_check=3600, sweep=3600)
    async with process(store, gate, limits=deaf) as one, process(store, limits=PATIENT) as other:
        run = await one.begin()
        await gate.reached.wait()
        await other.control.cancel(run.id)

        gate.go_on.set()

        assert (await one.ended(run.id)).state is State.CANCELLED
        assert store.messages(run.thread_id)[-1].text == "Half"


async def test_stop_of_a_run_nobody_executes_ends_it(store: Store) -> None:
    async with process(store, limits=FROZEN, providers=()) as one:
        run = await one.begin(worker_id="worker_gone")
        one.worker.busy[run.id].abandon()
        await one.left(run.id)

        ended = await stopped(one, run)

        assert ended.state is State.CANCELLED


async def test_stop_of_an_ended_run_changes_nothing(store: Store) -> None:
    async with process(store, ScriptedAssistant(ANSWER)) as one:
        run = await one.begin()
        before = await one.ended(run.id)

        assert await one.control.cancel(run.id) == before


# time


async def test_expiry_ends_an_answer_that_is_under_way(store: Store) -> None:
    assistant = ScriptedAssistant([Sent(), Saying("Half"), asyncio.Event()])
    async with process(store, assistant, limits=replace(QUICK, sweep=3600)) as one:
        run = await one.begin(seconds=0.6)

        ended = await one.ended(run.id)

        assert ended.state is State.EXPIRED
        assert assistant.closed == 1
        assert store.messages(run.thread_id)[-1].text == "Half"


async def test_expiry_during_a_commit_ends_the_run(frail: FrailStore) -> None:
    async with process(cast("Store", frail), ScriptedAssistant(ANSWER)) as one:
        frail.holding = True
        run = await one.begin(seconds=0.05)
        await frail.holds.wait()
        segment = one.worker.busy[run.id]
        await asyncio.wait({segment.task}, timeout=0.1)

        frail.release()

        assert (await one.ended(run.id)).state in {State.EXPIRED, State.COMPLETED}
        await one.left(run.id)
        assert frail.run(run.id).attempt == 1


async def test_expiry_during_a_commit_counts_usage_once(frail: FrailStore) -> None:
    asking: list[Line] = [Sent(), Used(input=3, output=2), Asking((call("ask"),))]
    asking.append(Finished("tool_calls"))
    store = cast("Store", frail)
    async with process(store, ScriptedAssistant(asking), tools=AtClient(Tools())) as one:
        frail.hold_from = State.REQUIRES_ACTION
        run = await one.begin(seconds=0.3)
        await asyncio.wait({one.worker.busy[run.id].task}, timeout=0.5)  # it expires meanwhile

        frail.release()

        ended = await one.ended(run.id)
        assert (ended.state, ended.usage.input) == (State.EXPIRED, 3)
        assert kinds(store, run.id).count("usage_recorded") == 1


async def test_step_is_told_also_when_its_writer_has_left(frail: FrailStore) -> None:
    step_told = StatusChecked(status="x")
    heard = asyncio.Event()

    def listen(logged: Logged) -> None:
        if logged.event == step_told:
            heard.set()

    async with process(cast("Store", frail)) as one:
        one.topic.subscribe(listen)
        run = await one.begin()
        one.worker.busy[run.id].abandon()
        await one.left(run.id)
        frail.holding = True
        step = Write(run_id=run.id, expect=State.READY, to=State.READY, events=(step_told,))
        writing = asyncio.ensure_future(one.log.write(step))
        await frail.holds.wait()
        writing.cancel()
        await asyncio.wait({writing})

        frail.release()

        await asyncio.wait_for(heard.wait(), WAIT)


async def test_stop_and_expiry_at_once_end_the_run_once(store: Store) -> None:
    assistant = ScriptedAssistant([Sent(), asyncio.Event()])
    async with process(store, assistant) as one:
        run = await one.begin(seconds=60)
        await assistant.asked.wait()

        await asyncio.gather(one.control.cancel(run.id), one.control.expire(run.id))

        ended = await one.ended(run.id)
        await one.left(run.id)
        assert ended.state in {State.CANCELLED, State.EXPIRED}
        assert sum(kinds(store, run.id).count(end) for end in ("cancelled", "expired")) == 1


async def test_expiry_ends_a_run_that_nobody_executes(store: Store) -> None:
    async with process(store, ScriptedAssistant([asyncio.Event()]), providers=()) as one:
        run = await one.begin(seconds=0.2, worker_id="worker_gone")
        one.worker.busy[run.id].abandon()

        ended = await one.ended(run.id)

        assert (ended.state, ended.attempt) == (State.EXPIRED, 1)


async def test_expiry_ends_a_run_that_waits_for_a_person(store: Store) -> None:
    def launch() -> None:
        """Launch a rocket."""

    clock = Clock()
    clock.time = now()
    asking: list[Line] = [Asking((call("launch"),)), Finished("tool_calls")]
    tools = Tools(FunctionTool(launch, ToolPolicy(needs_approval=True)))
    async with process(store, ScriptedAssistant(asking), tools=tools, clock=clock) as one:
        run = await one.begin(seconds=600)
        await one.until(run.id, lambda run: run.waiting == "person")

        clock.forward(601)

        assert (await one.ended(run.id)).state is State.EXPIRED


async def test_expired_run_is_not_sent_to_the_model(store: Store) -> None:
    assistant = ScriptedAssistant(ANSWER)
    async with process(store, assistant) as one:
        run = await one.begin(seconds=-1)

        assert (await one.ended(run.id)).state is State.EXPIRED
        assert not assistant.asked.is_set()


# faults


async def test_outage_during_a_run_is_waited_for(frail: FrailStore) -> None:
    gate = Gate([Sent(), Saying("lost")], then=[Finished("stop")])
    async with process(cast("Store", frail), gate) as one:
        run = await one.begin()
        await gate.reached.wait()
        frail.down = True
        gate.go_on.set()
        await frail.refused.wait()
        frail.down = False

        ended = await one.ended(run.id)

        assert (ended.state, ended.attempt) == (State.COMPLETED, 2)
        assert "retried" in kinds(cast("Store", frail), run.id)


@pytest.mark.parametrize("fault", [ValueError("a bug"), TimeoutError(), asyncio.CancelledError()])
async def test_unforeseen_fault_ends_the_run_in_an_error(
    store: Store, fault: BaseException
) -> None:
    async with process(store, Faulty(fault)) as one:
        run = await one.begin()

        ended = await one.ended(run.id)

        assert ended.state is State.ERROR
        assert ended.error is not None
        assert ended.error.code == "internal_error"


async def test_wait_whose_commit_nobody_heard_of_is_left_alone() -> None:
    unheard = Unheard(MemoryStore())
    asks = ScriptedAssistant([Asking((call("ask"),)), Finished("tool_calls")], ANSWER)
    async with process(cast("Store", unheard), asks, tools=AtClient(Tools())) as one:
        run = await one.begin()
        await one.left(run.id)

        waits = one.store.run(run.id)
        assert unheard.refused.is_set()
        assert (waits.waiting, waits.fence) == ("client", run.fence)  # nobody took it meanwhile
        [asked] = one.store.exchange(run.id).calls
        await one.control.submit(run.id, {asked.call.call_id: "42"})
        assert (await one.ended(run.id)).state is State.COMPLETED


async def test_run_that_can_not_be_read_ends_in_an_error(frail: FrailStore) -> None:
    def unreadable(run_id: str) -> None:
        raise ValueError(run_id)

    vars(frail)["exchange"] = unreadable
    async with process(cast("Store", frail), ScriptedAssistant(ANSWER)) as one:
        run = await one.begin()

        assert (await one.ended(run.id)).state is State.ERROR


async def test_run_that_ended_too_many_processes_is_given_up(store: Store) -> None:
    async with process(store, ScriptedAssistant(ANSWER)) as one:
        run = await one.begin(attempt=QUICK.max_attempts + 1)

        ended = await one.ended(run.id)

        assert ended.error is not None
        assert ended.error.code == "given_up"


async def test_run_is_not_given_up_for_waiting_often(store: Store) -> None:
    rounds = QUICK.max_attempts + 2
    asks = [(Asking((call("ask"),)), Finished("tool_calls")) for _ in range(rounds)]
    tools = Tools()
    async with process(store, ScriptedAssistant(*asks, ANSWER), tools=AtClient(tools)) as one:
        run = await one.begin()
        for _ in range(rounds):
            waits = await one.until(run.id, lambda run: run.waiting == "client")
            [open_call] = [c for c in store.exchange(waits.id).calls if c.output is None]
            await one.control.submit(run.id, {open_call.call.call_id: "42"})

        ended = await one.ended(run.id)

        assert (ended.state, ended.attempt) == (State.COMPLETED, 1)


async def test_run_whose_task_is_gone_is_taken_up_again(store: Store) -> None:
    assistant = ScriptedAssistant([asyncio.Event()], ANSWER)
    async with process(store, assistant) as one:
        run = await one.begin()
        await assistant.asked.wait()

        one.worker.busy[run.id].abandon()

        assert (await one.ended(run.id)).state is State.COMPLETED


async def test_claims_at_once_begin_one_segment(store: Store) -> None:
    assistant = ScriptedAssistant([asyncio.Event()], ANSWER)
    async with process(store, assistant, limits=FROZEN) as one:
        run = await one.begin()
        await assistant.asked.wait()
        one.worker.busy[run.id].abandon()
        await one.left(run.id)

        claims = await asyncio.gather(*(one.worker.claim(run.id) for _ in range(3)))

        assert sorted(claims) == [False, False, True]
        assert (await one.ended(run.id)).fence == 2


# other processes


async def test_runs_of_a_dead_process_are_taken_up(store: Store) -> None:
    first = ScriptedAssistant([Sent(), Saying("Half"), asyncio.Event()])
    dead = Process(store, first, limits=FROZEN)
    await dead.upkeep.start()
    run = await dead.begin()
    await first.asked.wait()
    await dead.close(struck_off=False)

    async with process(store, ScriptedAssistant(ANSWER)) as other:
        ended = await other.ended(run.id)

        assert (ended.state, ended.attempt) == (State.COMPLETED, 2)
        assert numbered(store.events(run.id))


async def test_frozen_process_changes_nothing_when_it_thaws(store: Store) -> None:
    thaw = asyncio.Event()
    frozen = ScriptedAssistant([Sent(), Saying("Old"), thaw, Saying(" words"), STOP])
    async with (
        process(store, frozen, limits=FROZEN) as one,
        process(store, ScriptedAssistant(ANSWER)) as other,
    ):
        run = await one.begin()
        await other.ended(run.id)
        before = store.exchange(run.id), store.events(run.id)

        thaw.set()
        await one.left(run.id)

        assert (store.exchange(run.id), store.events(run.id)) == before
        assert store.messages(run.thread_id)[-1].text == "Hello"


async def test_process_lets_go_of_what_another_has_claimed(store: Store) -> None:
    assistant = ScriptedAssistant([Sent(), asyncio.Event()])
    async with process(store, assistant, limits=replace(FROZEN, stop_check=0.02)) as one:
        run = await one.begin()
        await assistant.asked.wait()

        async with process(store, ScriptedAssistant(ANSWER)) as other:
            await other.ended(run.id)
            await one.left(run.id)

        assert assistant.closed == 1


async def test_closing_leaves_runs_to_the_next_process(store: Store) -> None:
    first = ScriptedAssistant([Sent(), Saying("Half"), asyncio.Event()])
    async with process(store, first) as one:
        run = await one.begin()
        await first.asked.wait()

    async with process(store, ScriptedAssistant(ANSWER), limits=FROZEN) as other:
        ended = await other.ended(run.id)

        assert ended.state is State.COMPLETED
        assert [m.text for m in store.messages(run.thread_id)][-1] == "Hello"


async def test_function_under_way_is_not_run_twice_by_the_next(store: Store) -> None:
    ran: list[str] = []
    begun, hangs = asyncio.Event(), asyncio.Event()

    async def launch() -> str:
        """Launch a rocket."""
        ran.append("launched")
        begun.set()
        await hangs.wait()
        return "flies"

    asking: list[Line] = [Asking((call("launch"),)), Finished("tool_calls")]
    async with process(store, ScriptedAssistant(asking), tools=Tools(launch)) as one:
        run = await one.begin()
        await asyncio.wait_for(begun.wait(), WAIT)

    async with process(store, ScriptedAssistant(ANSWER), tools=Tools(launch)) as other:
        await other.ended(run.id)

    events = [logged.event for logged in store.events(run.id)]
    [executed] = [event for event in events if isinstance(event, ToolExecuted)]
    assert ran == ["launched"]
    assert "was not run again" in executed.output


# beneath


class Gate:
    """Says its lines, then waits for `go_on`; says `then` and hangs on `closing` when left."""

    name = "scripted"

    def __init__(
        self,
        lines: list[Signal],
        *,
        then: list[Signal] | None = None,
        closing: asyncio.Event | None = None,
    ) -> None:
        self._lines, self._then, self._closing = lines, then or [], closing
        self.reached, self.go_on = asyncio.Event(), asyncio.Event()

    async def respond(self, turn: Turn) -> AsyncGenerator[Signal, None]:
        try:
            for line in self._lines:
                yield line
            self.reached.set()
            await self.go_on.wait()
            for line in self._then:
                yield line
        finally:
            if self._closing is not None:
                await self._closing.wait()

    async def models(self) -> tuple[str, ...]:
        return ()

    async def aclose(self) -> None:
        """Nothing to close."""


class Faulty:
    """Raises what no assistant proxy may raise."""

    name = "scripted"

    def __init__(self, fault: BaseException) -> None:
        self._fault = fault

    async def respond(self, turn: Turn) -> AsyncGenerator[Signal, None]:
        yield Sent()
        raise self._fault

    async def models(self) -> tuple[str, ...]:
        return ()

    async def aclose(self) -> None:
        """Nothing to close."""


class Unheard(FrailStore):
    """A store that is lost in the moment in which it has written that a run waits."""

    def write(self, write: Write) -> Future[list[Logged]]:
        """Make a step; of the first wait nobody is told."""
        written = super().write(write)
        if write.waiting is None or self.refused.is_set():
            return written
        written.result(WAIT)
        self.refused.set()
        lost: Future[list[Logged]] = Future()
        lost.set_exception(StoreUnavailable("The database server can't be reached."))
        return lost


class AtClient:
    """Offers one function that the client runs."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def specs(self) -> tuple[ToolSpec, ...]:
        return (ToolSpec(name="ask", runs="client"),)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tools, name)


def call(name: str) -> ToolCall:
    return ToolCall(call_id=new_id("call"), name=name, arguments="{}")
