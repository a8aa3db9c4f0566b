"""What is wrong with ids, pages and headers: each text, its parameter and its code."""

from typing import Any

import httpx2
import openai
import pytest

from tests.server.refusals import refused

Json = dict[str, Any]


@pytest.mark.parametrize(
    ("query", "param", "code", "message"),
    [
        (
            {"limit": 1000},
            "limit",
            "integer_above_max_value",
            "Invalid 'limit': integer above maximum value. Expected a value <= 100, but got 1000 "
            "instead.",
        ),
        (
            {"limit": 0},
            "limit",
            "integer_below_min_value",
            "Invalid 'limit': integer below minimum value. Expected a value >= 1, but got 0 "
            "instead.",
        ),
        (
            {"limit": "many"},
            "limit",
            "invalid_type",
            "Invalid type for 'limit': expected an integer, but got a string instead.",
        ),
        (
            {"order": "newest"},
            "order",
            "invalid_value",
            "Invalid value: 'newest'. Supported values are: 'asc' and 'desc'.",
        ),
    ],
)
@pytest.mark.parametrize("path", ["/assistants", "/threads"])
def test_what_is_wrong_with_a_page_is_named(
    raw: httpx2.Client, path: str, query: Json, param: str, code: str, message: str
) -> None:
    assert refused(raw.get(path, params=query)) == (param, code, message)


@pytest.mark.parametrize(
    ("path", "param", "prefix"),
    [
        ("/assistants/undefined", "assistant_id", "asst"),
        ("/threads/undefined", "thread_id", "thread"),
        ("/threads/undefined/messages", "thread_id", "thread"),
        ("/threads/{}/messages/undefined", "message_id", "msg"),
        ("/threads/{}/messages?run_id=undefined", "run_id", "run"),
    ],
)
def test_an_id_with_a_wrong_prefix_is_refused(
    raw: httpx2.Client, thread_id: str, path: str, param: str, prefix: str
) -> None:
    assert refused(raw.get(path.format(thread_id))) == (
        param,
        "invalid_value",
        f"Invalid '{param}': 'undefined'. Expected an ID that begins with '{prefix}'.",
    )


def test_what_follows_something_unknown_is_not_found(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match=r"No thread found with id 'thread_none'\."):
        client.beta.threads.messages.list("thread_none")
    with pytest.raises(openai.NotFoundError, match=r"No assistant found with id 'asst_none'\."):
        client.beta.assistants.list(after="asst_none")


@pytest.mark.parametrize("end", ["after", "before"])
def test_cursor_that_is_unknown_is_named(raw: httpx2.Client, thread_id: str, end: str) -> None:
    answer = raw.get(f"/threads/{thread_id}/messages", params={end: "msg_none"})

    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "No message found with id 'msg_none'."
    assert answer.json()["error"]["param"] == end


def test_thread_that_is_unknown_is_no_cursor(raw: httpx2.Client) -> None:
    answer = raw.get("/threads/thread_none/messages", params={"after": "msg_none"})

    assert answer.json()["error"]["message"] == "No thread found with id 'thread_none'."
    assert answer.json()["error"]["param"] is None


@pytest.mark.parametrize("end", ["after", "before"])
def test_empty_cursor_is_none(raw: httpx2.Client, thread_id: str, end: str) -> None:
    raw.post(f"/threads/{thread_id}/messages", json={"role": "user", "content": "Hello"})

    page = raw.get(f"/threads/{thread_id}/messages", params={end: ""}).json()

    assert len(page["data"]) == 1


@pytest.mark.parametrize(
    ("value", "code", "message"),
    [
        (
            "assistants=v1",
            None,
            "The v1 Assistants API has been deprecated. Please try again by setting the header "
            "'OpenAI-Beta: assistants=v2'.",
        ),
        (
            "assistants",
            "invalid_beta",
            "Invalid beta header provided: 'assistants'. The header should be in the format "
            "'OpenAI-Beta: example_beta=v1'.",
        ),
        ("vector_stores=v2", "invalid_beta", "Unknown beta requested: 'vector_stores'."),
    ],
)
@pytest.mark.parametrize("path", ["/assistants", "/threads", "/threads/thread_1/messages"])
def test_another_beta_is_refused(
    raw: httpx2.Client, path: str, value: str, code: str | None, message: str
) -> None:
    answer = raw.get(path, headers={"OpenAI-Beta": value})

    assert refused(answer) == (None, code, message)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"OpenAI-Beta": "assistants=v2"},
        {"OpenAI-Beta": ""},
        {"OpenAI-Beta": "assistants=v2, assistants=v2", "Accept": "text/html"},
        {"Accept": "application/binary", "Content-Type": "application/json"},
    ],
)
def test_what_clients_send_besides_is_taken(raw: httpx2.Client, headers: dict[str, str]) -> None:
    assert raw.get("/assistants", headers=headers).status_code == 200


def test_models_need_no_beta(raw: httpx2.Client) -> None:
    assert raw.get("/models", headers={"OpenAI-Beta": "assistants=v1"}).status_code == 200
