"""terminal-chat.py as a person meets it, on a terminal, with the demo model."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.doors.terminal import CTRL_C, CTRL_D, Terminal, surroundings

Chat = Callable[..., Terminal]


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[Chat]:
    """Start chats that share a database."""
    environment = surroundings(
        DATABASE_URL=f"sqlite:///{tmp_path}/parley.db",
        STOCK_PRICES="sample",
        DEMO_DELAY_SECONDS="0.005",
    )
    with ExitStack() as running:

        def start(*arguments: str, **settings: str) -> Terminal:
            return running.enter_context(
                Terminal("terminal-chat.py", *arguments, environment=environment | settings)
            )

        yield start


def test_exchange_shows_function_calls_and_answer(chat: Chat) -> None:
    terminal = chat()
    terminal.until("gpt, gemini or demo? ")
    terminal.type("demo")
    terminal.until("You: ")

    terminal.type("What is Apple trading at?")
    shown = terminal.until("You: ")

    assert 'System: get_stock_price(symbol="AAPL") → ' in shown
    assert "227.50 USD" in shown.partition("System:")[2]

    terminal.type("exit")
    assert terminal.end()[0] == 0


def test_missing_setting_is_named_and_asked_again(chat: Chat) -> None:
    terminal = chat("gpt")

    assert "OPENAI_API_KEY" in terminal.until("gpt, gemini or demo? ")
    terminal.type("gemini")
    assert "GOOGLE_API_KEY" in terminal.until("gpt, gemini or demo? ")
    terminal.type("somebody")
    assert "Use gpt, gemini or demo." in terminal.until("gpt, gemini or demo? ")
    terminal.type("exit")

    assert terminal.end()[0] == 0


def test_conversation_goes_on_after_errors(chat: Chat) -> None:
    terminal = chat("demo")
    terminal.until("You: ")

    terminal.type("fail")
    shown = terminal.until("You: ")
    assert shown.count("The demo provider has failed") == 1
    assert "send the message again" in shown
    assert "Traceback" not in shown

    terminal.type(" ")
    assert "The message is empty." in terminal.until("You: ")

    terminal.type("echo still here")
    assert "still here" in terminal.until("You: ").partition("\n")[2]


def test_interrupt_stops_the_answer_only(chat: Chat) -> None:
    terminal = chat("demo")
    terminal.until("You: ")

    terminal.type("count to 10000")
    terminal.until("1, 2, 3,")
    terminal.type(CTRL_C)
    assert "Stopped." in terminal.until("You: ")

    terminal.type("echo still here")
    assert "still here" in terminal.until("You: ").partition("\n")[2]


@pytest.mark.parametrize("key", [CTRL_C, CTRL_D], ids=["Ctrl-C", "Ctrl-D"])
def test_key_at_the_prompt_ends_quietly(chat: Chat, key: str) -> None:
    terminal = chat("demo")
    terminal.until("You: ")

    code, shown = terminal.end(key)

    assert code == 0
    assert re.fullmatch(r"(\^[CD]|\s|\x08)*", shown), shown


def test_wrong_settings_are_lines_without_a_trace(chat: Chat) -> None:
    terminal = chat("demo", LOG_LEVEL="loud")

    shown = terminal.until("gpt, gemini or demo? ")

    assert "LOG_LEVEL: " in shown
    assert "Traceback" not in shown
