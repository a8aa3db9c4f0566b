"""What every answer has, whatever was asked."""

import httpx2
import openai
import pytest

from tests.server.checked import openai_client


def test_health_is_told_without_a_key(address: str, raw: httpx2.Client) -> None:
    assert raw.get(f"{address}/health").json() == {"status": "ok"}


def test_health_can_be_asked_for_without_a_body(address: str, raw: httpx2.Client) -> None:
    answer = raw.head(f"{address}/health")

    assert answer.status_code == 200
    assert answer.content == b""


def test_the_routes_are_documented(address: str, raw: httpx2.Client) -> None:
    paths = raw.get(f"{address}/openapi.json").json()["paths"]

    assert "/v1/assistants/{assistant_id}" in paths
    assert not any(path.startswith("/threads") for path in paths)
    assert "422" not in paths["/v1/assistants"]["post"]["responses"]
    assert raw.get(f"{address}/docs").is_success


def test_clients_without_v1_are_served_at_the_root(address: str) -> None:
    with openai_client(address, path="") as client:
        made = client.beta.threads.create()
        assert client.beta.threads.retrieve(made.id) == made


def test_an_unknown_route_is_an_invalid_url(raw: httpx2.Client) -> None:
    answer = raw.post("/completion", json={})

    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "Invalid URL (POST /v1/completion)"


def test_a_wrong_method_is_told_as_such(raw: httpx2.Client) -> None:
    answer = raw.put("/assistants", json={})

    assert answer.status_code == 405
    assert answer.json()["error"]["code"] == "method_not_supported"
    assert answer.json()["error"]["message"].startswith("Not allowed to PUT on /v1/assistants.")


def test_errors_carry_the_request_id(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.beta.threads.retrieve("thread_none")

    assert caught.value.request_id is not None
    assert caught.value.request_id.startswith("req_")
