"""What is wrong with a message, alone or in a thread: each text, its parameter and its code."""

from typing import Any

import httpx2
import pytest

from tests.server.refusals import refused

Json = dict[str, Any]

MESSAGES: list[tuple[Json, str, str, str]] = [
    (
        {"content": "Hello"},
        "role",
        "missing_required_parameter",
        "Missing required parameter: 'role'.",
    ),
    (
        {"role": "system", "content": "Hello"},
        "role",
        "invalid_value",
        "Invalid value: 'system'. Supported values are: 'user' and 'assistant'.",
    ),
    (
        {"role": 1, "content": "Hello"},
        "role",
        "invalid_type",
        "Invalid type for 'role': expected one of 'user' or 'assistant', but got an integer "
        "instead.",
    ),
    (
        {"role": "user", "content": None},
        "content",
        "invalid_type",
        "Invalid type for 'content': expected one of a string or array of objects, but got null "
        "instead.",
    ),
    (
        {"role": "user", "content": ""},
        "content",
        "empty_string",
        "Invalid 'content': empty string. Expected a string with minimum length 1, but got an "
        "empty string instead.",
    ),
    (
        {"role": "user", "content": []},
        "content",
        "empty_array",
        "Invalid 'content': empty array. Expected an array with minimum length 1, but got an "
        "empty array instead.",
    ),
    (
        {"role": "user", "content": "c" * 256_001},
        "content",
        "string_above_max_length",
        "Invalid 'content': string too long. Expected a string with maximum length 256000, but "
        "got a string with length 256001 instead.",
    ),
    (
        {"role": "user", "content": [{"type": "text", "text": {"value": "Hello"}}]},
        "content[0].text",
        "invalid_type",
        "Invalid type for 'content[0].text': expected a string, but got an object instead.",
    ),
    (
        {"role": "user", "content": [{"type": "audio"}]},
        "content[0].type",
        "invalid_value",
        "Invalid value: 'audio'. Supported values are: 'image_file', 'image_url', and 'text'.",
    ),
    (
        {
            "role": "user",
            "content": [{"type": "image_url", "image_url": {"url": "https://a", "detail": "hi"}}],
        },
        "content[0].image_url.detail",
        "invalid_value",
        "Invalid value: 'hi'. Supported values are: 'auto', 'low', and 'high'.",
    ),
    (
        {"role": "user", "content": "Hello", "file_ids": []},
        "file_ids",
        "unknown_parameter",
        "Unknown parameter: 'file_ids'.",
    ),
]


@pytest.mark.parametrize(("body", "param", "code", "message"), MESSAGES)
def test_what_is_wrong_with_a_message_is_named(
    raw: httpx2.Client, thread_id: str, body: Json, param: str, code: str, message: str
) -> None:
    assert refused(raw.post(f"/threads/{thread_id}/messages", json=body)) == (param, code, message)


def test_what_is_wrong_inside_a_thread_has_its_place(raw: httpx2.Client) -> None:
    body = {"messages": [{"role": "user", "content": "Hello"}, {"role": "user"}]}

    assert refused(raw.post("/threads", json=body)) == (
        "messages[1].content",
        "missing_required_parameter",
        "Missing required parameter: 'messages[1].content'.",
    )
