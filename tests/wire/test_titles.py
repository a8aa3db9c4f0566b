"""Titles by models: whole cores and the real SDKs, on pretended providers."""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conversation.api_ports import RunWish
from conversation.choice import Choice
from conversation.ids import new_id
from conversation.records import Assistant, Message, Run, Thread
from conversation.script import State
from setup.core import ParleyCore
from setup.titles import Titles
from tests.contract.cores import DEMO, WAIT, ended, running, tasks_of, when
from tests.stage import now
from tests.wire import gemini_server, openai_server
from tests.wire.gemini_server import GeminiServer
from tests.wire.openai_server import OpenAIServer
from tests.wire.server import Break, ProviderServer, Reply, broken
from tools.registry import Tools
from tools.stocks import stock_tools

QUESTION = "What is good about spring?"
ANSWER = "The light, above all."
TITLE = "Spring and its light"


@dataclass(frozen=True, kw_only=True)
class Door:
    """A core, and the one provider that it knows beside the demo."""

    core: ParleyCore
    server: ProviderServer[Any]
    here: Any

    def script(self, *steps: str | Reply) -> None:
        """Say what the provider answers, request by request."""
        texts = (self.here.Answer(text=s) if isinstance(s, str) else s for s in steps)
        self.server.script(*texts)

    def ask(self, text: str = QUESTION, thread_id: str | None = None) -> Run:
        run = self.core.start(text, self.choice, thread_id=thread_id)
        return ended(self.core, run.id)

    @property
    def choice(self) -> Choice:
        openai = self.here is openai_server
        return Choice(provider="openai" if openai else "gemini")

    @property
    def fault(self) -> Reply:
        """A failure that is not tried again."""
        if self.here is openai_server:
            return openai_server.failure(400, "invalid_request_error")
        return gemini_server.failure(400, "INVALID_ARGUMENT")

    def thread(self, run: Run) -> Thread:
        return self.core.store.thread(run.thread_id)

    def titled(self, run: Run) -> Thread:
        """Wait until the run's thread has a model's title."""
        when(self.core, lambda: self.thread(run).titled_by == "model")
        return self.thread(run)

    def asked(self) -> int:
        """Return how many requests came, once nobody is about to send another."""
        when(self.core, lambda: not self.core._parts.worker.busy and not self.titling())
        return len(self.server.requests)

    def titling(self) -> bool:
        return any(name.startswith("title ") for name in tasks_of(self.core))


def opened(file: Path, server: ProviderServer[Any], here: Any, **settings: Any) -> Iterator[Door]:
    name = "openai" if here is openai_server else "google"
    address = "openai_base_url" if name == "openai" else "google_gemini_base_url"
    given = {
        f"{name}_api_key": "sk-test",
        address: server.base_url,
        "provider_max_attempts": 1,
        "thread_titles": "model",
    }
    server.forget()
    tools = Tools(*stock_tools("sample"))
    with running(f"sqlite:///{file}", tools=tools, **given | settings) as core:
        yield Door(core=core, server=server, here=here)


@pytest.fixture
def door(tmp_path: Path, openai_thread: OpenAIServer) -> Iterator[Door]:
    yield from opened(tmp_path / "parley.db", openai_thread, openai_server)


@pytest.fixture(params=["openai", "gemini"])
def either(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    openai_thread: OpenAIServer,
    gemini_thread: GeminiServer,
) -> Iterator[Door]:
    file = tmp_path / "parley.db"
    if request.param == "openai":
        yield from opened(file, openai_thread, openai_server)
    else:
        yield from opened(file, gemini_thread, gemini_server)


def test_client_of_the_api_pays_for_no_title(door: Door) -> None:
    door.script(ANSWER)
    assistant = Assistant(id=new_id("asst"), model="gpt-6.1-terra", created_at=now())
    thread = Thread(id=new_id("thread"), branch_id=new_id("branch"), created_at=now())
    message = Message(
        id=new_id("msg"),
        thread_id=thread.id,
        branch_id=thread.branch_id,
        role="user",
        text=QUESTION,
        created_at=now(),
    )
    spec = door.core.cast(door.core.store.save_assistant(assistant), RunWish(), thread)

    run = ended(door.core, door.core.run(thread, spec, messages=(message,), new=True).id)

    assert (door.asked(), door.thread(run).title) == (1, QUESTION)


def test_model_that_answered_gives_the_title(either: Door) -> None:
    either.script(ANSWER, f'**"{TITLE}."**\n')

    run = either.ask()

    assert either.titled(run).title == TITLE
    assert either.server.rejections == []


def test_model_is_told_the_beginning_alone(door: Door) -> None:
    door.script(ANSWER, TITLE)

    door.titled(door.ask(QUESTION + "x" * 10_000))

    [first, second] = [request.body for request in door.server.requests]
    said = json.dumps(second["input"])
    assert QUESTION in said
    assert ANSWER in said
    assert len(said) < 3_500
    assert second["model"] == first["model"]
    assert "six words" in second["instructions"]
    assert "tools" not in second
    assert not second.get("stream")


def test_title_is_asked_for_once(door: Door) -> None:
    door.script(ANSWER, TITLE, ANSWER, ANSWER)
    run = door.ask()
    door.titled(run)

    door.ask(thread_id=run.thread_id)
    door.ask(thread_id=run.thread_id)

    assert door.asked() == 4


def test_failure_leaves_the_first_words(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    door.script(ANSWER, door.fault, ANSWER)
    with caplog.at_level(logging.DEBUG, logger="setup"):
        run = door.ask()
        assert door.asked() == 2

    assert door.thread(run).title == QUESTION
    assert {record.levelno for record in caplog.records} <= {logging.DEBUG}
    door.ask(thread_id=run.thread_id)
    assert door.asked() == 3


def test_title_that_says_nothing_is_none(door: Door) -> None:
    door.script(ANSWER, '"..."')

    run = door.ask()

    assert door.asked() == 2
    assert door.thread(run).titled_by == "words"


def test_first_answer_counts_whatever_failed_before(door: Door) -> None:
    door.script(door.fault, ANSWER, TITLE)
    failed = door.ask()
    assert failed.state is State.ERROR

    door.titled(door.ask("Well?", failed.thread_id))

    assert QUESTION in json.dumps(door.server.requests[-1].body["input"])


def test_title_of_a_person_stays(door: Door) -> None:
    door.script(broken(Break.STALL))
    run = door.core.start(QUESTION, door.choice)
    door.server.await_request()
    door.core.store.change_thread(run.thread_id, title="Mine").result(WAIT)
    door.core.cancel(run.id)
    ended(door.core, run.id)
    door.script(ANSWER)

    door.ask(thread_id=run.thread_id)

    assert door.asked() == 2
    assert door.thread(run).title == "Mine"


def test_slow_title_holds_nothing_up(door: Door) -> None:
    door.script(ANSWER, broken(Break.STALL), ANSWER)
    run = door.ask()
    stalled = door.server.await_request(2)

    later = door.core.send(QUESTION, door.choice, thread_id=run.thread_id)

    assert isinstance(later, Run)
    assert ended(door.core, later.id).state is State.COMPLETED
    door.core.close()
    assert stalled.client_left.wait(WAIT)


def test_title_is_not_waited_for_without_end(tmp_path: Path, openai_thread: OpenAIServer) -> None:
    file = tmp_path / "parley.db"
    for door in opened(file, openai_thread, openai_server, thread_titles="words"):
        parts = door.core._parts
        parts.topic.subscribe(Titles(parts, patience=0.2).heard)
        door.script(ANSWER, broken(Break.STALL))

        run = door.ask()

        assert door.server.await_request(2).client_left.wait(WAIT)
        assert door.thread(run).titled_by == "words"


def test_nobody_is_asked_where_words_are_wanted(
    tmp_path: Path, openai_thread: OpenAIServer
) -> None:
    file = tmp_path / "parley.db"
    for door in opened(file, openai_thread, openai_server, thread_titles="words"):
        door.script(ANSWER)

        run = door.ask()

        assert door.asked() == 1
        assert door.thread(run).title == QUESTION


def test_demo_is_not_asked(door: Door) -> None:
    run = ended(door.core, door.core.start(QUESTION, DEMO).id)

    assert door.asked() == 0
    assert door.thread(run).titled_by == "words"


def test_replay_keeps_its_name(door: Door) -> None:
    source = ended(door.core, door.core.start(QUESTION, DEMO).id)
    door.script(ANSWER)

    replay = door.core.replays.start(source.thread_id, door.choice, recorded=False)

    assert door.core.replays.wait(replay.thread_id, WAIT).state == "finished"
    assert door.asked() == 1
    assert door.core.store.thread(replay.thread_id).title == f"Replay of {QUESTION}"
