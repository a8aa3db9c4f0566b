"""Requests whose commit nobody heard of: they may be carried out, and are not tried blindly."""

from collections.abc import Iterator

import openai
import pytest

from conversation.errors import StoreUnavailable
from tests.server.commits import LossyWay, lossy_way
from tests.server.serving import Api, api, said
from tests.services import postgres_schema

TEXT = "said once, whatever is lost"


@pytest.fixture
def lossy() -> Iterator[tuple[LossyWay, Api]]:
    """The API over a database whose answers may be lost."""
    with postgres_schema() as url, lossy_way(url) as (way, through), api(through) as door:
        yield way, door


def test_key_of_a_commit_in_doubt_is_not_freed(lossy: tuple[LossyWay, Api]) -> None:
    way, door = lossy
    path = f"/v1/threads/{door.http.post('/v1/threads', json={}).json()['id']}/messages"
    body = {"role": "user", "content": TEXT}
    way.word = b"INSERT INTO messages"

    first = door.http.post(path, json=body, headers={"Idempotency-Key": "doubt"})
    again = door.http.post(path, json=body, headers={"Idempotency-Key": "doubt"})

    assert way.lost.is_set()
    assert (first.status_code, said(first)["code"]) == (503, StoreUnavailable.code)
    assert again.status_code == 409
    assert [one["content"][0]["text"]["value"] for one in door.http.get(path).json()["data"]] == [
        TEXT
    ]


def test_run_whose_commit_is_in_doubt_is_begun_once(lossy: tuple[LossyWay, Api]) -> None:
    way, door = lossy
    with door.openai() as client:
        assistant = client.beta.assistants.create(model="demo")
        thread = client.beta.threads.create(messages=[{"role": "user", "content": TEXT}])
        way.word = b"INSERT INTO runs"

        with pytest.raises(openai.InternalServerError):
            client.beta.threads.runs.create(thread.id, assistant_id=assistant.id)

        [run] = client.beta.threads.runs.list(thread.id).data
        done = client.beta.threads.runs.poll(run.id, thread_id=thread.id)
        assert way.lost.is_set()
        assert done.status == "completed"


def test_openai_client_does_not_repeat_a_commit_in_doubt(lossy: tuple[LossyWay, Api]) -> None:
    way, door = lossy
    with door.openai() as client:
        thread = client.beta.threads.create()
        way.word = b"INSERT INTO messages"

        with pytest.raises(openai.InternalServerError) as caught:
            client.beta.threads.messages.create(thread.id, role="user", content=TEXT)

        assert caught.value.status_code == 503
        assert len(client.beta.threads.messages.list(thread.id).data) == 1
