"""What is refused whatever it is about, and what comes later."""

import httpx2
import openai
import pytest

from server.assistants_api.validation import NOT_PARSED
from tests.server.refusals import refused


@pytest.mark.parametrize(
    ("content", "kind", "message"),
    [
        (b"{", "application/json", NOT_PARSED),
        (b'{"model": NaN}', "application/json", NOT_PARSED),
        (b"\xff", "application/json", NOT_PARSED),
        (b'{"metadata": ' + b"[" * 200 + b"]" * 200 + b"}", "application/json", NOT_PARSED),
        (b'{"metadata": ' + b"[" * 100_000, "application/json", NOT_PARSED),
        (b'{"metadata": ' + b"1" * 10_000 + b"}", "application/json", NOT_PARSED),
        (
            b"[]",
            "application/json",
            "Invalid request body: expected an object, but got an array instead.",
        ),
        (
            b"null",
            "application/json",
            "Invalid request body: expected an object, but got null instead.",
        ),
        (
            b"model=demo",
            "application/x-www-form-urlencoded",
            f"{NOT_PARSED} (HINT: Send it with the header 'Content-Type: application/json'.)",
        ),
    ],
)
def test_a_body_that_is_no_object_is_refused(
    raw: httpx2.Client, content: bytes, kind: str, message: str
) -> None:
    answer = raw.post("/assistants", content=content, headers={"content-type": kind})

    param, _, said = refused(answer)
    assert (param, said) == (None, message)


def test_a_body_without_a_type_is_taken_for_json(raw: httpx2.Client) -> None:
    assert raw.post("/assistants", content=b'{"model": "demo"}').status_code == 200


def test_each_sort_of_refusal_is_an_error_of_its_own(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as bad:
        client.beta.assistants.create(model="demo", name="n" * 300)
    with pytest.raises(openai.NotFoundError) as unknown:
        client.beta.assistants.retrieve("asst_none")

    assert (bad.value.param, bad.value.code) == ("name", "string_above_max_length")
    assert bad.value.type == unknown.value.type == "invalid_request_error"
    assert (unknown.value.param, unknown.value.code) == (None, None)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", ["/files", "/files/file-1/content", "/vector_stores/vs_1/search"])
def test_what_comes_later_says_so(raw: httpx2.Client, method: str, path: str) -> None:
    answer = raw.request(method, path)

    assert answer.status_code == 501
    assert answer.headers["x-should-retry"] == "false"
    assert answer.json()["error"]["message"].endswith("come with a later release of Parley.")


def test_a_vector_store_can_not_be_made_along(raw: httpx2.Client) -> None:
    body = {"tool_resources": {"file_search": {"vector_stores": [{"file_ids": ["file-1"]}]}}}

    answer = raw.post("/threads", json=body)

    assert answer.status_code == 501
    assert answer.json()["error"]["param"] == "tool_resources.file_search.vector_stores"
