"""Examples for fine-tuning in OpenAI's chat format."""

import json
from collections.abc import Iterator
from typing import Any

from conversation.exports.examples import Example, arguments_of
from conversation.exports.transcript import Call, Passage, Utterance
from conversation.turns import ToolSpec

Body = dict[str, Any]


def openai_example(example: Example) -> Body:
    """Return an example: `messages`, and `tools` where functions were on offer."""
    messages: list[Body] = []
    if example.instructions.strip():
        messages.append({"role": "system", "content": example.instructions})
    for passage in example.passages:
        messages.extend(_messages(passage))
    tools = [_tool(tool) for tool in example.tools]
    return {"messages": messages} | ({"tools": tools} if tools else {})


def _messages(passage: Passage) -> Iterator[Body]:
    for message in passage.asked:
        if message.text.strip():
            yield {"role": message.role, "content": message.text}
    for said in passage.said:
        yield _assistant(said)
        for call in said.calls:
            yield {"role": "tool", "tool_call_id": call.call_id, "content": call.output or ""}


def _assistant(said: Utterance) -> Body:
    content = {"content": said.text} if said.text else {}
    calls = {"tool_calls": [_call(call) for call in said.calls]} if said.calls else {}
    return {"role": "assistant"} | content | calls


def _call(call: Call) -> Body:
    arguments = json.dumps(arguments_of(call), ensure_ascii=False)
    return {
        "id": call.call_id,
        "type": "function",
        "function": {"name": call.name, "arguments": arguments},
    }


def _tool(tool: ToolSpec) -> Body:
    described = {"description": tool.description} if tool.description else {}
    parameters = {"parameters": tool.parameters} if tool.parameters else {}
    return {"type": "function", "function": {"name": tool.name} | described | parameters}
