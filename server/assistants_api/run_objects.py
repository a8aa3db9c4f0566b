"""Runs as the Assistants API shows them."""

from collections.abc import Callable, Sequence
from typing import Any, Final, Literal

from pydantic import BaseModel

from conversation.records import Run, RunError, RunSpec, Usage
from conversation.script import State
from server.assistants_api.calls import CallState, awaited
from server.assistants_api.formats import format_shown
from server.assistants_api.resources import resources_shown
from server.assistants_api.times import unix
from server.assistants_api.tools import tools_shown

Json = dict[str, Any]
StatusOf = Callable[[Run], str]
ErrorCode = Literal["server_error", "rate_limit_exceeded", "invalid_prompt"]

_RATE: Final = frozenset({"rate_limited", "quota_exceeded"})
_PROMPT: Final = frozenset({"request_rejected", "context_too_long", "prompt_blocked"})
_TOKEN_LIMITS: Final = {
    "max_tokens": "max_completion_tokens",
    "max_completion_tokens": "max_completion_tokens",
    "max_prompt_tokens": "max_prompt_tokens",
}
_FORGETS_EXPIRY: Final = frozenset(
    {State.COMPLETED, State.ERROR, State.CANCELLED, State.INCOMPLETE}
)


class RequestedFunction(BaseModel):
    """A function that the model wants run; `arguments` is JSON as the model wrote it."""

    name: str
    arguments: str


class RequestedCall(BaseModel):
    """A call whose output is awaited."""

    id: str
    type: Literal["function"] = "function"
    function: RequestedFunction


class RequestedCalls(BaseModel):
    """All calls whose outputs are awaited."""

    tool_calls: list[RequestedCall]


class RequiredAction(BaseModel):
    """What a client has to do before the run goes on."""

    type: Literal["submit_tool_outputs"] = "submit_tool_outputs"
    submit_tool_outputs: RequestedCalls


class LastError(BaseModel):
    """Why it failed."""

    code: ErrorCode
    message: str


class UsageObject(BaseModel):
    """Tokens."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_token_details: dict[str, int]
    completion_tokens_details: dict[str, int]

    @classmethod
    def of(cls, usage: Usage) -> "UsageObject":
        """Return a record's tokens."""
        return cls(
            prompt_tokens=usage.input,
            completion_tokens=usage.output,
            total_tokens=usage.input + usage.output,
            prompt_token_details={"cached_tokens": usage.cached},
            completion_tokens_details={"reasoning_tokens": usage.reasoning},
        )


class RunObject(BaseModel):
    """A run."""

    id: str
    object: Literal["thread.run"] = "thread.run"
    created_at: int
    thread_id: str
    assistant_id: str
    status: str
    required_action: RequiredAction | None
    last_error: LastError | None
    incomplete_details: dict[str, str | None] | None
    expires_at: int | None
    started_at: int | None
    cancelled_at: int | None
    failed_at: int | None
    completed_at: int | None
    model: str
    instructions: str
    tools: list[Json]
    tool_resources: Json
    temperature: float
    top_p: float
    reasoning_effort: str | None
    max_prompt_tokens: int | None
    max_completion_tokens: int | None
    truncation_strategy: Json
    tool_choice: str | Json
    parallel_tool_calls: bool
    response_format: str | Json
    metadata: dict[str, str]
    usage: UsageObject | None

    @classmethod
    def of(cls, run: Run, status: str, calls: Sequence[CallState] = ()) -> "RunObject":
        """Return a run; `calls` are those of its newest tool step."""
        return cls(
            id=run.id,
            created_at=unix(run.created_at),
            thread_id=run.thread_id,
            assistant_id=run.spec.assistant_id or "",
            status=status,
            required_action=_required(run, calls) if status == "requires_action" else None,
            last_error=_last_error(run.error),
            incomplete_details=_incomplete(run),
            **_times(run),
            **_asked_for(run),
            metadata=run.metadata,
            usage=UsageObject.of(run.usage) if run.ended else None,
        )


def error_code(error: RunError) -> ErrorCode:
    """Return the API's code for one of ours."""
    if error.code in _RATE:
        return "rate_limit_exceeded"
    return "invalid_prompt" if error.code in _PROMPT else "server_error"


def _last_error(error: RunError | None) -> LastError | None:
    if error is None:
        return None
    return LastError(code=error_code(error), message=f"{error.message} {error.hint}".strip())


def _required(run: Run, calls: Sequence[CallState]) -> RequiredAction:
    wanted = [
        RequestedCall(
            id=call.call_id,
            function=RequestedFunction(name=call.name, arguments=call.arguments),
        )
        for call in awaited(run, calls)
    ]
    return RequiredAction(submit_tool_outputs=RequestedCalls(tool_calls=wanted))


def _incomplete(run: Run) -> dict[str, str | None] | None:
    """Return which limit of tokens was reached; what is none, a filter say, has another key."""
    if run.state is not State.INCOMPLETE:
        return None
    limit = _TOKEN_LIMITS.get(run.incomplete_reason or "")
    return {"reason": limit} if limit else {"detail": run.incomplete_reason}


def _times(run: Run) -> Json:
    return {
        "expires_at": None if run.state in _FORGETS_EXPIRY else unix(run.expires_at),
        "started_at": unix(run.started_at),
        "cancelled_at": _ended(run, State.CANCELLED),
        "failed_at": _ended(run, State.ERROR),
        "completed_at": _ended(run, State.COMPLETED),
    }


def _ended(run: Run, state: State) -> int | None:
    return unix(run.ended_at) if run.state is state else None


def _asked_for(run: Run) -> Json:
    """Return what the run was started with, as the client knows it."""
    spec = run.spec
    last = spec.last_messages
    return {
        "model": spec.asked_model or spec.model,
        "instructions": spec.instructions,
        "tools": tools_shown(spec.tools, spec.hosted),
        "tool_resources": resources_shown({}, spec.hosted),
        "temperature": _or_usual(spec.sampling.temperature),
        "top_p": _or_usual(spec.sampling.top_p),
        "reasoning_effort": spec.sampling.reasoning_effort,
        "max_prompt_tokens": spec.max_prompt_tokens,
        "max_completion_tokens": spec.max_completion_tokens,
        "truncation_strategy": {"type": "last_messages" if last else "auto", "last_messages": last},
        "tool_choice": _choice(spec),
        "parallel_tool_calls": spec.sampling.parallel_tool_calls,
        "response_format": format_shown(spec.answer),
    }


def _or_usual(value: float | None) -> float:
    return 1.0 if value is None else float(value)


def _choice(spec: RunSpec) -> str | Json:
    """Return the choice; what names no function of the run is one of the API's own tools."""
    chosen = spec.tool_choice
    if chosen.name is None:
        return chosen.mode
    hosted = any(tool["type"] == chosen.name for tool in spec.hosted)
    if hosted or all(tool.name != chosen.name for tool in spec.tools):
        return {"type": chosen.name}
    return {"type": "function", "function": {"name": chosen.name}}
