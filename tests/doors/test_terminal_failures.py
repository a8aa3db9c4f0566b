"""terminal-chat.py while a provider fails: what is wrong is said, and the conversation goes on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doors.terminal import Terminal, surroundings
from tests.wire.chat_server import Answer, ChatServer, failure
from tests.wire.server import Break

KEY = "sk-made-up-0123456789"


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer() as server:
        yield server


@pytest.fixture
def terminal(tmp_path: Path, server: ChatServer) -> Iterator[Terminal]:
    """A chat with the pretended provider, at its first prompt."""
    environment = surroundings(
        DATABASE_URL=f"sqlite:///{tmp_path}/parley.db",
        COMPATIBLE_BASE_URL=server.base_url,
        COMPATIBLE_API_KEY=KEY,
        COMPATIBLE_MODEL="llama",
        THREAD_TITLES="words",
    )
    with Terminal("terminal-chat.py", "compatible", environment=environment) as terminal:
        terminal.until("You: ")
        yield terminal


def said(terminal: Terminal, text: str) -> str:
    terminal.type(text)
    return terminal.until("You: ").partition("\n")[2]


def test_wait_for_a_provider_is_told(terminal: Terminal, server: ChatServer) -> None:
    server.script(failure(429, "rate_limit_exceeded", retry_after="0.2"), Answer(text="Now."))

    shown = said(terminal, "Hello.")

    told, _, answer = shown.partition("too many requests")
    assert "System: Retry 1 follows in 0.2 s: " in told
    assert "Now." in answer


def test_each_failure_is_told_and_the_next_message_answered(
    terminal: Terminal, server: ChatServer
) -> None:
    server.script(
        failure(401, "invalid_api_key", f"Incorrect key {KEY}."),
        Answer(text="Well, this", breaks=Break.RESET),
        Answer(text="Cut by", finish="length"),
    )

    key, cut, limit = (said(terminal, text) for text in ("One.", "Two.", "Three."))

    assert "does not accept the API key" in key
    assert "Check the provider's API key in the settings." in key
    assert "Well, this" in cut
    assert "broke off before its end." in cut
    assert "its limit of tokens was reached" in limit
    assert "You said: Four." in said(terminal, "Four.")
    assert KEY not in key + cut + limit
    assert "Traceback" not in key + cut + limit
