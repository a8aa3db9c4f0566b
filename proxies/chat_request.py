"""From a turn to the body of a `/chat/completions` request. Nothing here talks to anybody.

Only what every server of this protocol understands is sent unasked: many reject a parameter
that they do not know, even with its default.
"""

import json
from typing import Any, Final

from conversation.turns import Round, Sampling, ToolCall, ToolResult, Turn
from proxies.chat_wishes import choice_of, content_of, format_of, strictness_of

Body = dict[str, Any]

_NO_PARAMETERS: Final[Body] = {"type": "object", "properties": {}}


def request_for(turn: Turn, provider: str) -> Body:
    """Return the body that asks for `turn`; what is None or empty is not sent at all."""
    return {
        "model": turn.model,
        "messages": messages_of(turn, provider),
        **_tools(turn),
        **format_of(turn),
        **sampling_of(turn.sampling),
    }


def messages_of(turn: Turn, provider: str) -> list[Body]:
    """Return the thread as messages, and this run's rounds as calls and what came of them."""
    rounds = [message for round_ in turn.rounds for message in _round(round_, provider)]
    return said_before(turn) + rounds


def said_before(turn: Turn) -> list[Body]:
    """Return the instructions and the thread's messages."""
    system = [{"role": "system", "content": turn.instructions}] if turn.instructions else []
    return system + [
        {"role": said.role, "content": content_of(said)}
        for said in turn.messages
        if said.text or said.images
    ]


def sampling_of(sampling: Sampling) -> Body:
    """Return how the model is asked to answer."""
    asked: Body = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_tokens": sampling.max_output_tokens,
        "reasoning_effort": sampling.reasoning_effort,
    }
    return {name: value for name, value in asked.items() if value is not None}


def called(call: ToolCall, ref: str) -> Body:
    """Return a call as a message has it; many servers choke on arguments that are no object."""
    return {
        "id": ref,
        "type": "function",
        "function": {"name": call.name, "arguments": _object(call.arguments)},
    }


def _object(arguments: str) -> str:
    try:
        valid = isinstance(json.loads(arguments), dict)
    except (ValueError, RecursionError):
        valid = False
    return arguments if valid else json.dumps({"invalid": arguments})


def _round(round_: Round, provider: str) -> list[Body]:
    """Return a round as the server said it, or rebuilt when it came from another one."""
    said = [item.body for item in round_.items if item.provider == provider]
    refs = {call.call_id: call.ref if said and call.ref else call.call_id for call in round_.calls}
    message = said[-1] if said else _rebuilt(round_)
    return [message, *(_result(result, refs) for result in round_.results)]


def _rebuilt(round_: Round) -> Body:
    calls = [called(call, call.call_id) for call in round_.calls]
    return {"role": "assistant", "content": round_.text or None, "tool_calls": calls}


def _result(result: ToolResult, refs: dict[str, str]) -> Body:
    return {
        "role": "tool",
        "tool_call_id": refs.get(result.call_id, result.call_id),
        "content": result.output,
    }


def _tools(turn: Turn) -> Body:
    if not turn.tools:
        return {}
    tools = [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.parameters or _NO_PARAMETERS,
                **strictness_of(tool),
            },
        }
        for tool in turn.tools
    ]
    one_by_one = {} if turn.sampling.parallel_tool_calls else {"parallel_tool_calls": False}
    return {"tools": tools, **choice_of(turn), **one_by_one}
