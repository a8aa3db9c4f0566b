"""Writing down what happens in one run: facts and rows, at the state the run is in."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from conversation import errors, events
from conversation.ports import RunLog
from conversation.records import CallRecord, Exchange, ModelCall, Run, Write
from conversation.script import TERMINAL, State
from conversation.turns import ToolCall, ToolResult
from mediator.ledger import Ledger
from mediator.requests import Requests

Clock = Callable[[], datetime]

_KEPT: Final = ("messages", "steps", "calls", "items", "usage")


class Recording:
    """One run's rows and the log they go to; what the log has taken becomes true here.

    Steps that nobody outside depends on are handed over `soon`: they count as taken, and what
    became of them is learnt with a later one. The log makes steps in their order, each on the
    state that the one before has left; so where one fails, those after it do.
    `fence` None is for those who do not execute the run.
    """

    def __init__(
        self, exchange: Exchange, *, log: RunLog, clock: Clock, fence: int | None = None
    ) -> None:
        self.ledger = Ledger(exchange)
        self.requests = Requests()
        self.fence = fence
        self._log = log
        self._now = clock
        self._handed_over: list[asyncio.Future[None]] = []

    @property
    def state(self) -> State:
        """Where the run stands, as far as this mediator knows."""
        return self.ledger.state

    @property
    def run(self) -> Run:
        """The run as it was when this mediator took it up."""
        return self.ledger.run

    def moved(self, state: State) -> None:
        """Take over a state that somebody else has written to the log."""
        self._handed_over.clear()
        self.ledger.state = state

    async def note(self, *facts: events.Event, soon: bool = False, **rows: Any) -> None:
        """Write facts and rows at the state the run is in."""
        await self._write(self.state, facts, rows, soon=soon)

    async def tool_started(self, call: ToolCall) -> None:
        """Record that a call is about to run; it does not before this returns."""
        record = replace(self._record(call.call_id), started_at=self._now())
        fact = events.ToolStarted(call_id=call.call_id, name=call.name, arguments=call.arguments)
        await self.note(fact, calls=(record,))

    async def tool_executed(self, call: ToolCall, result: ToolResult) -> None:
        """Record a call's output."""
        record = self._answered(call, result)
        await self.note(_executed(call, result), calls=(record,), soon=True)

    async def tools_answered(self, answers: Sequence[tuple[ToolCall, ToolResult]]) -> None:
        """Record a client's outputs, all or none; nobody may have moved the run meanwhile."""
        records = tuple(self._answered(call, result) for call, result in answers)
        open_ids = {record.call.call_id for record in self.ledger.open_calls()}
        left = open_ids - {record.call.call_id for record in records}
        await self.note(
            *(_executed(call, result) for call, result in answers),
            calls=records,
            seq=self.run.seq,
            release=True,
            waiting=self.run.waiting if left else None,
        )

    def requested(self, request: str) -> None:
        """Take a request to the model; it is written down with whatever is written next."""
        self.requests.sent(self.run, self.ledger.reply.round + 1, request, self._now())

    def responded(self, response: str | None) -> None:
        """Take what came back; it is written down likewise."""
        self.requests.over(self._now(), response)

    # beneath

    def _record(self, call_id: str) -> CallRecord:
        record = self.ledger.call(call_id)
        if record is None:
            raise errors.NotFound("tool call", call_id)
        return record

    def _answered(self, call: ToolCall, result: ToolResult) -> CallRecord:
        return replace(
            self._record(call.call_id),
            output=result.output,
            failed=result.failed,
            seconds=result.seconds,
            ended_at=self._now(),
        )

    async def _write(
        self,
        target: State,
        facts: tuple[events.Event, ...],
        rows: dict[str, Any],
        *,
        soon: bool = False,
    ) -> None:
        if target in TERMINAL:
            self.requests.over(self._now())
        asked = self.requests.unwritten()
        step = Write(
            run_id=self.run.id,
            fence=self.fence,
            expect=self.state,
            to=target,
            events=facts,
            model_calls=asked,
            **rows,
        )
        self._hand_over(step).add_done_callback(lambda done: self._wrote(asked, done))
        if not soon:
            await self._taken()
        self.ledger.state = target
        self.ledger.take(**{key: rows[key] for key in _KEPT if key in rows})

    def _wrote(self, asked: tuple[ModelCall, ...], done: asyncio.Future[None]) -> None:
        if not done.cancelled() and done.exception() is None:
            self.requests.written(asked)

    def _hand_over(self, step: Write) -> asyncio.Future[None]:
        """Give a step to the log, unless one before has failed."""
        for earlier in [one for one in self._handed_over if one.done()]:
            self._handed_over.remove(earlier)
            earlier.result()
        handed = asyncio.ensure_future(self._log.write(step))
        self._handed_over.append(handed)
        return handed

    async def _taken(self) -> None:
        """Wait until the log has taken all that it was given; raise why it did not."""
        handed_over, self._handed_over = self._handed_over, []
        for handed in handed_over:
            await asyncio.shield(handed)


def _executed(call: ToolCall, result: ToolResult) -> events.ToolExecuted:
    return events.ToolExecuted(
        call_id=call.call_id,
        name=call.name,
        arguments=call.arguments,
        output=result.output,
        seconds=result.seconds,
        failed=result.failed,
    )
