"""`python -m server` as a process: how it starts, refuses to, and ends."""

import asyncio
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from signal import SIGTERM

import httpx2
import openai
import pytest
from openai import OpenAI

from conversation.records import Run
from conversation.script import State
from proxies.local_servers import look
from storage.store import open_store
from tests.doors.terminal import CTRL_C, Terminal, surroundings
from tests.server.serving import KEY, bearer

LONG = "600"

Begin = Callable[..., Terminal]


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/parley.db"


@pytest.fixture
def begin(database: str) -> Iterator[Begin]:
    """Start servers on one database, each at a free port."""
    with ExitStack() as programs:

        def start(**settings: str) -> Terminal:
            usual = {"DATABASE_URL": database, "DEMO_DELAY_SECONDS": "0.02", "SERVER_PORT": "0"}
            given = surroundings(**usual | settings)
            return programs.enter_context(Terminal("-m", "server", environment=given))

        yield start


def address(server: Terminal) -> str:
    """Wait until the server tells where it is; return that, without `/v1`."""
    told = re.search(r"(http://\S+)/v1 \(", server.until(")."))
    assert told
    return told[1]


def stream(url: str, text: str) -> Iterator[str]:
    """Have a run streamed; yield the names of its events from the first word on."""
    with OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:
        assistant = client.beta.assistants.create(model="demo")
        events = client.beta.threads.create_and_run(
            assistant_id=assistant.id,
            thread={"messages": [{"role": "user", "content": text}]},
            stream=True,
        )
        names = (event.event for event in events)
        yield next(name for name in names if name == "thread.message.delta")
        yield from names


def only_run(database: str) -> Run:
    with closing(open_store(database)) as store:
        [run] = [run for thread in store.threads() for run in store.runs(thread.id)]
    return run


def test_server_tells_its_address_and_serves_with_and_without_v1(begin: Begin) -> None:
    server = begin()
    url = address(server)

    assert url.startswith("http://127.0.0.1:")
    for path in ("/v1/assistants", "/assistants", "/health"):
        assert httpx2.get(url + path).status_code == 200
    server.type(CTRL_C)
    code, shown = server.end()
    assert code == 0
    assert "Traceback" not in shown


def test_stream_goes_on_to_its_end_after_sigterm(begin: Begin, database: str) -> None:
    server = begin(DRAIN_SECONDS=LONG)
    events = stream(address(server), "count to 60")
    next(events)

    server.signal(SIGTERM)

    assert list(events)[-1] == "thread.run.completed"
    code, shown = server.end()
    assert code == 0
    assert "Traceback" not in shown
    assert only_run(database).state is State.COMPLETED


def test_run_past_the_limit_is_left_to_the_next_start(begin: Begin, database: str) -> None:
    server = begin(DRAIN_SECONDS="0.5")
    events = stream(address(server), "count to 10000")
    next(events)

    server.signal(SIGTERM)

    with pytest.raises(openai.APIError, match="closed") as told:
        list(events)
    assert server.end()[0] == 0
    assert not only_run(database).ended
    again = re.search(r"GET (/v1/\S+after=(\d+)),", told.value.message)
    assert again
    with httpx2.stream("GET", address(begin()) + again[1]) as followed:
        lines = (line for line in followed.iter_lines() if line.startswith("id: "))
        assert next(lines) == f"id: {int(again[2]) + 1}"


def test_second_signal_ends_the_waiting(begin: Begin, database: str) -> None:
    server = begin(DRAIN_SECONDS=LONG)
    events = stream(address(server), "count to 10000")
    next(events)

    server.signal(SIGTERM)
    server.until("under way: 1.")
    server.signal(SIGTERM)

    code, shown = server.end()
    assert code in {0, -SIGTERM}
    assert "Traceback" not in shown
    assert not only_run(database).ended


def test_open_address_without_keys_is_refused(begin: Begin) -> None:
    code, shown = begin(SERVER_HOST="0.0.0.0").end()  # noqa: S104 - it is refused

    assert code == 1
    reason, hint = shown.splitlines()
    assert reason.startswith("SERVER_HOST=0.0.0.0 would let every computer")
    assert "python -m setup.api_keys create" in hint


def test_open_address_with_keys_is_served(begin: Begin) -> None:
    server = begin(SERVER_HOST="0.0.0.0", PARLEY_API_KEYS=KEY)  # noqa: S104 - keys guard it
    told = server.until(").")
    port = re.search(r":(\d+)/v1 \(with API keys\)", told)

    assert port
    url = f"http://127.0.0.1:{port[1]}/v1/assistants"
    assert httpx2.get(url).status_code == 401
    assert httpx2.get(url, headers=bearer(KEY)).status_code == 200
    assert KEY not in told


def test_taken_port_is_told_and_what_to_set(begin: Begin) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, shown = begin(SERVER_PORT=str(port)).end()

    assert code == 1
    reason, place, hint = shown.splitlines()
    assert "address already in use" in reason
    assert place == f"The API can't be served at 127.0.0.1:{port}."
    assert "SERVER_PORT" in hint


def test_server_is_not_taken_for_a_model_server(begin: Begin) -> None:
    port = address(begin()).rpartition(":")[2]

    assert asyncio.run(look({"vllm": int(port)}, {})) == {}


def test_wrong_setting_is_told_in_a_line(begin: Begin) -> None:
    code, shown = begin(SERVER_PORT="many").end()

    assert code == 1
    assert shown.startswith("SERVER_PORT: ")
    assert "Traceback" not in shown
