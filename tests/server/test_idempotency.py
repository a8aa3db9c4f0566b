"""`Idempotency-Key`: what is done once, what is answered again, and what may be tried again."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import openai
import pytest
from openai.types.beta import AssistantStreamEvent
from openai.types.beta.assistant_stream_event import ThreadRunCompleted
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from conversation.api_ports import Once
from conversation.errors import StoreUnavailable
from conversation.ids import new_id
from conversation.records import DEFAULT_PROJECT
from server.assistants_api.answers import Envelope
from server.idempotency import Idempotent
from storage.memory import MemoryStore
from tests.server.serving import KEY, OTHER_KEY, Api, api, bearer, said
from tests.services import postgres_schema

RUN, THREAD = new_id("run"), new_id("thread")
ONCE = Once(project_id=DEFAULT_PROJECT, key="k", fingerprint="unlike", created_at=datetime.now(UTC))


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("idempotency")
    keys = f"{KEY}, other@other={OTHER_KEY}"
    with api(f"sqlite:///{folder}/parley.db", parley_api_keys=keys) as door:
        yield door


def create(door: Api, name: str, said_with: str = "key", key: str = KEY) -> httpx2.Response:
    """Ask for an assistant."""
    headers = bearer(key) | {"Idempotency-Key": said_with}
    return door.http.post("/v1/assistants", json={"model": "demo", "name": name}, headers=headers)


def test_same_request_is_carried_out_once(door: Api) -> None:
    first, again = create(door, "once", "a"), create(door, "once", "a")

    assert again.status_code == first.status_code == 200
    assert again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["content-type"] == first.headers["content-type"]
    assert "idempotent-replayed" not in first.headers
    assert [one.name for one in door.store.assistants()].count("once") == 1


def test_refusal_is_given_again(door: Api) -> None:
    first, again = create(door, "x" * 300, "b"), create(door, "x" * 300, "b")

    assert first.status_code == again.status_code == 400
    assert said(again) == said(first)
    assert again.headers["idempotent-replayed"] == "true"


def test_key_is_for_one_request(door: Api) -> None:
    create(door, "one", "c")
    answer = create(door, "another", "c")

    assert answer.status_code == 400
    assert said(answer)["code"] == "idempotency_key_reused"


def test_projects_do_not_see_each_others_keys(door: Api) -> None:
    first, other = create(door, "mine", "d"), create(door, "mine", "d", OTHER_KEY)

    assert other.json()["id"] != first.json()["id"]


def test_endless_key_is_refused(door: Api) -> None:
    assert create(door, "long", "x" * 256).status_code == 400


def test_reading_needs_no_key(door: Api) -> None:
    headers = bearer(KEY) | {"Idempotency-Key": "a"}
    answers = [door.http.get("/v1/assistants", headers=headers) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert "idempotent-replayed" not in answers[1].headers


def test_openai_client_can_send_one(door: Api) -> None:
    client = door.openai(KEY)
    headers = {"Idempotency-Key": "sdk"}
    threads = [client.beta.threads.create(extra_headers=headers) for _ in range(2)]

    assert threads[0].id == threads[1].id


def test_streamed_run_is_begun_once_and_named(door: Api) -> None:
    client = door.openai(KEY, max_retries=0)
    assistant = client.beta.assistants.create(model="demo")
    headers = {"Idempotency-Key": "stream"}

    def ask() -> list[AssistantStreamEvent]:
        events = client.beta.threads.create_and_run(
            assistant_id=assistant.id,
            thread={"messages": [{"role": "user", "content": "echo once"}]},
            stream=True,
            extra_headers=headers,
        )
        return list(events)

    run = ask()[-1]
    with pytest.raises(openai.BadRequestError, match="is not sent again") as caught:
        ask()

    assert isinstance(run, ThreadRunCompleted)
    assert f"the run '{run.data.id}' of the thread '{run.data.thread_id}'" in str(caught.value)


class Shop:
    """An app whose answers a test decides."""

    def __init__(self, store: MemoryStore | None = None) -> None:
        self.store = store or MemoryStore()
        self.served = 0
        self.answer: Response | Exception = JSONResponse({"id": "thing"})
        self.open = asyncio.Event()
        self.open.set()
        self.entered = asyncio.Event()
        self.app = Starlette(
            routes=[Route("/things", self._serve, methods=["POST", "GET"])],
            middleware=[Middleware(Envelope), Middleware(Idempotent, self.store)],
        )

    async def _serve(self, request: Request) -> Response:
        self.served += 1
        self.entered.set()
        await self.open.wait()
        assert await request.json() == {"n": 1}
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def post(self, query: str = "") -> httpx2.Response:
        transport = httpx2.ASGITransport(self.app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
            headers = {"Idempotency-Key": "k"}
            return await client.post(f"/things{query}", json={"n": 1}, headers=headers)


async def test_second_request_meanwhile_is_told_to_come_again() -> None:
    shop = Shop()
    shop.open.clear()
    first = asyncio.create_task(shop.post())
    await shop.entered.wait()

    meanwhile = await shop.post()
    shop.open.set()

    assert meanwhile.status_code == 409
    assert meanwhile.headers["retry-after"] == "1"
    assert (await first).status_code == 200
    assert (await shop.post()).headers["idempotent-replayed"] == "true"
    assert shop.served == 1


@pytest.mark.parametrize("status", [500, 503, 409, 429])
async def test_failure_frees_the_key(status: int) -> None:
    shop = Shop()
    shop.answer = JSONResponse({}, status_code=status)
    failed = await shop.post()
    shop.answer = JSONResponse({"id": "thing"})
    again = await shop.post()

    assert (failed.status_code, again.status_code) == (status, 200)
    assert shop.served == 2


async def test_fault_frees_the_key() -> None:
    shop = Shop()
    shop.answer = RuntimeError("a fault")
    failed = await shop.post()
    shop.answer = JSONResponse({"id": "thing"})

    assert failed.status_code == 500
    assert (await shop.post()).status_code == 200


async def test_query_is_part_of_the_request() -> None:
    shop = Shop()
    await shop.post("?a=1")

    assert (await shop.post("?a=2")).status_code == 400


async def test_streamed_answer_is_not_sent_again_but_its_run_is_named() -> None:
    shop = Shop()
    shop.answer = StreamingResponse(frames(), media_type="text/event-stream")
    streamed = await shop.post()
    again = await shop.post()

    assert streamed.text.count("data:") == 3
    assert again.status_code == 400
    assert f"the run '{RUN}' of the thread '{THREAD}'" in again.json()["error"]["message"]
    assert again.headers["idempotent-replayed"] == "true"
    assert shop.served == 1


async def frames() -> AsyncIterator[str]:
    yield 'event: thread.created\ndata: {"id":"thread_x"}\n\n'
    yield f'event: thread.run.created\ndata: {{"id":"{RUN}","thread_id":"{THREAD}"}}\n\n'
    yield "event: done\ndata: [DONE]\n\n"


async def test_stream_without_a_run_frees_the_key() -> None:
    shop = Shop()
    shop.answer = StreamingResponse(iter(["data: {}\n\n"]), media_type="text/event-stream")
    await shop.post()
    shop.answer = JSONResponse({"id": "thing"})

    assert (await shop.post()).json() == {"id": "thing"}


async def test_what_was_never_answered_is_not_tried_blindly() -> None:
    shop = Shop()
    await shop.post()
    [once] = [shop.store.begin_once(replace(ONCE, created_at=datetime.now(UTC))).result()]
    assert once is not None
    shop.store.forget_once(DEFAULT_PROJECT, "k").result()
    long_ago = datetime.now(UTC) - timedelta(minutes=6)
    begun = replace(once, status=None, body=None, created_at=long_ago)
    shop.store.begin_once(begun).result()

    answer = await shop.post()

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "idempotency_unknown"


async def test_keys_are_forgotten_after_a_day() -> None:
    shop = Shop()
    yesterday = datetime.now(UTC) - timedelta(days=1, minutes=1)
    shop.store.begin_once(replace(ONCE, created_at=yesterday)).result()

    assert (await shop.post()).status_code == 200


class Unwritable(MemoryStore):
    """A store that can't reserve keys."""

    def begin_once(self, once: Once) -> Future[Once | None]:
        future: Future[Once | None] = Future()
        future.set_exception(StoreUnavailable("It is away."))
        return future


async def test_store_that_is_away_is_a_passing_trouble() -> None:
    answer = await Shop(Unwritable()).post()

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"


def test_key_lives_in_the_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/parley.db"
    with api(url) as door:
        first = door.http.post("/v1/threads", json={}, headers={"Idempotency-Key": "k"})
    with api(url) as door:
        again = door.http.post("/v1/threads", json={}, headers={"Idempotency-Key": "k"})

    assert again.json() == first.json()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/parley.db"
        return
    with postgres_schema() as url:
        yield url


def test_race_between_two_servers_has_one_winner(database: str) -> None:
    headers = {"Idempotency-Key": "race"}
    with api(database) as one, api(database) as two, ThreadPoolExecutor(8) as pool:
        body = {"model": "demo"}
        posts = [
            pool.submit(door.http.post, "/v1/assistants", json=body, headers=headers)
            for door in (one, two) * 4
        ]
        answers = [post.result() for post in posts]
        made = one.store.assistants()

    assert {answer.status_code for answer in answers} <= {200, 409}
    assert {answer.json()["id"] for answer in answers if answer.is_success} == {made[0].id}
    assert len(made) == 1
