"""A run's tool calls, as its log tells them: what was asked for, and what came of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from conversation.events import Logged, ToolCallsRequested, ToolExecuted
from conversation.records import Run
from conversation.turns import ToolCall


@dataclass(frozen=True, slots=True)
class CallState:
    """A call; `output` is None until it is known."""

    call: ToolCall
    output: str | None = None


class Calls:
    """The calls of a run by their steps, filled by the log's events in their order."""

    def __init__(self, log: Iterable[Logged] = ()) -> None:
        self._steps: dict[str, dict[str, CallState]] = {}
        self._newest: dict[str, CallState] = {}
        for logged in log:
            self.hear(logged)

    def hear(self, logged: Logged) -> None:
        """Take the next event."""
        match logged.event:
            case ToolCallsRequested(step_id=step_id, calls=calls):
                self._newest = {call.call_id: CallState(call) for call in calls}
                self._steps[step_id] = self._newest
            case ToolExecuted(call_id=call_id, output=output) if call_id in self._newest:
                self._newest[call_id] = CallState(self._newest[call_id].call, output)
            case _:
                pass

    def of(self, step_id: str) -> tuple[CallState, ...]:
        """Return a step's calls, in the model's order."""
        return tuple(self._steps.get(step_id, {}).values())

    def newest(self) -> tuple[CallState, ...]:
        """Return the calls of the newest step that has some."""
        return tuple(self._newest.values())


def awaited(run: Run, calls: Sequence[CallState]) -> list[ToolCall]:
    """Return the calls that somebody outside is asked for: a client, or else a person."""
    unanswered = [state.call for state in calls if state.output is None]
    return [call for call in unanswered if at_client(run, call)] or unanswered


def at_client(run: Run, call: ToolCall) -> bool:
    """Tell whether the client runs this call's function."""
    return any(tool.name == call.name and tool.runs == "client" for tool in run.spec.tools)
