"""Messages for models whose template knows two roles only, and wants these to take turns.

Gemma and older Mistral models take no instructions in a role of their own, and no two messages of
one role in a row, as they are where an exchange has failed.
"""

import re
from typing import Any, Final

from proxies.chat_request import Body

_PLAIN: Final = re.compile(
    r"system (role|message)s? (is |are )?not supported|roles must alternate"
    r"|only user(, | and )assistant.{0,20} roles are supported|role'? does not support 'system'",
    re.IGNORECASE,
)


def says_plain(sentence: str) -> bool:
    """Tell whether a provider complains of roles."""
    return bool(_PLAIN.search(sentence))


def plain(messages: list[Body]) -> list[Body]:
    """Return messages with the instructions in the first of the user's, and neighbours together."""
    told: list[Body] = []
    for message in messages:
        one = {**message, "role": "user"} if message["role"] == "system" else message
        if told and _go_together(told[-1], one):
            told[-1] = {**told[-1], "content": _both(told[-1]["content"], one["content"])}
        else:
            told.append(one)
    return told


def _go_together(before: Body, after: Body) -> bool:
    same = before["role"] == after["role"] != "tool"
    return same and not before.get("tool_calls") and not after.get("tool_calls")


def _both(before: Any, after: Any) -> Any:
    if isinstance(before, str) and isinstance(after, str):
        return f"{before}\n\n{after}"
    return [*_parts(before), *_parts(after)]


def _parts(content: Any) -> list[Body]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)
