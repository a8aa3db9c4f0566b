"""Run steps as the Assistants API shows them, and the pieces in which their calls stream."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

from pydantic import BaseModel

from conversation.records import Run, Step, StepStatus
from conversation.turns import ToolCall
from server.assistants_api.calls import CallState
from server.assistants_api.run_objects import LastError, UsageObject, error_code
from server.assistants_api.times import unix

Json = dict[str, Any]


class CreatedMessage(BaseModel):
    """Which message is being written."""

    message_id: str


class MessageDetails(BaseModel):
    """A step that writes a message."""

    type: Literal["message_creation"] = "message_creation"
    message_creation: CreatedMessage


class CalledFunction(BaseModel):
    """A function that the model wanted run; `output` is null until it is known."""

    name: str
    arguments: str
    output: str | None


class FunctionCall(BaseModel):
    """A call and what became of it."""

    id: str
    type: Literal["function"] = "function"
    function: CalledFunction

    @classmethod
    def of(cls, state: CallState) -> "FunctionCall":
        """Return a call of the log."""
        call = state.call
        function = CalledFunction(name=call.name, arguments=call.arguments, output=state.output)
        return cls(id=call.call_id, function=function)


class CallsDetails(BaseModel):
    """A step that calls tools."""

    type: Literal["tool_calls"] = "tool_calls"
    tool_calls: list[FunctionCall]


class StepObject(BaseModel):
    """A run step."""

    id: str
    object: Literal["thread.run.step"] = "thread.run.step"
    created_at: int
    assistant_id: str
    thread_id: str
    run_id: str
    type: str
    status: StepStatus
    step_details: MessageDetails | CallsDetails
    last_error: LastError | None
    expires_at: int | None
    expired_at: int | None
    cancelled_at: int | None
    failed_at: int | None
    completed_at: int | None
    metadata: dict[str, str] | None = None
    usage: UsageObject | None

    @classmethod
    def of(cls, step: Step, run: Run, calls: Sequence[CallState] = ()) -> "StepObject":
        """Return a step of a run; `calls` are its own."""
        open_still = step.status == "in_progress"
        return cls(
            id=step.id,
            created_at=unix(step.created_at),
            assistant_id=run.spec.assistant_id or "",
            thread_id=run.thread_id,
            run_id=run.id,
            type=step.kind,
            status=step.status,
            step_details=_details(step, calls),
            last_error=_last_error(step, run),
            expires_at=unix(run.expires_at),
            expired_at=_ended(step, "expired"),
            cancelled_at=_ended(step, "cancelled"),
            failed_at=_ended(step, "failed"),
            completed_at=_ended(step, "completed"),
            usage=None if open_still or step.usage is None else UsageObject.of(step.usage),
        )


def opened(step: Step) -> Step:
    """Return a step as it was when it began."""
    return replace(step, status="in_progress", usage=None, ended_at=None)


def call_begun(step_id: str, index: int, call: ToolCall) -> Json:
    """Return the piece that opens a call; clients join strings, so id and name come only here."""
    function = {"name": call.name, "arguments": "", "output": None}
    return _delta(step_id, index, {"id": call.call_id}, function)


def call_arguments(step_id: str, index: int, arguments: str) -> Json:
    """Return the piece that has a call's arguments."""
    return _delta(step_id, index, {}, {"arguments": arguments})


def call_output(step_id: str, index: int, output: str) -> Json:
    """Return the piece that has a call's output."""
    return _delta(step_id, index, {}, {"output": output})


def _delta(step_id: str, index: int, ids: Json, function: Json) -> Json:
    call = {"index": index, **ids, "type": "function", "function": function}
    details = {"type": "tool_calls", "tool_calls": [call]}
    return {"id": step_id, "object": "thread.run.step.delta", "delta": {"step_details": details}}


def _details(step: Step, calls: Sequence[CallState]) -> MessageDetails | CallsDetails:
    if step.kind == "message_creation":
        return MessageDetails(message_creation=CreatedMessage(message_id=step.message_id or ""))
    return CallsDetails(tool_calls=[FunctionCall.of(state) for state in calls])


def _last_error(step: Step, run: Run) -> LastError | None:
    if step.status != "failed":
        return None
    code = error_code(run.error) if run.error else "server_error"
    known = "server_error" if code == "invalid_prompt" else code
    return LastError(code=known, message="Sorry, something went wrong.")


def _ended(step: Step, status: StepStatus) -> int | None:
    return unix(step.ended_at) if step.status == status else None
