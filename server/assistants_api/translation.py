"""From a run's log to the events of the Assistants API, in the order that its clients demand.

The log tells what happened, the rows how the things look to which it happened. One message and
one step are open at a time, and whatever is open is closed before the run's own end is told.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from conversation.events import (
    Logged,
    MessageRetrieved,
    Retried,
    StateChanged,
    ToolCallsRequested,
    ToolExecuted,
)
from conversation.ports import TextDelta
from conversation.records import Run, Step, Usage, Waiting
from conversation.script import TERMINAL, State
from server.assistants_api.calling import CallingStep
from server.assistants_api.calls import Calls, at_client
from server.assistants_api.rows import Rows
from server.assistants_api.run_objects import RunObject, StatusOf
from server.assistants_api.spoken import SpokenMessage
from server.assistants_api.sse import ServerEvent

News = Logged | TextDelta

_LOOKED_AT: Final = TERMINAL | {State.REQUIRES_ACTION}
_ANSWERING: Final = frozenset({State.STARTED, State.RUNNING})


class Translator:
    """Translates one run for one stream; `over` at the run's end and when somebody is awaited.

    Text is passed on before the log has what came before it: it is then held back until it has.
    """

    def __init__(self, rows: Rows, status: StatusOf, run: Run | None = None) -> None:
        self.over = False
        self._rows = rows
        self._status = status
        self._run = _unbegun(run or rows.run())
        self._seq = 0
        self._told = ""
        self._past = False
        self._submitted = False
        self._calls = Calls()
        self._message: SpokenMessage | None = None
        self._step: CallingStep | None = None
        self._rounds = 0
        self._whole: set[str] = set()
        self._held: list[TextDelta] = []
        self._out: list[ServerEvent] = []

    @property
    def holding(self) -> str | None:
        """The message whose text is held back, if any is."""
        return self._held[0].message_id if self._held else None

    @property
    def writing(self) -> str | None:
        """The message that is being written, unless something is held back."""
        return self._message.id if self._message and not self._held else None

    def reads(self, news: Sequence[News]) -> bool:
        """Tell whether it would look at the run for this news: at its end, and when it waits."""
        changes = (piece.event for piece in news if isinstance(piece, Logged))
        return self._run.state is State.REQUIRES_ACTION or any(
            isinstance(change, StateChanged) and change.after in _LOOKED_AT for change in changes
        )

    def go_on_after(self, log: Iterable[Logged]) -> None:
        """Begin behind these events, in which a client was awaited and has submitted outputs."""
        self._past = True
        for logged in log:
            self._hear(logged)
        self._past = False
        self._out = []
        self._told = "requires_action"

    def take(self, news: Iterable[News]) -> list[ServerEvent]:
        """Return the events for what is new; without news, those for what the rows tell."""
        for piece in news:
            if not self.over:
                self._translate(piece)
        self._say_held()
        self._look_who_is_awaited()
        told, self._out = self._out, []
        return told

    # one piece of news

    def _translate(self, piece: News) -> None:
        if isinstance(piece, Logged):
            self._say_held()
            self._hear(piece)
        elif self._message is not None and self._message.id == piece.message_id:
            self._out += self._message.said(piece)
        elif piece.message_id not in self._whole:
            self._held.append(piece)

    def _hear(self, logged: Logged) -> None:
        match logged.event:
            case StateChanged(after=after):
                self._moved(after, logged)
            case MessageRetrieved():
                self._close()
            case Retried():
                self._close()
                self._held = []
            case ToolCallsRequested(step_id=step_id):
                self._calls.hear(logged)
                self._ask(step_id)
            case ToolExecuted() as executed:
                self._execute(executed, logged)
            case _:
                pass
        self._seq = logged.seq

    # the run

    def _moved(self, after: State, logged: Logged) -> None:
        self._run = replace(self._run, state=after)
        if after in TERMINAL:
            self._end()
        elif after is State.READY:
            self._tell_run("created")
            self._tell_status()
        elif after is State.TOOLS_EXECUTED:
            self._close()
        elif after is not State.TOOL_OUTPUTS_SUBMITTED or self._submitted:
            if after is State.STARTED and self._run.started_at is None:
                self._run = replace(self._run, started_at=logged.at)
            self._tell_status()

    def _end(self) -> None:
        self._held = []
        self._run = self._rows.run()
        self._close()
        self._tell_status()
        self.over = True

    def _look_who_is_awaited(self) -> None:
        """Look whether the run waits: the log tells nothing of that."""
        if self._run.state is not State.REQUIRES_ACTION or self._held or self.over:
            return
        row = self._rows.run()
        if row.state is State.REQUIRES_ACTION and row.waiting and row.seq == self._seq:
            self._await(row.waiting)

    def _await(self, waiting: Waiting) -> None:
        self._run = replace(self._run, waiting=waiting)
        self._tell_status()
        self.over = True

    def _tell_status(self) -> None:
        status = self._status(self._run)
        if status != self._told:
            self._told = status
            self._tell_run(status)

    def _tell_run(self, what: str) -> None:
        shown = RunObject.of(self._run, self._status(self._run), self._calls.newest())
        self._out.append(ServerEvent(f"thread.run.{what}", shown.model_dump()))

    # its messages

    def _say_held(self) -> None:
        """Pass on the text that is held back, as far as the log has come to it."""
        while self._held and self._is_next(self._held[0].message_id):
            piece = self._held.pop(0)
            if self._message is not None:
                self._out += self._message.said(piece)

    def _is_next(self, message_id: str) -> bool:
        """Open this message, unless the log has not come to it or it is not kept yet."""
        if self._message is not None and self._message.id == message_id:
            return True
        if self._run.state not in _ANSWERING:
            return False
        message = self._rows.message(message_id)
        step = next((one for one in self._rows.steps() if one.message_id == message_id), None)
        if message is None or step is None or step.round != self._rounds:
            return False
        self._close()
        self._message = SpokenMessage(message, step)
        self._out += self._message.opening(self._run)
        return True

    # its tool calls

    def _ask(self, step_id: str) -> None:
        self._close()
        self._rounds += 1
        self._submitted = self._past
        self._step = CallingStep(self._row(step_id), self._calls.of(step_id))
        self._out += self._step.opening(self._run)

    def _execute(self, executed: ToolExecuted, logged: Logged) -> None:
        known = {state.call.call_id: state for state in self._calls.newest()}
        state = known.get(executed.call_id)
        if state is None:
            return
        here = not at_client(self._run, state.call)
        if not here and not self._submitted:
            self._await("client")  # it was awaited, and has answered somebody else's request
            return
        self._calls.hear(logged)
        if here and state.output is None and self._step is not None and not self._submitted:
            self._out += self._step.answered(executed.output)

    # what is open

    def _close(self) -> None:
        """Close what is open, as its rows say."""
        message, self._message = self._message, None
        if message is not None:
            self._whole.add(message.id)
            row = self._rows.message(message.id)
            if row is not None:
                self._out += message.closing(row, self._row(message.step.id), self._run)
        step, self._step = self._step, None
        if step is not None:
            self._out += step.closing(self._row(step.id), self._calls.of(step.id), self._run)

    def _row(self, step_id: str) -> Step:
        return next(step for step in self._rows.steps() if step.id == step_id)


def _unbegun(run: Run) -> Run:
    """Return a run as it was before anything happened in it."""
    return replace(
        run,
        state=State.NEW,
        waiting=None,
        usage=Usage(),
        error=None,
        incomplete_reason=None,
        started_at=None,
        ended_at=None,
    )
