"""Without keys, web pages and other computers get nothing from the API."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from starlette.responses import PlainTextResponse

from server.guards import Guarded, is_loopback
from tests.server.serving import KEY, Api, api, bearer, said

PAGE = "https://evil.example"


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("guards")
    with api(f"sqlite:///{folder}/parley.db", server_allowed_hosts="parley.local") as door:
        yield door


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1234", "127.0.0.1", "[::1]:8000"])
def test_own_names_are_answered(door: Api, host: str) -> None:
    assert door.http.get("/v1/assistants", headers={"Host": host}).status_code == 200


def test_named_host_is_answered(door: Api) -> None:
    assert door.http.get("/v1/assistants", headers={"Host": "parley.local:80"}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost:x", "::1"])
def test_foreign_host_is_refused(door: Api, host: str) -> None:
    answer = door.http.get("/v1/assistants", headers={"Host": host})

    assert answer.status_code == 403
    assert host in said(answer)["message"]


@pytest.mark.parametrize("origin", [PAGE, "null", "http://localhost:1", "http://127.0.0.1"])
def test_foreign_page_is_refused(door: Api, origin: str) -> None:
    answer = door.http.post("/v1/threads", json={}, headers={"Origin": origin})

    assert answer.status_code == 403
    assert "does not answer pages" in said(answer)["message"]
    assert "access-control-allow-origin" not in answer.headers


def test_own_page_is_answered(door: Api) -> None:
    answer = door.http.post("/v1/threads", json={}, headers={"Origin": door.url})

    assert answer.status_code == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_body_that_a_page_may_send_unasked_is_refused(door: Api, kind: str) -> None:
    answer = door.http.post("/v1/threads", content=b"{}", headers={"Content-Type": kind})

    assert answer.status_code == 415
    assert "application/json" in said(answer)["message"]


def test_chunked_body_is_no_way_around(door: Api) -> None:
    answer = door.http.post("/v1/threads", content=iter([b"{}"]))

    assert answer.status_code == 415


def test_empty_body_needs_no_type(door: Api) -> None:
    assert door.http.post("/v1/threads").status_code == 200


def test_health_and_description_are_for_all(door: Api) -> None:
    for path in ("/health", "/openapi.json"):
        assert door.http.get(path, headers={"Host": "lb.example"}).status_code == 200


def test_path_without_v1_is_guarded_too(door: Api) -> None:
    assert door.http.get("/assistants").status_code == 200
    assert door.http.get("/assistants", headers={"Host": "evil.example"}).status_code == 403


def test_key_stands_in_for_all_guards(tmp_path: Path) -> None:
    with api(f"sqlite:///{tmp_path}/parley.db", parley_api_keys=KEY) as door:
        headers = {"Host": "api.example.org", "Origin": PAGE, **bearer(KEY)}
        answer = door.http.post("/v1/threads", content=b"{}", headers=headers)

    assert answer.status_code == 200


def test_listed_page_may_use_the_api(tmp_path: Path) -> None:
    with api(f"sqlite:///{tmp_path}/parley.db", server_cors_origins=PAGE) as door:
        asked = {"Origin": PAGE, "Access-Control-Request-Method": "POST"}
        asked["Access-Control-Request-Headers"] = "authorization,content-type"
        allowed = door.http.options("/v1/threads", headers=asked)
        made = door.http.post("/v1/threads", json={}, headers={"Origin": PAGE})
        refused = door.http.post("/v1/threads", json={}, headers={"Origin": f"{PAGE}.org"})

    assert allowed.status_code == 200
    assert made.status_code == 200
    assert made.headers["access-control-allow-origin"] == PAGE
    assert "x-request-id" in made.headers["access-control-expose-headers"]
    assert refused.status_code == 403


async def test_other_computers_are_refused() -> None:
    guarded = Guarded(PlainTextResponse("hello"))
    transport = httpx2.ASGITransport(guarded, client=("192.0.2.7", 5000))

    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.get("/v1/assistants")

    assert answer.status_code == 403


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.0.1", "::1", "::ffff:127.0.0.1"])
def test_loopback_is_known(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.7", "example.org", ""])  # noqa: S104
def test_other_addresses_are_no_loopback(host: str) -> None:
    assert not is_loopback(host)
