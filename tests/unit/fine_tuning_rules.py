"""What the providers demand of a file of examples, checked by loading it as they would.

Their own types refuse fields and types that are not theirs; the rest is written out here.
"""

import json
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from google.genai import types
from openai.types.chat import (
    ChatCompletionAssistantMessageParam,
    ChatCompletionFunctionToolParam,
    ChatCompletionSystemMessageParam,
    ChatCompletionToolMessageParam,
    ChatCompletionUserMessageParam,
)
from pydantic import BaseModel, TypeAdapter

Body = dict[str, Any]


class OpenAIExample(BaseModel, extra="forbid"):
    """A line of an OpenAI file."""

    messages: list[Body]
    tools: list[ChatCompletionFunctionToolParam] = []


_MESSAGES: dict[str, TypeAdapter[Any]] = {
    "system": TypeAdapter(ChatCompletionSystemMessageParam),
    "user": TypeAdapter(ChatCompletionUserMessageParam),
    "assistant": TypeAdapter(ChatCompletionAssistantMessageParam),
    "tool": TypeAdapter(ChatCompletionToolMessageParam),
}


def load_openai(file: str) -> list[Body]:
    """Return the examples of a file for OpenAI, or fail where OpenAI would refuse it."""
    examples = [json.loads(line) for line in file.split("\n")[:-1]]
    for example in examples:
        OpenAIExample.model_validate(example)
        _check_openai(example)
    return examples


def load_gemini(file: str) -> list[Body]:
    """Return the examples of a file for Gemini, or fail where Gemini would refuse it."""
    examples = [json.loads(line) for line in file.split("\n")[:-1]]
    for example in examples:
        assert set(example) <= {"systemInstruction", "contents", "tools"}
        if "systemInstruction" in example:
            types.Content.model_validate(example["systemInstruction"])
        contents = [types.Content.model_validate(content) for content in example["contents"]]
        tools = [types.Tool.model_validate(tool) for tool in example.get("tools", [])]
        _check_gemini(contents, tools)
    return examples


def _check_openai(example: Body) -> None:
    messages = example["messages"]
    offered = {tool["function"]["name"] for tool in example.get("tools", [])}
    open_calls: list[str] = []
    for number, message in enumerate(messages):
        _MESSAGES[message["role"]].validate_python(message)
        assert message["role"] != "system" or number == 0
        if message["role"] == "tool":
            open_calls.remove(message["tool_call_id"])
            continue
        assert not open_calls, "every call is answered before anything else is said"
        assert message.get("content") or message.get("tool_calls")
        for call in message.get("tool_calls", []):
            assert isinstance(json.loads(call["function"]["arguments"]), dict)
            assert call["function"]["name"] in offered
            open_calls.append(call["id"])
    assert any(message["role"] == "user" for message in messages)
    assert messages[-1]["role"] == "assistant"
    assert messages[-1]["content"]


def _check_gemini(contents: list[types.Content], tools: list[types.Tool]) -> None:
    offered = {function.name for tool in tools for function in tool.function_declarations or []}
    assert contents[0].role == "user"
    assert contents[-1].role == "model"
    assert contents[-1].parts
    assert all(part.text for part in contents[-1].parts)
    for content in contents:
        assert content.parts, "a content has a part"
        assert _called(content) <= offered
    for before, after in pairwise(contents):
        assert before.role != after.role
        assert _names(before, "function_call") == _names(after, "function_response")


def _called(content: types.Content) -> set[str | None]:
    return set(_names(content, "function_call"))


def _names(content: types.Content, kind: str) -> list[str | None]:
    found: Iterable[Any] = (getattr(part, kind) for part in content.parts or [])
    return [part.name for part in found if part]
