"""How the demo model does as a turn asks: calls what it must, or writes JSON."""

import json
from dataclasses import replace
from typing import Any, Final

from conversation.ids import new_id
from conversation.turns import ToolCall, Turn
from proxies.demo_json import fitting
from proxies.demo_reply import Reply, user_texts
from proxies.demo_rules import outputs_of, reply_to
from proxies.demo_texts import NO_CALLS_NOW, PICTURES

_ANYTHING: Final[dict[str, Any]] = {"type": "object"}


def reply_within(turn: Turn) -> Reply:
    """Return the answer to a turn, with the calls and in the format that it asks for."""
    reply = _with_choice(_natural(turn), turn)
    if reply.calls or reply.refusal or reply.failure:
        return reply
    return replace(reply, text=_formatted(reply.text, turn))


def _natural(turn: Turn) -> Reply:
    """Return what the rules say; after a call that no rule has made, what came of it."""
    last = next((said for said in reversed(turn.messages) if said.role == "user"), None)
    if last is not None and last.images and not last.text.strip():
        reply = Reply(text=PICTURES.format(count=len(last.images)))
    else:
        reply = reply_to(turn)
    if not turn.rounds or reply.calls or reply.refusal or reply.failure or _calls_by_itself(turn):
        return reply
    return replace(reply, text=outputs_of(turn))


def _calls_by_itself(turn: Turn) -> bool:
    return bool(reply_to(replace(turn, rounds=())).calls)


def _with_choice(reply: Reply, turn: Turn) -> Reply:
    choice, calls = turn.tool_choice, reply.calls
    if reply.refusal or reply.failure:
        return reply
    if choice.name is not None:
        calls = tuple(call for call in calls if call.name == choice.name)
        calls = calls or (_call(choice.name, turn),)
    elif choice.mode == "required" and turn.tools:
        calls = calls or (_call(turn.tools[0].name, turn),)
    elif choice.mode == "none" and calls:
        return replace(reply, calls=(), text=NO_CALLS_NOW)
    if not turn.sampling.parallel_tool_calls:
        calls = calls[:1]
    return replace(reply, calls=calls, text="" if calls else reply.text)


def _call(name: str, turn: Turn) -> ToolCall:
    """Return a call with arguments made up from the function's schema."""
    tool = next((tool for tool in turn.tools if tool.name == name), None)
    schema = (tool.parameters if tool else None) or _ANYTHING
    asked = _asked(turn)
    arguments = json.dumps(fitting(schema, asked=asked, said=asked), ensure_ascii=False)
    return ToolCall(call_id=new_id("call"), name=name, arguments=arguments)


def _formatted(text: str, turn: Turn) -> str:
    answer = turn.answer
    if answer.free:
        return text
    if answer.kind == "json_schema":
        value = fitting(answer.schema or _ANYTHING, asked=_asked(turn), said=text)
        return json.dumps(value, ensure_ascii=False)
    return text if _is_object(text) else json.dumps({"answer": text}, ensure_ascii=False)


def _asked(turn: Turn) -> str:
    return (user_texts(turn) or [""])[-1]


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False
