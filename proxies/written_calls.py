"""Calls as models write them, in JSON or in what was meant to be JSON."""

import json
import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Any, Final

from conversation.ids import new_id
from conversation.turns import ToolCall

_ARGUMENTS: Final = ("arguments", "parameters", "args", "input")
_NAME: Final = re.compile(r'"(?:name|tool|function)"\s*:\s*"([^"]*)"')
_GIVEN: Final = re.compile(
    rf'"(?:{"|".join(_ARGUMENTS)})"\s*:\s*(?P<all>.*?)\s*(?:</tool_call>|```)?\s*\Z', re.DOTALL
)


def calls_in(value: Any, names: AbstractSet[str] | None) -> Iterator[ToolCall]:
    """Yield the calls that a JSON value stands for, of functions among `names` if given."""
    if isinstance(value, list):
        for one in value:
            yield from calls_in(one, names)
    elif isinstance(value, dict):
        if isinstance(several := value.get("tool_calls"), list):
            yield from calls_in(several, names)
        elif (call := _call(value)) and (names is None or call.name in names):
            yield call


def _call(value: dict[str, Any]) -> ToolCall | None:
    if isinstance(inner := value.get("function"), dict):
        value = inner
    name = value.get("name") or value.get("tool") or value.get("function")
    given = next((value[key] for key in _ARGUMENTS if key in value), None)
    if not isinstance(name, str) or not (isinstance(given, dict | str) or given is None):
        return None
    if given is None and not value.keys() & {"name", "function"}:
        return None
    arguments = given if isinstance(given, str) and given.strip() else json.dumps(given or {})
    return ToolCall(call_id=new_id("call"), name=name, arguments=arguments)


def call_meant_by(block: str, names: AbstractSet[str]) -> ToolCall | None:
    """Return the call of one of these functions that a block was meant as, if it names one.

    Its arguments are what can't be read: whoever runs it says so to the model.
    """
    name, arguments = _NAME.search(block), _GIVEN.search(block)
    if name is None or name[1] not in names:
        return None
    given = arguments["all"] if arguments else block
    return ToolCall(call_id=new_id("call"), name=name[1], arguments=given or block)
