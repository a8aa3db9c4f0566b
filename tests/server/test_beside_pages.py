"""`streamlit run app.py`: the pages and the API in one process, on one port."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGINT

import httpx2
import openai
import pytest
from openai import OpenAI

from conversation.script import State
from tests.browser.server import ChatServer
from tests.server.serving import KEY, bearer


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[ChatServer]:
    with ChatServer(tmp_path, script="app.py", DRAIN_SECONDS="600") as server:
        yield server


@contextmanager
def client_of(pages: ChatServer) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{pages.url}/v1", api_key="none", max_retries=0) as client:
        yield client


@pytest.fixture
def client(pages: ChatServer) -> Iterator[OpenAI]:
    with client_of(pages) as client:
        yield client


def test_pages_and_api_share_port_and_core(pages: ChatServer, client: OpenAI) -> None:
    for path in ("/", "/history"):
        page = httpx2.get(pages.url + path)
        assert "<title>Streamlit</title>" in page.text
    assert httpx2.get(f"{pages.url}/_stcore/health").text == "ok"

    assistant = client.beta.assistants.create(model="demo")
    run = client.beta.threads.create_and_run_poll(
        assistant_id=assistant.id,
        thread={"messages": [{"role": "user", "content": "echo hello"}]},
    )

    assert run.status == "completed"
    store = pages.store()
    assert [thread.id for thread in store.threads()] == [run.thread_id]
    store.close()
    assert not [line for line in pages.log if "rror" in line]


def test_guards_stand_before_the_api(pages: ChatServer) -> None:
    url = f"{pages.url}/v1/assistants"

    foreign_host = httpx2.get(url, headers={"Host": "evil.example"})
    foreign_page = httpx2.get(url, headers={"Origin": "https://evil.example"})
    form = httpx2.post(f"{pages.url}/v1/threads", data={"a": "b"})
    unknown = httpx2.get(f"{pages.url}/v1/nothing")

    assert [one.status_code for one in (foreign_host, foreign_page, form)] == [403, 403, 415]
    assert unknown.json()["error"]["message"] == "Invalid URL (GET /v1/nothing)"
    assert unknown.headers["x-request-id"].startswith("req_")


def test_stream_comes_piece_by_piece_and_ends_before_the_process(
    pages: ChatServer, client: OpenAI
) -> None:
    assistant = client.beta.assistants.create(model="demo")
    events = client.beta.threads.create_and_run(
        assistant_id=assistant.id,
        thread={"messages": [{"role": "user", "content": "count to 60"}]},
        stream=True,
    )
    next(event for event in events if event.event == "thread.message.delta")

    process = pages.end()

    assert [event.event for event in events][-1] == "thread.run.completed"
    assert process.wait(30) == 0
    store = pages.store()
    [run] = [run for thread in store.threads() for run in store.runs(thread.id)]
    assert run.state is State.COMPLETED
    store.close()


def test_ctrl_c_ends_the_pages_without_a_word_of_python(pages: ChatServer) -> None:
    assert httpx2.get(f"{pages.url}/v1/assistants").status_code == 200

    process = pages.end(SIGINT)

    assert process.wait(30) == 0
    assert not [line for line in pages.log if "Traceback" in line or "Aborted" in line]


def test_wrong_settings_are_an_answer(tmp_path: Path) -> None:
    with ChatServer(tmp_path, script="app.py", MAX_TOOL_ROUNDS="many") as pages:
        answer = httpx2.get(f"{pages.url}/v1/models")
        page = httpx2.get(pages.url)

    assert page.status_code == 200
    assert answer.status_code == 503
    error = json.loads(answer.text)["error"]
    assert error["code"] == "wrong_settings"
    assert error["message"].startswith("MAX_TOOL_ROUNDS: ")


def test_keys_count_for_the_api_alone(tmp_path: Path) -> None:
    with ChatServer(tmp_path, script="app.py", PARLEY_API_KEYS=KEY) as pages:
        page = httpx2.get(pages.url)
        allowed = httpx2.get(f"{pages.url}/v1/assistants", headers=bearer(KEY))
        with client_of(pages) as client, pytest.raises(openai.AuthenticationError):
            client.beta.threads.create()

    assert page.status_code == 200
    assert allowed.status_code == 200


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere browsers are opened otherwise")
def test_page_is_opened_at_the_start_where_there_is_a_screen(tmp_path: Path) -> None:
    opened, opener = tmp_path / "opened", tmp_path / "xdg-open"
    os.mkfifo(opened)
    opener.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    opener.chmod(0o755)
    screen = {"DISPLAY": ":9", "PATH": f"{tmp_path}:{os.environ['PATH']}"}

    with ChatServer(
        tmp_path, script="app.py", STREAMLIT_SERVER_HEADLESS="false", **screen
    ) as pages:
        assert opened.read_text().strip() == pages.url
