"""Writing down what happens in one run: facts and rows, at the state the run is in."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from conversation import errors, events
from conversation.ports import RunLog
from conversation.records import CallRecord, Exchange, Run, Write
from conversation.script import State
from conversation.turns import ToolCall, ToolResult
from mediator.ledger import Ledger

Clock = Callable[[], datetime]

_KEPT: Final = ("messages", "steps", "calls", "items")


class Recording:
    """One run's rows and the log they go to; what the log has taken becomes true here.

    `fence` None is for those who do not execute the run.
    """

    def __init__(
        self, exchange: Exchange, *, log: RunLog, clock: Clock, fence: int | None = None
    ) -> None:
        self.ledger = Ledger(exchange)
        self.fence = fence
        self._log = log
        self._now = clock

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
        self.ledger.state = state

    async def note(self, *facts: events.Event, **rows: Any) -> None:
        """Write facts and rows at the state the run is in."""
        await self._write(self.state, facts, rows)

    async def tool_started(self, call: ToolCall) -> None:
        """Record that a call is about to run; it does not before this returns."""
        record = replace(self._record(call.call_id), started_at=self._now())
        fact = events.ToolStarted(call_id=call.call_id, name=call.name, arguments=call.arguments)
        await self.note(fact, calls=(record,))

    async def tool_executed(self, call: ToolCall, result: ToolResult) -> None:
        """Record a call's output."""
        await self.note(_executed(call, result), calls=(self._answered(call, result),))

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
        self, target: State, facts: tuple[events.Event, ...], rows: dict[str, Any]
    ) -> None:
        await self._log.write(
            Write(
                run_id=self.run.id,
                fence=self.fence,
                expect=self.state,
                to=target,
                events=facts,
                **rows,
            )
        )
        self.ledger.state = target
        self.ledger.take(**{key: rows[key] for key in _KEPT if key in rows})


def _executed(call: ToolCall, result: ToolResult) -> events.ToolExecuted:
    return events.ToolExecuted(
        call_id=call.call_id,
        name=call.name,
        arguments=call.arguments,
        output=result.output,
        seconds=result.seconds,
        failed=result.failed,
    )
