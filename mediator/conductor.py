"""Conducting a run: from where it stands to its end, or to the next wait for somebody.

The mediator knows the triggers; this is the order in which they come. `assistant` speaks for the
model, `user` runs the tools; both are seen through ports, and neither sees the other.
"""

from contextlib import aclosing
from dataclasses import dataclass

from conversation import errors, signals
from conversation.events import RetryScheduled
from conversation.ports import AssistantProxy, ToolExecutor
from conversation.records import Usage
from conversation.script import TERMINAL, State
from mediator.budget import Spent, afforded, cut_by, spent
from mediator.mediator import Mediator
from mediator.reply import Reply
from mediator.states import ANSWERING
from mediator.toolwork import do_tool_work


@dataclass(slots=True)
class Conductor:
    """Conducts one segment of one run."""

    mediator: Mediator
    user: ToolExecutor
    assistant: AssistantProxy
    _status: str = ""

    async def conduct(self) -> None:
        """Run until the script ends or waits; `Superseded` when somebody else has the run now.

        Every other failure of the exchange ends the run in `error`. Cancelling the task that
        runs this closes the request to the model and leaves the run where it stands.
        """
        try:
            if self.mediator.state in ANSWERING:
                await self.mediator.retry()
            while await self._next():
                pass
        except (errors.Superseded, errors.StoreUnavailable):
            raise
        except errors.ParleyError as error:
            await self.mediator.error(error)

    async def _next(self) -> bool:
        """Do what the state asks for; False when there is nothing to do for now."""
        match self.mediator.state:
            case State.READY | State.STARTED | State.TOOL_OUTPUTS_SUBMITTED:
                await self._ask()
            case State.REQUIRES_ACTION:
                return await do_tool_work(self.mediator, self.user)
            case State.TOOLS_EXECUTED:
                await self.mediator.tool_outputs_submitted()
            case State.CANCELLING:
                await self.mediator.cancelled()
            case _:
                return False
        return self.mediator.state not in TERMINAL

    async def _ask(self) -> None:
        """Give the model its turn and hear its answer to the end."""
        ledger = self.mediator.ledger
        ledger.reply = ledger.new_reply()
        turn = afforded(ledger.turn(), ledger.run.spec, ledger.used)
        if isinstance(turn, Spent):
            await self._under_way()
            await self.mediator.cut_short(*turn)
            return
        async with aclosing(self.assistant.respond(turn)) as answer:
            async for signal in answer:
                await self._hear(signal)
        await self._conclude(ledger.reply)

    async def _hear(self, signal: signals.Signal) -> None:
        match signal:
            case signals.Retrying(code=code, reason=reason, delay=delay, attempt=attempt):
                await self.mediator.note(
                    RetryScheduled(code=code, reason=reason, delay=delay, attempt=attempt)
                )
            case signals.Sent():
                await self._sent()
            case signals.Requested(request):
                self.mediator.requested(request)
            case signals.Responded(response):
                self.mediator.responded(response)
            case signals.Alive(status):
                await self._alive(status)
            case signals.Saying(text) | signals.Refusing(text):
                await self._under_way()
                await self.mediator.say(text, refusal=isinstance(signal, signals.Refusing))
            case signals.Asking() | signals.Item() | signals.Used() | signals.Finished():
                await self._under_way()
                self.mediator.ledger.reply.take(signal)

    async def _sent(self) -> None:
        if self.mediator.state in {State.READY, State.TOOL_OUTPUTS_SUBMITTED}:
            await self.mediator.started()

    async def _under_way(self) -> None:
        """A proxy that says anything has sent the turn, whether it told so or not."""
        if self.mediator.state is State.READY:
            await self.mediator.started()

    async def _alive(self, status: str) -> None:
        await self._under_way()
        if self.mediator.state is not State.RUNNING or status != self._status:
            self._status = status
            await self.mediator.heartbeat(status)

    async def _conclude(self, reply: Reply) -> None:
        if reply.finished is None:
            raise errors.StreamCut("The model's answer broke off before its end.")
        if cut := self._cut_by(reply, reply.finished):
            await self.mediator.cut_short(*cut)
        elif reply.calls:
            await self.mediator.action_required()
        elif reply.message is not None:
            await self.mediator.assistant_message_retrieved()
        else:
            raise errors.BadResponse("The model's answer was empty.")

    def _cut_by(self, reply: Reply, finished: signals.Finished) -> tuple[str, str] | None:
        """Return the reason and the detail if the run must end before it has a whole answer."""
        spec = self.mediator.run.spec
        if finished.reason in {"max_tokens", "content_filter"}:
            return cut_by(finished.reason, spec), finished.detail
        if not reply.calls:
            return None
        if reply.round >= spec.max_tool_rounds:
            return "max_tool_rounds", f"{spec.max_tool_rounds} rounds"
        return spent(spec, self.mediator.ledger.used + (reply.usage() or Usage()))
