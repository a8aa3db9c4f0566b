"""Limits: of a body, of requests in a minute, of runs at once."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx2
import openai
import pytest
from openai.types.beta.threads import Run as ThreadRun
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Router
from starlette.types import ASGIApp

from conversation.ids import new_id
from conversation.records import Run
from conversation.script import State
from server.limits import BodyLimit, Bucket, RequestRate, RunsAtOnce
from storage.memory import MemoryStore
from tests.contract.stores import Clock, begin, move
from tests.server.serving import KEY, OTHER_KEY, Api, api, bearer, said

LIMIT = 1000


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("limits")
    with api(f"sqlite:///{folder}/parley.db", server_max_body_bytes=LIMIT) as door:
        yield door


def body(size: int) -> bytes:
    """Return the request for a thread in so many bytes."""
    return b"{}".ljust(size)


JSON = {"Content-Type": "application/json"}


def test_body_of_the_limit_is_served(door: Api) -> None:
    assert door.http.post("/v1/threads", content=body(LIMIT), headers=JSON).status_code == 200


@pytest.mark.parametrize("size", [LIMIT + 1, 5 * LIMIT])
def test_larger_body_is_refused(door: Api, size: int) -> None:
    answer = door.http.post("/v1/threads", content=body(size), headers=JSON)

    assert answer.status_code == 413
    assert said(answer)["message"] == "The request's body is larger than 1000 bytes."


@pytest.mark.parametrize("headers", [JSON, JSON | {"Idempotency-Key": "large"}])
def test_body_of_unknown_length_is_counted(door: Api, headers: dict[str, str]) -> None:
    pieces = iter([body(LIMIT), b" "])

    answer = door.http.post("/v1/threads", content=pieces, headers=headers)

    assert answer.status_code == 413
    assert "larger than 1000 bytes" in said(answer)["message"]


def test_refusal_of_a_large_body_is_heard(tmp_path: Path) -> None:
    with api(f"sqlite:///{tmp_path}/parley.db") as door, pytest.raises(openai.APIStatusError) as it:
        door.openai().beta.threads.create(metadata={"a": "x" * 11_000_000})

    assert it.value.status_code == 413


async def test_flood_is_not_heard_to_its_end() -> None:
    pieces = 0

    async def flood() -> dict[str, object]:
        nonlocal pieces
        pieces += 1
        return {"type": "http.request", "body": b"x" * 100, "more_body": True}

    answers: list[object] = []

    async def send(message: object) -> None:
        answers.append(message)

    scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
    await BodyLimit(reading, 100)(scope, flood, send)

    assert answers[0]["status"] == 413  # type: ignore[index]
    assert pieces < 20


async def reading(scope: object, receive: object, send: object) -> None:
    await Request(scope, receive).body()  # type: ignore[arg-type]


def test_requests_over_the_rate_are_told_when_to_come(tmp_path: Path) -> None:
    with api(f"sqlite:///{tmp_path}/parley.db", server_requests_per_minute=2) as door:
        first, _, third = (door.http.get("/v1/assistants") for _ in range(3))
        health = door.http.get("/health")

    assert first.headers["x-ratelimit-limit-requests"] == "2"
    assert first.headers["x-ratelimit-remaining-requests"] == "1"
    assert float(first.headers["x-ratelimit-reset-requests"].rstrip("s")) == pytest.approx(30, 0.1)
    assert third.status_code == 429
    assert 1 <= int(third.headers["retry-after"]) <= 30
    error = said(third)
    assert (error["type"], error["code"]) == ("requests", "rate_limit_exceeded")
    assert health.status_code == 200


def test_each_key_has_a_rate_of_its_own(tmp_path: Path) -> None:
    keys = f"{KEY},{OTHER_KEY}"
    url = f"sqlite:///{tmp_path}/parley.db"
    with api(url, server_requests_per_minute=1, parley_api_keys=keys) as door:
        asked = [KEY, KEY, OTHER_KEY]
        codes = [door.http.get("/v1/assistants", headers=bearer(one)).status_code for one in asked]
        client = door.openai(OTHER_KEY, max_retries=0)
        with pytest.raises(openai.RateLimitError):
            client.beta.threads.create()

    assert codes == [200, 429, 200]


def test_tokens_come_back_evenly() -> None:
    bucket = Bucket(size=60, tokens=0, at=0.0)

    assert not bucket.take(0.5)
    assert bucket.full_in(1) == 0.5
    assert bucket.take(1.0)
    assert not bucket.take(1.0)
    assert bucket.take(1000.0)
    assert bucket.tokens == 59


async def test_rate_allows_what_time_has_brought_back() -> None:
    times = [0.0]
    app = RequestRate(JSONResponse({}), 1, clock=lambda: times[0])

    assert [await status(app) for _ in range(2)] == [200, 429]
    times[0] = 60.0
    assert [await status(app) for _ in range(2)] == [200, 429]


async def status(app: ASGIApp, path: str = "/v1/threads/runs") -> int:
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return (await client.post(path)).status_code


class Beginning:
    """Begins runs in a store, or fails to."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.clock = Clock()
        self.runs: list[Run] = []
        self.fails = False
        self.app = RunsAtOnce(Router(default=self._begin), 2, self.store)

    async def _begin(self, scope: object, receive: object, send: object) -> None:
        answer: Response = JSONResponse({"error": {}}, status_code=400)
        if not self.fails:
            self.runs.append(begin(self.store, self.clock))
            answer = JSONResponse({"id": self.runs[-1].id, "object": "thread.run"})
        await answer(scope, receive, send)  # type: ignore[arg-type]

    def end(self, run: Run) -> None:
        self.store.write(move(run, State.READY, State.ERROR)).result()


async def test_run_over_the_limit_waits_for_another_to_end() -> None:
    beginning = Beginning()

    assert [await status(beginning.app) for _ in range(3)] == [200, 200, 429]
    beginning.end(beginning.runs[0])
    assert [await status(beginning.app) for _ in range(2)] == [200, 429]


async def test_what_begins_no_run_is_not_counted() -> None:
    beginning = Beginning()
    beginning.fails = True
    failed = [await status(beginning.app) for _ in range(3)]
    beginning.fails = False

    assert failed == [400, 400, 400]
    paths = ["/v1/threads/runs", "/threads/thread_x/runs", "/v1/threads", "/threads/runs"]
    assert [await status(beginning.app, path) for path in paths] == [200, 200, 200, 429]


async def test_run_that_was_removed_is_not_counted() -> None:
    beginning = Beginning()
    for _ in range(2):
        await status(beginning.app)
    beginning.app._begun["proj_default"] = {
        replace(run, id="run_gone").id for run in beginning.runs
    }

    assert await status(beginning.app) == 200


def test_runs_of_the_api_count_until_they_end(tmp_path: Path) -> None:
    url, keys = f"sqlite:///{tmp_path}/parley.db", f"{KEY}, other@other={OTHER_KEY}"
    with api(url, demo_delay_seconds=0.05, server_runs_at_once=1, parley_api_keys=keys) as door:
        first = begun(door.openai(KEY, max_retries=0), "count to 10000")
        with pytest.raises(openai.RateLimitError) as caught:
            begun(door.openai(KEY, max_retries=0), "echo second")
        begun(door.openai(OTHER_KEY, max_retries=0), "echo other")
        client = door.openai(KEY)
        client.beta.threads.runs.cancel(first.id, thread_id=first.thread_id)
        client.beta.threads.runs.poll(first.id, first.thread_id, poll_interval_ms=20)
        begun(client, "echo third")

    assert caught.value.code == "rate_limit_exceeded"
    assert caught.value.response.headers["retry-after"] == "1"


def test_metadata_that_names_a_run_does_not_hide_the_real_one(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/parley.db"
    with api(url, demo_delay_seconds=0.05, server_runs_at_once=1) as door:
        client = door.openai(max_retries=0)
        assistant = client.beta.assistants.create(model="demo")
        forged = {"id": new_id("run"), "object": "thread.run"}
        stream = client.beta.threads.create_and_run(
            assistant_id=assistant.id,
            thread={
                "metadata": forged,
                "messages": [{"role": "user", "content": "count to 10000"}],
            },
            stream=True,
        )
        with stream, pytest.raises(openai.RateLimitError):
            next(event for event in stream if event.event == "thread.run.in_progress")
            begun(client, "echo second")


def begun(client: openai.OpenAI, text: str) -> ThreadRun:
    """Begin a run on a thread of its own."""
    assistant = client.beta.assistants.create(model="demo")
    thread = client.beta.threads.create(messages=[{"role": "user", "content": text}])
    return client.beta.threads.runs.create(thread.id, assistant_id=assistant.id)
