"""The answer of a model as a program sees it: text as it arrives, and an error if there is none."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from conversation import errors, events
from conversation.errors import BadInput, StoreUnavailable, Superseded
from conversation.events import Logged
from conversation.follower import Follower
from conversation.interrupts import interruptible, stopping_on_interrupt
from conversation.narration import narrate, system_line
from conversation.ports import Core, TextDelta
from conversation.records import Run
from conversation.script import State

OnSystemMessage = Callable[[str], None]
OnApproval = Callable[[events.ApprovalRequested], bool]

_BEAT: Final = 0.25
_RAISED: Final = (events.Failed, events.Expired, events.Incomplete)
"""What comes out of an answer as an exception, so that it is not told twice."""


class Answer:
    """Yields the pieces of one answer to `async for`, and to a plain `for`.

    Raises `RunFailed`, `RunCancelled`, `RunExpired` or `RunIncomplete` where a whole answer does
    not come, after what did. Ctrl-C meanwhile stops the run, not the program; a second one is a
    `KeyboardInterrupt`. A call that needs a person's approval is declined where nobody is asked;
    where whoever was asked raises, the run is stopped: it would wait in vain.
    """

    def __init__(
        self,
        core: Core,
        run: Run,
        *,
        on_system_message: OnSystemMessage | None = None,
        on_approval: OnApproval | None = None,
    ) -> None:
        self._core = core
        self._run = run
        self._system = on_system_message
        self._approve = on_approval
        self._said: list[str] = []

    async def __aiter__(self) -> AsyncIterator[str]:
        with self._following() as follower:
            while not follower.ended:
                await follower.arrival()
                for text in self._texts(follower):
                    yield text
        self._raise_ending(follower)

    def __iter__(self) -> Iterator[str]:
        with self._following() as follower:
            while not follower.ended:
                if follower.wait(_BEAT):
                    yield from self._texts(follower)
        self._raise_ending(follower)

    async def whole(self) -> str:
        """Return the last message once the run has ended."""
        async for _ in self:
            pass
        return "".join(self._said)

    @contextmanager
    def _following(self) -> Iterator[Follower]:
        self._said.clear()
        with (
            stopping_on_interrupt(self._stop),
            Follower(self._core.feed, self._run.id) as follower,
        ):
            yield follower

    def _stop(self) -> None:
        self._core.cancel(self._run.id)

    def _texts(self, follower: Follower) -> Iterator[str]:
        for piece in follower.take():
            if isinstance(piece, TextDelta):
                self._said.append(piece.text)
                yield piece.text
            else:
                self._tell(piece)

    def _tell(self, logged: Logged) -> None:
        event = logged.event
        if isinstance(event, events.ToolCallsRequested | events.Retried):
            self._said.clear()  # what was said before is not the answer
        line = None if isinstance(event, _RAISED) else system_line(event)
        if line and self._system:
            self._system(line)
        if isinstance(event, events.ApprovalRequested):
            self._decide(event)

    def _decide(self, event: events.ApprovalRequested) -> None:
        if self._core.store.run(self._run.id).waiting != "person":
            return  # an answer that is read again, or somebody was quicker
        with suppress(BadInput, Superseded):  # somebody was quicker while we asked
            self._core.decide(self._run.id, event.call_id, approved=self._approved(event))

    def _approved(self, event: events.ApprovalRequested) -> bool:
        if self._approve is None:
            return False
        try:
            with interruptible():
                return self._approve(event)
        except KeyboardInterrupt:
            self._stop()
            return False
        except BaseException:
            with suppress(StoreUnavailable):  # the program is being ended, and nobody can be asked
                self._stop()
            raise

    def _raise_ending(self, follower: Follower) -> None:
        if follower.state is not State.COMPLETED:
            raise ending_of(self._core.store.run(self._run.id), "".join(self._said))


def ending_of(run: Run, partial: str = "") -> errors.RunEnded:
    """Return the error that says how a run ended without a whole answer."""
    if run.state is State.CANCELLED:
        said = narrate(events.Cancelled())
        return errors.RunCancelled(f"{said}.", reason="cancelled", partial=partial)
    if run.state is State.EXPIRED:
        said = narrate(events.Expired())
        return errors.RunExpired(f"{said}.", reason="expired", partial=partial)
    if run.state is State.INCOMPLETE:
        reason = run.incomplete_reason or "incomplete"
        said = narrate(events.Incomplete(reason=reason))
        return errors.RunIncomplete(f"{said}.", reason=reason, partial=partial)
    error = run.error
    if error is None:
        return errors.RunFailed("The exchange failed.", partial=partial)
    return errors.RunFailed(error.message, hint=error.hint, reason=error.code, partial=partial)
