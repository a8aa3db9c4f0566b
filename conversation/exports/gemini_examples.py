"""Examples for fine-tuning in Gemini's format."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from conversation.exports.examples import Example, arguments_of
from conversation.exports.gemini_schema import gemini_schema
from conversation.exports.transcript import Call, Passage, Utterance
from conversation.turns import ToolSpec

Body = dict[str, Any]


def gemini_example(example: Example) -> Body:
    """Return an example: `contents`, with `systemInstruction` and `tools` where there are any."""
    body: Body = {}
    if example.instructions.strip():
        body["systemInstruction"] = _content("system", _text(example.instructions))
    body["contents"] = [content for passage in example.passages for content in _contents(passage)]
    if example.tools:
        body["tools"] = [{"functionDeclarations": [_function(tool) for tool in example.tools]}]
    return body


def _contents(passage: Passage) -> Iterator[Body]:
    asked = [message for message in passage.asked if message.text.strip()]
    for role, messages in groupby(asked, key=lambda message: message.role):
        parts = [_text(message.text) for message in messages]
        yield _content("model" if role == "assistant" else "user", *parts)
    for said in passage.said:
        yield _content("model", *_parts(said))
        if said.calls:
            yield _content("user", *(_response(call) for call in said.calls))


def _parts(said: Utterance) -> Iterator[Body]:
    if said.text:
        yield _text(said.text)
    for call in said.calls:
        yield {"functionCall": {"name": call.name, "args": arguments_of(call) or {}}}


def _response(call: Call) -> Body:
    what = "error" if call.failed else "output"
    return {"functionResponse": {"name": call.name, "response": {what: call.output or ""}}}


def _function(tool: ToolSpec) -> Body:
    described = {"description": tool.description} if tool.description else {}
    takes = tool.parameters.get("properties")  # Gemini refuses an object without any
    parameters = {"parameters": gemini_schema(tool.parameters)} if takes else {}
    return {"name": tool.name} | described | parameters


def _content(role: str, *parts: Body) -> Body:
    return {"role": role, "parts": list(parts)}


def _text(text: str) -> Body:
    return {"text": text}
