"""Keys: when they are wanted, what each one sees, and what is told of them."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import openai
import pytest
from starlette.responses import PlainTextResponse

from conversation.api_ports import ApiKey
from conversation.errors import StoreUnavailable
from conversation.records import DEFAULT_PROJECT
from server.keys import Keyed, Keys, masked
from setup.keys import digest_of, new_key, read_keys
from storage.memory import MemoryStore
from tests.server.serving import KEY, OTHER_KEY, Api, api, bearer, said


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A server with a key of the default project and one of another."""
    folder = tmp_path_factory.mktemp("keys")
    keys = f"{KEY}, bob@research={OTHER_KEY}"
    with api(f"sqlite:///{folder}/parley.db", parley_api_keys=keys) as door:
        yield door


def test_request_without_key_is_told_what_to_send(door: Api) -> None:
    answer = door.http.get("/v1/assistants")

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    error = said(answer)
    assert error["code"] == "invalid_api_key"
    assert error["message"].startswith("You didn't provide an API key.")


@pytest.mark.parametrize("given", ["Bearer", "Basic abc", KEY, ""])
def test_other_authorization_is_none(door: Api, given: str) -> None:
    assert door.http.get("/v1/assistants", headers={"Authorization": given}).status_code == 401


def test_wrong_key_is_an_authentication_error(door: Api) -> None:
    wrong = "sk-wrong-0123456789"
    with pytest.raises(openai.AuthenticationError) as caught:
        door.openai(wrong).beta.threads.create()

    assert caught.value.code == "invalid_api_key"
    message = caught.value.body["message"]  # type: ignore[index]
    assert message.startswith("Incorrect API key provided: sk-w********6789. You can find your ")
    assert wrong not in message


def test_every_path_but_health_and_description_wants_a_key(door: Api) -> None:
    assert door.http.get("/health").status_code == 200
    assert door.http.get("/openapi.json").status_code == 200
    for path in ("/v1/threads/thread_x", "/threads/thread_x", "/nothing", "/health/"):
        assert door.http.get(path).status_code == 401


def test_key_sees_its_project_alone(door: Api) -> None:
    ours = door.openai(KEY).beta.threads.create()
    theirs = door.openai(OTHER_KEY).beta.threads.create()

    assert door.store.thread(ours.id).project_id == DEFAULT_PROJECT
    assert door.store.thread(theirs.id).project_id == "proj_research"
    with pytest.raises(openai.NotFoundError):
        door.openai(KEY).beta.threads.retrieve(theirs.id)


def test_first_key_of_the_database_closes_the_door(tmp_path: Path) -> None:
    with api(f"sqlite:///{tmp_path}/parley.db") as door:
        key, kept = new_key("laptop", at=datetime.now(UTC))
        door.store.add_key(kept).result()

        assert door.http.get("/v1/assistants").status_code == 401
        assert door.http.get("/v1/assistants", headers=bearer(key)).status_code == 200


def clocked(store: MemoryStore, times: list[float], setting: str = "") -> Keys:
    return Keys(store, read_keys(setting), clock=lambda: times[0])


async def test_revoked_key_is_of_no_use_within_seconds() -> None:
    store, times = MemoryStore(), [0.0]
    key, kept = new_key("laptop", at=datetime.now(UTC))
    store.add_key(kept).result()
    keys = clocked(store, times, KEY)
    assert await keys.find(key) == kept

    store.revoke_key(kept.id, datetime.now(UTC)).result()
    times[0] = 2.0

    assert await keys.find(key) is None
    assert await keys.find(KEY) is not None


async def test_last_key_gone_opens_the_door_again() -> None:
    store, times = MemoryStore(), [0.0]
    _, kept = new_key("laptop", at=datetime.now(UTC))
    store.add_key(kept).result()
    keys = clocked(store, times)
    assert await keys.wanted()

    store.revoke_key(kept.id, datetime.now(UTC)).result()
    times[0] = 2.0

    assert not await keys.wanted()


async def test_new_key_counts_at_once_beside_others() -> None:
    store = MemoryStore()
    keys = clocked(store, [0.0], KEY)
    assert await keys.find("sk-nobody") is None

    key, kept = new_key("laptop", at=datetime.now(UTC))
    store.add_key(kept).result()

    assert await keys.find(key) == kept


class Away(MemoryStore):
    """A store whose database can't be read."""

    def keys(self) -> list[ApiKey]:
        raise StoreUnavailable("The database is away.")


async def status(keys: Keys, given: str) -> int:
    transport = httpx2.ASGITransport(Keyed(PlainTextResponse("hello"), keys))
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return (await client.get("/v1/assistants", headers=bearer(given))).status_code


async def test_nobody_is_let_in_while_keys_cannot_be_read() -> None:
    assert await status(Keys(Away()), KEY) == 503
    assert await status(Keys(Away(), read_keys(OTHER_KEY)), KEY) == 503


async def test_key_of_the_settings_needs_no_database() -> None:
    assert await status(Keys(Away(), read_keys(KEY)), KEY) == 200


def test_use_is_noted_once_a_minute() -> None:
    store = MemoryStore()
    _, kept = new_key("laptop", at=datetime.now(UTC))
    store.add_key(kept).result()
    keys = Keys(store)

    keys.note_use(kept)
    [first] = store.keys()
    keys.note_use(kept)

    assert first.used_at is not None
    assert store.keys() == [first]
    keys = Keys(store)
    keys.note_use(first)
    assert store.keys() == [first]


def test_use_is_noted_again_after_a_minute() -> None:
    store = MemoryStore()
    long_ago = datetime.now(UTC) - timedelta(minutes=2)
    _, kept = new_key("laptop", at=long_ago)
    store.add_key(kept).result()
    store.key_used(kept.id, long_ago).result()
    [used] = store.keys()

    Keys(store).note_use(used)

    assert store.keys()[0].used_at != long_ago


def test_keys_are_never_logged(door: Api, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        door.http.get("/v1/assistants", headers=bearer(KEY))
        door.http.get("/v1/assistants", headers=bearer("sk-wrong-0123456789"))

    assert KEY not in caplog.text
    assert "sk-wrong-0123456789" not in caplog.text


@pytest.mark.parametrize("key", ["", "a", "sk-short", "fifteen letters"])
def test_short_key_is_masked_whole(key: str) -> None:
    assert set(masked(key)) <= {"*"}


def test_setting_tells_names_and_projects() -> None:
    keys = read_keys(f"{KEY}, laptop={KEY}1,ci@build={KEY}2 , x@default={KEY}==,")

    assert [key.name for key in keys] == ["key1", "laptop", "ci", "x"]
    assert [key.project_id for key in keys] == [
        DEFAULT_PROJECT, DEFAULT_PROJECT, "proj_build", DEFAULT_PROJECT,
    ]  # fmt: skip
    assert keys[3].digest == digest_of(f"{KEY}==")
    assert KEY not in repr(keys)
