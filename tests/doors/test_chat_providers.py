"""What the chat page shows of providers: their models, their limits, and how it waits for them."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.delta_generator import DeltaGenerator
from streamlit.testing.v1 import AppTest

from conversation.choice import Choice
from conversation.script import State
from setup.core import ParleyCore
from tests.doors.chat import ask, finished, open_page, serving, shown, thread_of
from tests.wire.chat_server import Answer, ChatServer, failure
from ui.chat import pump
from ui.language import texts

MODELS = {"object": "list", "data": [{"id": "llama3:8b"}, {"id": "qwen"}]}
LIMITS = {
    "x-ratelimit-limit-requests": "60",
    "x-ratelimit-remaining-requests": "37",
    "x-ratelimit-reset-requests": "1h",
}


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer() as server:
        server.offers(MODELS)
        yield server


@pytest.fixture
def core(tmp_path: Path, server: ChatServer) -> Iterator[ParleyCore]:
    servers = {"groq": server.base_url}
    with serving(tmp_path, compatible_servers=servers, provider_max_attempts=2) as core:
        core.providers()
        wait_until_known(core)
        yield core


def wait_until_known(core: ParleyCore) -> None:
    pause = threading.Event()
    for _ in range(500):
        if core.providers_known():
            return
        pause.wait(0.02)
    raise AssertionError("it is never known")


def use(page: AppTest, name: str) -> AppTest:
    return page.button(key=f"provider-{name}").click().run()


def captions(page: AppTest) -> list[str]:
    return [one.value for one in page.sidebar.caption]


def test_models_that_a_server_lists_can_be_chosen(core: ParleyCore, server: ChatServer) -> None:
    page = use(open_page(), "groq")

    assert page.selectbox(key="model").options == ["llama3:8b (default)", "qwen"]
    page.selectbox(key="model").set_value("groq:qwen").run()
    ask(page, "Hello.")

    assert server.requests[-1].body["model"] == "qwen"
    assert shown(page)[-1][1].startswith("You said: Hello.")


def test_server_answers_with_the_first_it_lists(core: ParleyCore, server: ChatServer) -> None:
    page = ask(use(open_page(), "groq"), "Hello.")

    assert server.requests[-1].body["model"] == "llama3:8b"
    assert core.store.runs(thread_of(page))[-1].spec.provider == "groq"


def test_unknown_first_model_is_said_in_words(tmp_path: Path, server: ChatServer) -> None:
    server.offers({"object": "list", "data": []})
    with serving(tmp_path, compatible_servers={"groq": server.base_url}) as core:
        core.providers()
        wait_until_known(core)
        page = use(open_page(), "groq")

        assert page.selectbox(key="model").options == [texts.MODEL_FIRST]
        ask(page, "Hello.")

        assert "does not say which models it has" in page.main.error[0].value


def test_what_is_left_of_a_limit_is_one_line(core: ParleyCore, server: ChatServer) -> None:
    server.headers = LIMITS

    page = ask(use(open_page(), "groq"), "Hello.")

    (line,) = (one for one in captions(page) if "requests left" in one)
    assert line == "37 of 60 requests left, full again in 60 min"
    assert not any("requests left" in one for one in captions(use(page, "demo")))


def test_busy_provider_is_waited_for_by_the_page(core: ParleyCore, server: ChatServer) -> None:
    server.script(failure(429, "rate_limit_exceeded", retry_after="1"), Answer(text="Now."))

    page = ask(use(open_page(), "groq"), "Hello.")

    assert shown(page)[-1] == ("assistant", "Now.")
    assert len(server.requests) == 2


def test_page_waits_with_a_countdown(
    core: ParleyCore, server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    draw = pump._draw_doing

    def drawn(place: DeltaGenerator, text: str) -> None:
        said.append(text)
        draw(place, text)

    monkeypatch.setattr("ui.chat.pump._draw_doing", drawn)
    server.script(failure(429, "rate_limit_exceeded", retry_after="3"), Answer(text="Now."))

    ask(use(open_page(), "groq"), "Hello.")

    told = [text for text in said if "next try" in text]
    assert told == [f"The provider is busy: next try in {left} s" for left in (3, 2, 1)]


def test_server_that_has_gone_is_told(
    tmp_path: Path, server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCAL_SERVERS", "on")
    monkeypatch.setattr("setup.providers._LOCAL_KEPT", 0.0)
    for module in ("setup.roster", "setup.providers"):
        monkeypatch.setattr(f"{module}.LOCAL_SERVERS", {"ollama": server.port})
    with serving(tmp_path) as core:
        core.providers()
        wait_until_known(core)
        page = open_page()
        assert not page.button(key="provider-ollama").disabled
        server.offers({})
        wait_until_known(core)
        core.providers()
        wait_until_known(core)

        page.run()

        assert page.button(key="provider-ollama").disabled
        assert texts.OFFLINE.format(labels="Ollama") in captions(page)
        run = finished(core, "Hello.", choice=Choice(provider="ollama"))
        assert run.state is State.COMPLETED  # it is there, but lists nothing
