"""The mediator: owns the script between a user proxy and an assistant proxy, who never meet.

One mediator conducts one run. The triggers of the script are its methods; each is one
compare-and-set write to the log, and only what the log has taken becomes true here. The two
kinds differ in one thing, whether they check a trigger before they pull it: `_judge`.
"""

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any, Final

from conversation import errors, events
from conversation.ids import new_id
from conversation.records import (
    CallRecord,
    Message,
    Opening,
    PendingText,
    Run,
    RunError,
    Step,
    StepStatus,
)
from conversation.script import State, Trigger
from conversation.text import storable
from mediator.budget import message_reason
from mediator.recording import Recording

_STEP_ENDS: Final[dict[Trigger, StepStatus]] = {
    Trigger.CANCELLED: "cancelled",
    Trigger.EXPIRE: "expired",
    Trigger.ERROR: "failed",
}


class Mediator(Recording, ABC):
    """Moves one run along the script."""

    @abstractmethod
    async def _judge(self, trigger: Trigger) -> State:
        """Return where `trigger` leads; a mediator that checks raises `TriggerRefused`."""

    # the triggers, in the order of the script

    async def set_user_message(self, opening: Opening) -> Run:
        """Accept the user's message; it is durable on return."""
        target = await self._judge(Trigger.SET_USER_MESSAGE)
        moved = _changed(Trigger.SET_USER_MESSAGE, self.state, target)
        told = tuple(
            events.MessageSent(message_id=message.id, text=message.text)
            for message in opening.messages
            if message.role == "user"
        )
        run = await self._log.accept(replace(opening, events=(*opening.events, *told, *moved)))
        self.ledger.state = target
        return run

    async def started(self) -> None:
        """Note that the assistant proxy has sent the turn."""
        await self._move(Trigger.STARTED, soon=True)

    async def heartbeat(self, status: str = "", **rows: Any) -> None:
        """Note a sign of life; `status` is the provider's word."""
        checked = (events.StatusChecked(status=status),) if status else ()
        await self._move(Trigger.HEARTBEAT, *checked, soon=True, **rows)

    async def action_required(self) -> None:
        """Keep the answer that asks for tools; its calls are open from now on."""
        reply, now = self.ledger.reply, self._now()
        step = Step(
            id=new_id("step"),
            run_id=self.run.id,
            round=reply.round,
            kind="tool_calls",
            usage=reply.usage(),
            created_at=now,
        )
        records = tuple(
            CallRecord(run_id=self.run.id, step_id=step.id, position=position, call=call)
            for position, call in enumerate(reply.calls)
        )
        requested = events.ToolCallsRequested(step_id=step.id, calls=reply.calls)
        await self._move(
            Trigger.ACTION_REQUIRED,
            *reply.retrieved(),
            *reply.usage_event(),
            requested,
            messages=reply.closed("completed", now),
            steps=(*reply.closed_step("completed", now), step),
            calls=records,
            items=reply.items(self.run.id),
            usage=reply.usage(),
            soon=True,
        )
        self.ledger.reply = self.ledger.new_reply()

    async def tools_executed(self) -> None:
        """Note that every output of the round is known."""
        await self._move(Trigger.TOOLS_EXECUTED, soon=True, steps=self._ended_round())

    async def tool_outputs_submitted(self) -> None:
        """Note that the outputs are on their way back to the model."""
        ids = tuple(record.call.call_id for record in self.ledger.current_calls())
        submitted = events.ToolOutputsSubmitted(call_ids=ids)
        await self._move(Trigger.TOOL_OUTPUTS_SUBMITTED, submitted, soon=True)

    async def assistant_message_retrieved(self) -> None:
        """Keep the model's complete message; the run is over."""
        await self._end(Trigger.ASSISTANT_MESSAGE_RETRIEVED, *self.ledger.reply.retrieved())

    async def cut_short(self, reason: str, detail: str = "") -> None:
        """End with what there is: a limit of tokens, a filter or too many rounds stopped it."""
        fact = events.Incomplete(reason=reason, detail=detail)
        partial = message_reason(reason)
        await self._end(Trigger.CUT_SHORT, fact, reason=partial, incomplete_reason=reason)

    async def retry(self) -> None:
        """Begin a new attempt after a crash; what the dead one was saying is closed."""
        now = self._now()
        messages, steps = self.ledger.left_open()
        await self._move(
            Trigger.RETRY,
            events.Retried(attempt=self.run.attempt),
            messages=tuple(
                replace(message, status="incomplete", incomplete_reason="superseded", ended_at=now)
                for message in messages
            ),
            steps=tuple(replace(step, status="failed", ended_at=now) for step in steps),
        )
        self.ledger.reply = self.ledger.new_reply()

    async def cancel(self) -> None:
        """Ask for a stop; whoever executes the run ends it with `cancelled`."""
        await self._move(Trigger.CANCEL)

    async def cancelled(self) -> None:
        """End a run that was asked to stop, keeping what had arrived."""
        await self._end(Trigger.CANCELLED, events.Cancelled(), reason="run_cancelled")

    async def expire(self) -> None:
        """End a run whose time is up."""
        await self._end(Trigger.EXPIRE, events.Expired(), reason="run_expired")

    async def error(self, error: errors.ParleyError) -> None:
        """End with an error, keeping what had arrived."""
        fact = events.Failed(code=error.code, message=error.message, hint=error.hint)
        kept = RunError(code=error.code, message=error.message, hint=error.hint)
        await self._end(Trigger.ERROR, fact, reason="run_failed", error=kept)

    # the answer under way

    async def say(self, text: str, *, refusal: bool = False) -> None:
        """Pass on a piece of the answer; the first one opens the message."""
        if not text:
            return
        text = storable(text)
        if self.ledger.reply.message is None:
            if self.ledger.reply.round:
                await self._taken()  # who follows hears of one message after the other
            await self._open_message(refusal=refusal)
        reply = self.ledger.reply
        if reply.message is not None:
            self._log.say(
                PendingText(
                    run_id=self.run.id,
                    fence=self.fence or 0,
                    message_id=reply.message.id,
                    offset=reply.say(text, refusal=refusal),
                    text=text,
                )
            )

    # beneath

    async def _open_message(self, *, refusal: bool) -> None:
        reply, run, now = self.ledger.reply, self.run, self._now()
        reply.message = Message(
            id=new_id("msg"),
            thread_id=run.thread_id,
            branch_id=run.branch_id,
            role="assistant",
            text="",
            status="in_progress",
            refusal=refusal,
            run_id=run.id,
            assistant_id=run.spec.assistant_id,
            created_at=now,
        )
        reply.step = Step(
            id=new_id("step"),
            run_id=run.id,
            round=reply.round,
            kind="message_creation",
            message_id=reply.message.id,
            created_at=now,
        )
        await self.heartbeat(messages=(reply.message,), steps=(reply.step,))

    def _ended_round(self) -> tuple[Step, ...]:
        newest = self.ledger.tool_steps()[-1:]
        return tuple(replace(step, status="completed", ended_at=self._now()) for step in newest)

    async def _end(
        self, trigger: Trigger, *facts: events.Event, reason: str | None = None, **rows: Any
    ) -> None:
        """Reach a terminal state; without a `reason` the message is complete."""
        reply, now = self.ledger.reply, self._now()
        done = reason is None
        await self._move(
            trigger,
            *reply.usage_event(),
            *facts,
            messages=reply.closed("completed" if done else "incomplete", now, reason),
            steps=reply.closed_step(_STEP_ENDS.get(trigger, "completed"), now, reply.usage()),
            items=reply.items(self.run.id) if done else (),
            usage=reply.usage(),
            release=True,
            **rows,
        )

    async def _move(
        self, trigger: Trigger, *facts: events.Event, soon: bool = False, **rows: Any
    ) -> None:
        target = await self._judge(trigger)
        moved = _changed(trigger, self.state, target)
        await self._write(target, (*facts, *moved), rows, soon=soon)


def _changed(trigger: Trigger, before: State, after: State) -> tuple[events.Event, ...]:
    """Return the event of a move; a sign of life while running moves nothing."""
    if before is after:
        return ()
    return (events.StateChanged(trigger=trigger, before=before, after=after),)
