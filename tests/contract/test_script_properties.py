"""Whatever a model, a tool, a person or a process does, the log stays right.

Hypothesis plays them all, one step at a time, against both mediators and the store in memory.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from conversation.errors import (
    ConnectionFailed,
    ProviderUnavailable,
    RateLimited,
    Superseded,
    TriggerRefused,
)
from conversation.events import (
    Logged,
    MessageRetrieved,
    MessageSent,
    StateChanged,
    ToolExecuted,
    ToolStarted,
)
from conversation.ids import new_id
from conversation.ports import ToolPolicy
from conversation.records import Exchange, Run
from conversation.script import State
from conversation.signals import (
    Alive,
    Asking,
    Finished,
    Item,
    Refusing,
    Retrying,
    Saying,
    Sent,
    Signal,
    Used,
)
from conversation.turns import ProviderItem, ToolCall, ToolSpec, Turn
from mediator.answers import decide, submit_outputs
from mediator.conductor import Conductor
from mediator.mediator import Mediator
from mediator.mediator_basic import MediatorBasic
from mediator.mediator_state_machine import MediatorStateMachine
from mediator.states import legal
from tests.stage import MakeMediator, Stage, now, opening
from tools.registry import Tools

Result = TypeVar("Result")

NAMES = ("safe", "once", "asks", "theirs", "broken", "unknown")


def _asking(names: list[str]) -> Asking:
    return Asking(
        tuple(ToolCall(call_id=new_id("call"), name=name, arguments="{}") for name in names)
    )


signals = st.one_of(
    st.builds(Sent),
    st.builds(Alive, st.sampled_from(["", "queued", "in_progress"])),
    st.builds(Saying, st.text(max_size=5)),
    st.builds(Refusing, st.text(max_size=5)),
    st.builds(Used, input=st.integers(0, 9), output=st.integers(0, 9)),
    st.just(Item(ProviderItem(provider="scripted", body={"any": 1}))),
    st.just(Retrying(code="rate_limited", reason="busy", delay=0.1, attempt=1)),
    st.builds(Finished, st.sampled_from(["stop", "tool_calls", "max_tokens", "content_filter"])),
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map(_asking),
)
failures = st.sampled_from(
    [ProviderUnavailable("Down."), RateLimited("Slow down."), ConnectionFailed("No network.")]
)


class Puppet:
    """A model whose every word comes from outside; None ends the stream."""

    name = "scripted"

    def __init__(self) -> None:
        self.lines: asyncio.Queue[Signal | Exception | None] = asyncio.Queue()
        self.listening = asyncio.Event()

    async def respond(self, turn: Turn) -> AsyncGenerator[Signal, None]:
        assert all(len(one.calls) == len(one.results) for one in turn.rounds)
        while True:
            self.listening.set()
            line = await self.lines.get()
            self.listening.clear()
            if line is None:
                return
            if isinstance(line, Exception):
                raise line
            yield line

    async def models(self) -> tuple[str, ...]:
        return ()

    async def aclose(self) -> None:
        """Nothing to close."""


class Exchanges(RuleBasedStateMachine):
    """One run at a time on one thread, executed by a worker that may die at any step."""

    make: MakeMediator

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.Runner()
        self.ran: Counter[str] = Counter()
        self.gate, self.hanging = asyncio.Event(), asyncio.Event()
        self.gate.set()
        self.stage = Stage(self.make, self._tools())
        self.run_id = ""
        self.accepted: dict[str, str] = {}
        self.frozen: list[Mediator] = []
        self.task: asyncio.Task[None] | None = None

    def _tools(self) -> Tools:
        async def safe() -> str:
            """May run again."""
            await self._pass_gate()
            return "safe"

        async def once() -> str:
            """Must not run again."""
            self.ran["once"] += 1
            await self._pass_gate()
            return "once"

        async def asks() -> str:
            """Needs a person."""
            return "asked"

        async def broken() -> str:
            """Fails."""
            raise ValueError("broken")

        tools = Tools()
        tools.register(safe, ToolPolicy(idempotent=True))
        tools.register(once)
        tools.register(asks, ToolPolicy(needs_approval=True))
        tools.register(broken)
        return tools

    # who does what

    @initialize(text=st.text(min_size=1))
    def first_message(self, text: str) -> None:
        self._play(self._send(text))

    @rule(text=st.text(min_size=1))
    @precondition(lambda self: self._run().ended)
    def next_message(self, text: str) -> None:
        self._play(self._send(text))

    @rule(signal=signals)
    @precondition(lambda self: self._listening())
    def model_says(self, signal: Signal) -> None:
        self._play(self._tell(signal))

    @rule(answer=st.lists(signals, max_size=4), end=st.sampled_from(["stop", "tool_calls"]))
    @precondition(lambda self: self._listening())
    def model_answers(self, answer: list[Signal], end: str) -> None:
        for line in (*answer, Finished(end), None):  # type: ignore[arg-type]
            self._play(self._tell(line))

    @rule(names=st.lists(st.sampled_from(NAMES), min_size=1, max_size=3), hang=st.booleans())
    @precondition(lambda self: self._listening())
    def model_asks(self, names: list[str], hang: bool) -> None:
        if hang:
            self.gate.clear()
        for line in (_asking(names), Finished("tool_calls"), None):
            self._play(self._tell(line))

    @rule(failure=failures)
    @precondition(lambda self: self._listening())
    def provider_fails(self, failure: Exception) -> None:
        self._play(self._tell(failure))

    @rule()
    @precondition(lambda self: not self.gate.is_set())
    def tools_go_on(self) -> None:
        self.gate.set()
        self.hanging.clear()
        self._play(self._settle())

    @rule(freeze=st.booleans())
    @precondition(lambda self: not self._run().ended and self._run().waiting is None)
    def process_dies(self, freeze: bool) -> None:
        self._play(self._crash(freeze=freeze))

    @rule()
    @precondition(lambda self: bool(self.frozen))
    def process_thaws(self) -> None:
        self._play(self._thaw(self.frozen.pop()))

    @rule()
    @precondition(lambda self: not self._run().ended)
    def person_stops(self) -> None:
        self._play(self._stop())

    @rule()
    @precondition(lambda self: not self._run().ended)
    def time_is_up(self) -> None:
        self._play(self._expire())

    @rule(approved=st.booleans())
    @precondition(lambda self: self._run().waiting == "person")
    def person_decides(self, approved: bool) -> None:
        self._play(self._decide(approved))

    @rule()
    @precondition(lambda self: self._run().waiting == "client")
    def client_submits(self) -> None:
        self._play(self._submit())

    # what always holds

    @invariant()
    def log_replays_to_the_state_of_the_run(self) -> None:
        for run_id in self.accepted:
            state = State.NEW
            for event in self.stage.events(run_id):
                if isinstance(event, StateChanged):
                    assert event.before is state
                    assert legal(event.trigger, event.before)
                    state = event.after
            assert state is self.stage.store.run(run_id).state

    @invariant()
    def no_event_is_lost_and_none_is_there_twice(self) -> None:
        for run_id, text in self.accepted.items():
            news = self.stage.store.events(run_id)
            assert [logged.seq for logged in news] == list(range(1, len(news) + 1))
            assert self.stage.store.run(run_id).seq == len(news)
            sent = [logged.event for logged in news if isinstance(logged.event, MessageSent)]
            assert [event.text for event in sent] == [text]
            _once_each(news, ToolExecuted)

    @invariant()
    def what_may_not_run_twice_never_does(self) -> None:
        started = [
            event
            for run_id in self.accepted
            for event in self.stage.events(run_id)
            if isinstance(event, ToolStarted) and event.name == "once"
        ]
        assert self.ran["once"] <= len({event.call_id for event in started}) == len(started)

    @invariant()
    def complete_messages_are_what_the_log_says(self) -> None:
        for run_id in self.accepted:
            texts = {m.id: m.text for m in self.stage.store.texts(run_id)}
            for event in self.stage.events(run_id):
                if isinstance(event, MessageRetrieved):
                    assert texts[event.message_id] == event.text

    @invariant()
    def run_is_over_or_waits_or_is_being_executed(self) -> None:
        run = self._run()
        assert run.ended or run.waiting is not None or self._conducting()

    @invariant()
    def nothing_is_open_in_a_run_that_has_ended(self) -> None:
        for run_id in self.accepted:
            if self.stage.store.run(run_id).ended:
                exchange = self.stage.store.exchange(run_id)
                assert not [m for m in self.stage.store.texts(run_id) if m.status == "in_progress"]
                assert not [step for step in exchange.steps if step.status == "in_progress"]

    def teardown(self) -> None:
        if self.run_id and not self._run().ended:
            self._play(self._stop())
            assert self._run().state is State.CANCELLED
        self.loop.close()

    # beneath

    def _play(self, scene: Coroutine[Any, Any, Result]) -> Result:
        return self.loop.run(scene)

    def _run(self) -> Run:
        return self.stage.store.run(self.run_id)

    def _conducting(self) -> bool:
        return self.task is not None and not self.task.done()

    def _listening(self) -> bool:
        return self._conducting() and self.puppet.listening.is_set()

    async def _pass_gate(self) -> None:
        if not self.gate.is_set():
            self.hanging.set()
            await self.gate.wait()

    async def _send(self, text: str) -> None:
        tools = (*self.stage.tools.specs(), ToolSpec(name="theirs", runs="client"))
        thread = self.stage.store.thread(self._run().thread_id) if self.run_id else None
        start = opening(text, thread=thread, tools=tools, max_tool_rounds=2)
        fresh = self.make(Exchange(run=start.run, messages=()), log=self.stage.log, clock=now)
        run = await fresh.set_user_message(start)
        self.run_id = run.id
        self.accepted[run.id] = text
        await self._conduct()

    async def _conduct(self) -> None:
        self.puppet = Puppet()
        self.hanging.clear()
        self.mediator = self.stage.restore(self.run_id)
        conductor = Conductor(self.mediator, self.stage.user, self.puppet)
        self.task = asyncio.get_running_loop().create_task(conductor.conduct())
        await self._settle()

    async def _settle(self) -> None:
        """Let the conductor go on until it listens to the model or is done."""
        if self.task is None:
            return
        quiet = [
            asyncio.ensure_future(event.wait()) for event in (self.puppet.listening, self.hanging)
        ]
        await asyncio.wait({self.task, *quiet}, return_when=asyncio.FIRST_COMPLETED)
        for waiting in quiet:
            waiting.cancel()
        if self.task.done() and not self.task.cancelled():
            await self.task

    async def _tell(self, line: Signal | Exception | None) -> None:
        if self._listening():
            self.puppet.listening.clear()
            self.puppet.lines.put_nowait(line)
            await self._settle()

    async def _drop(self) -> None:
        if self.task is not None and not self.task.done():
            self.task.cancel()
            with suppress(asyncio.CancelledError):
                await self.task

    async def _crash(self, *, freeze: bool) -> None:
        await self._drop()
        if freeze:
            self.frozen.append(self.mediator)
        await self.stage.crash(self.run_id)
        await self._conduct()

    async def _thaw(self, old: Mediator) -> None:
        before = self.stage.store.exchange(old.run.id)
        for write in (old.started, old.heartbeat, old.expire, old.cancelled):
            with suppress(Superseded, TriggerRefused):
                await write()
        assert self.stage.store.exchange(old.run.id) == before

    async def _stop(self) -> None:
        await self.stage.restore(self.run_id, fenced=False).cancel()
        await self._drop()
        self.mediator.moved(State.CANCELLING)
        await self.mediator.cancelled()

    async def _expire(self) -> None:
        await self.stage.restore(self.run_id, fenced=False).expire()
        await self._drop()

    async def _decide(self, approved: bool) -> None:
        mediator = self.stage.restore(self.run_id, fenced=False)
        undecided = [
            record.call
            for record in mediator.ledger.open_calls()
            if record.call.name == "asks" and record.approved is None
        ]
        if await decide(mediator, undecided[0].call_id, approved=approved):
            await self._crash(freeze=False)

    async def _submit(self) -> None:
        mediator = self.stage.restore(self.run_id, fenced=False)
        calls = [record.call for record in mediator.ledger.open_calls()]
        outputs = {call.call_id: "theirs" for call in calls if call.name == "theirs"}
        if await submit_outputs(mediator, outputs):
            await self._crash(freeze=False)


def _once_each(news: list[Logged], kind: type[ToolExecuted]) -> None:
    ids = [logged.event.call_id for logged in news if isinstance(logged.event, kind)]
    assert len(ids) == len(set(ids))


class ByMachine(Exchanges):
    make = MediatorStateMachine


class ByBasic(Exchanges):
    make = MediatorBasic


_SETTINGS = settings(
    max_examples=80,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)

TestStateMachineKeepsTheLogRight = ByMachine.TestCase
TestStateMachineKeepsTheLogRight.settings = _SETTINGS
TestBasicKeepsTheLogRight = ByBasic.TestCase
TestBasicKeepsTheLogRight.settings = _SETTINGS
