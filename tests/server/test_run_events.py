"""Our own events of a run, followed from any process."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from conversation.ports import Core
from tests.contract.cores import DEMO, running, speaking
from tests.contract.stores import DATABASES
from tests.server.assistants import ONE_CALL, WEATHER, run, thread
from tests.server.checked import http_client, served_core
from tests.services import postgres_schema

Frame = dict[str, str]


def frames(text: str) -> list[Frame]:
    """Return the events of a stream, each by its fields."""
    return [
        dict(line.split(": ", 1) for line in frame.splitlines())
        for frame in text.split("\n\n")
        if frame and not frame.startswith(":")
    ]


def path(thread_id: str, run_id: str) -> str:
    return f"/threads/{thread_id}/runs/{run_id}/events"


def log(core: Core, run_id: str, after: int = 0) -> list[tuple[str, str]]:
    events = core.store.events(run_id, after=after)
    return [(str(logged.seq), logged.event.kind) for logged in events]


def facts(heard: list[Frame]) -> list[tuple[str, str]]:
    return [(frame["id"], frame["event"]) for frame in heard if "id" in frame]


def texts(heard: list[Frame]) -> list[Any]:
    return [json.loads(frame["data"]) for frame in heard if frame["event"] == "text"]


def test_ended_run_is_told_whole(client: openai.OpenAI, raw: httpx2.Client, core: Core) -> None:
    done = run(client, "count to 5")

    heard = frames(raw.get(path(done.thread_id, done.id)).text)

    assert facts(heard) == log(core, done.id)
    assert "".join(piece["text"] for piece in texts(heard)) == "1, 2, 3, 4, 5."
    assert heard[-1] == {"event": "done", "data": "[DONE]"}
    first = json.loads(heard[0]["data"])
    assert (first["seq"], first["kind"], first["run_id"]) == (1, "state_changed", done.id)


@pytest.mark.parametrize("by", ["query", "header"])
def test_client_goes_on_where_it_was(
    client: openai.OpenAI, raw: httpx2.Client, core: Core, by: str
) -> None:
    done = run(client, "echo Hello")
    asked: Any = {"params": {"after": 3}} if by == "query" else {"headers": {"Last-Event-ID": "3"}}

    heard = frames(raw.get(path(done.thread_id, done.id), **asked).text)

    assert facts(heard) == log(core, done.id, after=3)


@pytest.mark.parametrize("last", ["1000", "9" * 30])
def test_nothing_follows_the_last_event(
    client: openai.OpenAI, raw: httpx2.Client, last: str
) -> None:
    done = run(client, "hello")

    answer = raw.get(path(done.thread_id, done.id), headers={"Last-Event-ID": last})
    heard = frames(answer.text)

    assert heard == [{"event": "done", "data": "[DONE]"}]


def test_stream_ends_where_the_run_waits(client: openai.OpenAI, raw: httpx2.Client) -> None:
    waits = run(client, ONE_CALL, WEATHER)

    heard = frames(raw.get(path(waits.thread_id, waits.id)).text)

    assert heard[-2]["event"] == "state_changed"
    assert json.loads(heard[-2]["data"])["after"] == "requires_action"
    client.beta.threads.runs.cancel(waits.id, thread_id=waits.thread_id)


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database that two processes share."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/parley.db"
        return
    with postgres_schema() as address:
        yield address


def test_run_is_followed_from_another_process(url: str) -> None:
    with (
        running(url, demo_delay_seconds=0.002) as here,
        running(url) as there,
        served_core(there) as address,
        http_client(f"{address}/v1", timeout=30) as client,
    ):
        begun = here.start("count to 200", DEMO)
        speaking(here, begun.id)
        heard = frames(client.get(path(begun.thread_id, begun.id)).text)

        assert facts(heard) == log(here, begun.id)
        whole = here.store.messages(begun.thread_id)[-1].text
        assert "".join(piece["text"] for piece in texts(heard)) == whole
        assert len(texts(heard)) > 1


def test_bound_of_a_number_is_told_in_full(client: openai.OpenAI, raw: httpx2.Client) -> None:
    done = run(client, "hello")

    error = raw.get(path(done.thread_id, done.id), params={"after": 10**10}).json()["error"]

    assert (error["param"], error["code"]) == ("after", "integer_above_max_value")
    assert error["message"].endswith("<= 2147483647, but got 10000000000 instead.")


def test_run_of_another_thread_is_not_found(client: openai.OpenAI, raw: httpx2.Client) -> None:
    done = run(client, "hello")

    refused = raw.get(path(thread(client, "hello"), done.id))

    assert refused.status_code == 404
