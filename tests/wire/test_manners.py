"""What the proxies' helpers promise: no secrets in sentences, patient retries, light imports."""

import subprocess
import sys
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from conversation.errors import ProviderUnavailable
from conversation.signals import Alive, Finished, Retrying, Saying, Signal
from proxies.failures import seconds_to_wait
from proxies.redact import LONGEST, redacted
from proxies.retry import RetryPolicy


@pytest.mark.parametrize(
    "secret",
    [
        "sk-proj-abc_DEF123",
        "AIzaSyA-1234_abc",
        "Bearer eyJhbGciOi.J9",
        "ya29.a0AfH6SM",
        "https://api.test/v1?key=hunter2&alt=sse",
        "my own secret",
    ],
)
def test_secrets_are_hidden(secret: str) -> None:
    text = redacted(f"You sent {secret} to us.", ["my own secret"])

    assert secret not in text
    assert "hunter2" not in text
    assert text.startswith("You sent ")
    assert text.endswith(" to us.")


def test_words_like_secrets_stay() -> None:
    assert redacted("Do the task-1 of the risk-free key.") == "Do the task-1 of the risk-free key."


def test_sentences_are_short_and_on_one_line() -> None:
    assert redacted("one\n  two") == "one two"
    assert len(redacted("x" * 10_000)) == LONGEST


def test_waits_are_read_in_every_form() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30))

    assert seconds_to_wait({"retry-after": "7"}) == 7.0
    assert seconds_to_wait({"retry-after-ms": "250"}) == 0.25
    assert 25 < (seconds_to_wait({"retry-after": soon}) or 0) <= 30
    assert seconds_to_wait({"retry-after": "soon"}) is None
    assert seconds_to_wait({}) is None


async def test_delays_grow_up_to_a_bound() -> None:
    policy = RetryPolicy(attempts=5, first_delay=0.001, longest_delay=0.003, jitter=0.0)

    async def failing() -> AsyncGenerator[Signal, None]:
        yield Alive()
        raise ProviderUnavailable("Not now.")

    heard: list[Signal] = []
    with pytest.raises(ProviderUnavailable, match=r"Not now\."):
        async for signal in policy.signals(failing):
            heard.append(signal)

    delays = [signal.delay for signal in heard if isinstance(signal, Retrying)]
    assert delays == [0.001, 0.002, 0.003, 0.003]


async def test_an_answer_that_succeeds_is_asked_for_once() -> None:
    async def answer() -> AsyncGenerator[Signal, None]:
        yield Saying("Yes.")
        yield Finished("stop")

    assert [signal async for signal in RetryPolicy().signals(answer)] == [
        Saying("Yes."),
        Finished("stop"),
    ]


def test_the_package_loads_no_sdk() -> None:
    code = "import sys, proxies, proxies.retry; print({'openai', 'google.genai'} & {*sys.modules})"

    run = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert run.stdout.strip() == "set()"
