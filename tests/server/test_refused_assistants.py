"""What is wrong with an assistant: each text, its parameter and its code."""

from typing import Any

import httpx2
import pytest

from tests.server.refusals import refused

Json = dict[str, Any]


def tool(**function: Any) -> Json:
    return {"model": "demo", "tools": [{"type": "function", "function": function}]}


def schema(**parameters: Any) -> Json:
    return tool(name="f", parameters=parameters)


ASSISTANTS: list[tuple[Json, str, str, str]] = [
    ({}, "model", "missing_required_parameter", "Missing required parameter: 'model'."),
    (
        {"model": "demo", "colour": "red"},
        "colour",
        "unknown_parameter",
        "Unknown parameter: 'colour'.",
    ),
    (
        {"model": {}},
        "model",
        "invalid_type",
        "Invalid type for 'model': expected a string, but got an object instead.",
    ),
    (
        {"model": None},
        "model",
        "invalid_type",
        "Invalid type for 'model': expected a string, but got null instead.",
    ),
    (
        {"model": ""},
        "model",
        "empty_string",
        "Invalid 'model': empty string. Expected a string with minimum length 1, but got an empty "
        "string instead.",
    ),
    (
        {"model": "demo", "description": "d" * 600},
        "description",
        "string_above_max_length",
        "Invalid 'description': string too long. Expected a string with maximum length 512, but "
        "got a string with length 600 instead.",
    ),
    (
        {"model": "demo", "instructions": "i" * 256_001},
        "instructions",
        "string_above_max_length",
        "Invalid 'instructions': string too long. Expected a string with maximum length 256000, "
        "but got a string with length 256001 instead.",
    ),
    (
        {"model": "demo", "temperature": "hot"},
        "temperature",
        "invalid_type",
        "Invalid type for 'temperature': expected a decimal, but got a string instead.",
    ),
    (
        {"model": "demo", "temperature": 3},
        "temperature",
        "decimal_above_max_value",
        "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 3 "
        "instead.",
    ),
    (
        {"model": "demo", "top_p": -0.5},
        "top_p",
        "decimal_below_min_value",
        "Invalid 'top_p': decimal below minimum value. Expected a value >= 0, but got -0.5 "
        "instead.",
    ),
    (
        {"model": "demo", "reasoning_effort": "extreme"},
        "reasoning_effort",
        "invalid_value",
        "Invalid value: 'extreme'. Supported values are: 'none', 'minimal', 'low', 'medium', "
        "'high', 'xhigh', and 'max'.",
    ),
    (
        {"model": "demo", "tools": {}},
        "tools",
        "invalid_type",
        "Invalid type for 'tools': expected an array, but got an object instead.",
    ),
    (
        {"model": "demo", "tools": [{"type": "code_interpreter"}] * 129},
        "tools",
        "array_above_max_length",
        "Invalid 'tools': array too long. Expected an array with maximum length 128, but got an "
        "array with length 129 instead.",
    ),
    (
        {"model": "demo", "tools": ["f"]},
        "tools[0]",
        "invalid_type",
        "Invalid type for 'tools[0]': expected an object, but got a string instead.",
    ),
    (
        {"model": "demo", "tools": [{}]},
        "tools[0].type",
        "missing_required_parameter",
        "Missing required parameter: 'tools[0].type'.",
    ),
    (
        {"model": "demo", "tools": [{"type": {}}]},
        "tools[0].type",
        "invalid_type",
        "Invalid type for 'tools[0].type': expected a string, but got an object instead.",
    ),
    (
        {"model": "demo", "tools": [{"type": "retrieval"}]},
        "tools[0].type",
        "invalid_value",
        "Invalid value: 'retrieval'. Supported values are: 'code_interpreter', 'file_search', and "
        "'function'.",
    ),
    (
        {"model": "demo", "tools": [{"type": "code_interpreter", "function": {}}]},
        "tools[0].function",
        "unknown_parameter",
        "Unknown parameter: 'tools[0].function'.",
    ),
    (
        {"model": "demo", "tools": [{"type": "function"}]},
        "tools[0].function",
        "missing_required_parameter",
        "Missing required parameter: 'tools[0].function'.",
    ),
    (
        tool(description="No name."),
        "tools[0].function.name",
        "missing_required_parameter",
        "Missing required parameter: 'tools[0].function.name'.",
    ),
    (
        tool(name="my function"),
        "tools[0].function.name",
        "invalid_value",
        "Invalid 'tools[0].function.name': string does not match pattern. Expected a string that "
        "matches the pattern '^[a-zA-Z0-9_-]+$'.",
    ),
    (
        tool(name="f" * 65),
        "tools[0].function.name",
        "string_above_max_length",
        "Invalid 'tools[0].function.name': string too long. Expected a string with maximum length "
        "64, but got a string with length 65 instead.",
    ),
    (
        schema(type="array"),
        "tools[0].function.parameters",
        "invalid_function_parameters",
        "Invalid schema for function 'f': schema must be a JSON Schema of 'type: \"object\"', got "
        "'type: \"array\"'.",
    ),
    (
        schema(type="object", properties={"a": {"type": "strng"}}),
        "tools[0].function.parameters",
        "invalid_function_parameters",
        "Invalid schema for function 'f': 'strng' is not valid under any of the given schemas.",
    ),
    (
        schema(type="object", properties={"a": {"type": "array"}}),
        "tools[0].function.parameters",
        "invalid_function_parameters",
        "Invalid schema for function 'f': In context=('properties', 'a'), array schema missing "
        "items.",
    ),
    (
        schema(type="object", required="a"),
        "tools[0].function.parameters",
        "invalid_function_parameters",
        "Invalid schema for function 'f': In context=(), 'required' must be an array of strings.",
    ),
    (
        {"model": "demo", "tool_resources": {"code_interpreter": {"file_ids": ["f"] * 21}}},
        "tool_resources.code_interpreter.file_ids",
        "array_above_max_length",
        "Invalid 'tool_resources.code_interpreter.file_ids': array too long. Expected an array "
        "with maximum length 20, but got an array with length 21 instead.",
    ),
    (
        {"model": "demo", "response_format": {"type": "xml"}},
        "response_format.type",
        "invalid_value",
        "Invalid value: 'xml'. Supported values are: 'text', 'json_object', and 'json_schema'.",
    ),
    (
        {"model": "demo", "response_format": "text"},
        "response_format",
        "invalid_value",
        "Invalid value: 'text'. Supported values are: 'auto'.",
    ),
    (
        {"model": "demo", "response_format": {"type": "json_schema"}},
        "response_format.json_schema",
        "missing_required_parameter",
        "Missing required parameter: 'response_format.json_schema'.",
    ),
    (
        {"model": "demo", "metadata": {"a": 1}},
        "metadata.a",
        "invalid_type",
        "Invalid type for 'metadata.a': expected a string, but got an integer instead.",
    ),
    (
        {"model": "demo", "metadata": {str(n): "" for n in range(17)}},
        "metadata",
        "object_above_max_properties",
        "Invalid 'metadata': too many properties. Expected an object with at most 16 properties, "
        "but got an object with 17 properties instead.",
    ),
    (
        {"model": "demo", "metadata": {"k" * 65: ""}},
        f"metadata.{'k' * 65}",
        "string_above_max_length",
        f"Invalid property name in 'metadata': '{'k' * 65}' is too long. Expected a string with "
        "maximum length 64, but got a string with length 65 instead.",
    ),
    (
        {"model": "demo", "metadata": {"a": "v" * 513}},
        "metadata.a",
        "string_above_max_length",
        "Invalid 'metadata.a': string too long. Expected a string with maximum length 512, but "
        "got a string with length 513 instead.",
    ),
]


@pytest.mark.parametrize(("body", "param", "code", "message"), ASSISTANTS)
def test_what_is_wrong_with_an_assistant_is_named(
    raw: httpx2.Client, body: Json, param: str, code: str, message: str
) -> None:
    assert refused(raw.post("/assistants", json=body)) == (param, code, message)
