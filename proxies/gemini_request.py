"""From a turn to a Gemini request. Nothing here talks to anybody.

A model's own answer goes back exactly as it came, with the signatures of its thoughts: Gemini
rejects a call whose signature is missing.
"""

import json
from typing import Any, Final

from google.genai import types

from conversation.turns import Round, Said, Sampling, ToolCall, ToolResult, ToolSpec, Turn
from proxies.gemini_wishes import choice_of, format_of, parts_of, worded

PROVIDER: Final = "gemini"

# What Gemini's documentation has put in the place of a signature for calls it never made.
UNSIGNED: Final = b"skip_thought_signature_validator"

_LEVELS: Final = {
    "minimal": types.ThinkingLevel.MINIMAL,
    "low": types.ThinkingLevel.LOW,
    "medium": types.ThinkingLevel.MEDIUM,
    "high": types.ThinkingLevel.HIGH,
    "xhigh": types.ThinkingLevel.HIGH,
}


def contents_for(turn: Turn) -> list[types.Content]:
    """Return the thread and this run's rounds, oldest first."""
    said = [_said(message) for message in turn.messages if message.text or message.images]
    return said + [content for round_ in turn.rounds for content in _round(round_)]


def config_for(turn: Turn) -> types.GenerateContentConfig:
    """Return all of a request but its contents; what is None is not sent."""
    turn = worded(turn)
    sampling = turn.sampling
    return types.GenerateContentConfig(
        system_instruction=turn.instructions or None,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        max_output_tokens=sampling.max_output_tokens,
        thinking_config=_thinking(sampling),
        tools=_tools(turn.tools),
        tool_config=choice_of(turn),
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
        **format_of(turn),
    )


def _said(message: Said) -> types.Content:
    role = "user" if message.role == "user" else "model"
    return types.Content(role=role, parts=parts_of(message))


def _round(round_: Round) -> list[types.Content]:
    """Return a round as Gemini sent it, or rebuilt when it came from another provider."""
    items = [item.body for item in round_.items if item.provider == PROVIDER]
    # JSON, not Python: only so is base64 read back as bytes.
    asked = [types.Content.model_validate_json(json.dumps(body)) for body in items]
    return [*(asked or [_rebuilt(round_)]), _results(round_, own=bool(asked))]


def _rebuilt(round_: Round) -> types.Content:
    parts = [types.Part(text=round_.text)] if round_.text else []
    calls = [
        types.Part(function_call=types.FunctionCall(name=call.name, args=_arguments(call)))
        for call in round_.calls
    ]
    if calls:
        calls[0].thought_signature = UNSIGNED
    return types.Content(role="model", parts=parts + calls)


def _arguments(call: ToolCall) -> dict[str, Any]:
    try:
        arguments = json.loads(call.arguments)
    except ValueError:
        arguments = None
    # Other providers' models may have written anything; Gemini takes objects only.
    return arguments if isinstance(arguments, dict) else {"arguments": call.arguments}


def _results(round_: Round, *, own: bool) -> types.Content:
    """Return all results of a round in one content; a call without an id gets none back."""
    calls = {call.call_id: call for call in round_.calls}
    parts = [
        _result(calls[result.call_id], result, own=own)
        for result in round_.results
        if result.call_id in calls
    ]
    return types.Content(role="user", parts=parts)


def _result(call: ToolCall, result: ToolResult, *, own: bool) -> types.Part:
    return types.Part(
        function_response=types.FunctionResponse(
            id=call.ref if own else None,
            name=call.name,
            response={"error" if result.failed else "output": result.output},
        )
    )


def _tools(tools: tuple[ToolSpec, ...]) -> list[Any] | None:
    declarations = [
        types.FunctionDeclaration(
            name=tool.name,
            description=tool.description or None,
            parameters_json_schema=tool.parameters or None,
        )
        for tool in tools
    ]
    return [types.Tool(function_declarations=declarations)] if declarations else None


def _thinking(sampling: Sampling) -> types.ThinkingConfig | None:
    if sampling.reasoning_effort == "none":
        return types.ThinkingConfig(thinking_budget=0)
    level = _LEVELS.get(sampling.reasoning_effort or "")
    return types.ThinkingConfig(thinking_level=level) if level else None
