"""A step that calls tools, while it streams: the events that clients expect around its calls."""

from collections.abc import Sequence

from conversation.records import Run, Step
from server.assistants_api.calls import CallState
from server.assistants_api.sse import ServerEvent
from server.assistants_api.step_objects import (
    Json,
    StepObject,
    call_arguments,
    call_begun,
    call_output,
    opened,
)


class CallingStep:
    """One step and its calls, which are all known when it opens."""

    def __init__(self, step: Step, calls: Sequence[CallState]) -> None:
        self.id = step.id
        self._step = opened(step)
        self._calls = tuple(state.call for state in calls)

    def opening(self, run: Run) -> list[ServerEvent]:
        """Return the events of its beginning, with the calls."""
        step = StepObject.of(self._step, run).model_dump()
        events = [
            ServerEvent("thread.run.step.created", step),
            ServerEvent("thread.run.step.in_progress", step),
        ]
        for index, call in enumerate(self._calls):
            events.append(_delta(call_begun(self.id, index, call)))
            events.append(_delta(call_arguments(self.id, index, call.arguments)))
        return events

    def answered(self, output: str) -> list[ServerEvent]:
        """Return the event of an output, if it can have one of its own.

        Clients take another index for another call: to come back to an earlier one would begin
        that again. So the outputs of several calls come with the whole step, as it ends.
        """
        return [_delta(call_output(self.id, 0, output))] if len(self._calls) == 1 else []

    def closing(self, step: Step, calls: Sequence[CallState], run: Run) -> list[ServerEvent]:
        """Return the event of its end, by its row and its calls as they are then."""
        shown = StepObject.of(step, run, calls).model_dump()
        return [ServerEvent(f"thread.run.step.{step.status}", shown)]


def _delta(piece: Json) -> ServerEvent:
    return ServerEvent("thread.run.step.delta", piece)
