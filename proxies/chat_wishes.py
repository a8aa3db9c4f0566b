"""How `/chat/completions` is told what an answer has to be, and what may be called.

What is a server's own choice is not sent at all.
"""

from typing import Any

from conversation.turns import Image, Said, ToolSpec, Turn
from proxies.in_words import text_of

Body = dict[str, Any]


def content_of(said: Said) -> str | list[Body]:
    """Return what a message says: a text, or parts where pictures go with it."""
    if not said.images:
        return said.text
    if said.role != "user":  # no server takes pictures of a model's
        return text_of(said, *said.images)
    texts = [{"type": "text", "text": said.text}] if said.text else []
    return texts + [{"type": "image_url", "image_url": _address(one)} for one in said.images]


def format_of(turn: Turn) -> Body:
    """Return what the answer's text has to be."""
    answer = turn.answer
    if answer.free:
        return {}
    if answer.kind == "json_object":
        return {"response_format": {"type": "json_object"}}
    schema: Body = {"name": answer.name or "answer", "schema": answer.schema}
    if answer.description:
        schema["description"] = answer.description
    if answer.strict is not None:
        schema["strict"] = answer.strict
    return {"response_format": {"type": "json_schema", "json_schema": schema}}


def choice_of(turn: Turn) -> Body:
    """Return whether functions may, must or must not be called."""
    choice = turn.tool_choice
    if choice.name is not None:
        return {"tool_choice": {"type": "function", "function": {"name": choice.name}}}
    return {} if choice.mode == "auto" else {"tool_choice": choice.mode}


def strictness_of(tool: ToolSpec) -> Body:
    """Return whether a call must fit the function's schema."""
    return {"strict": True} if tool.strict else {}


def _address(image: Image) -> Body:
    detail = {} if image.detail == "auto" else {"detail": image.detail}
    return {"url": image.url, **detail}
