"""Conversations as programs begin them, through OpenAI's client and the API, beside the pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from openai import OpenAI
from openai.types.beta.threads import Run

from conversation.records import Run as Kept
from setup.core import ParleyCore
from tests.contract.cores import ended
from tests.server.checked import openai_client, served_core

PICTURE: Final = "https://example.org/a_(b).png?c=$d$"
PARTS: Final[list[Any]] = [
    {"type": "text", "text": "What is this?"},
    {"type": "image_url", "image_url": {"url": PICTURE}},
    {"type": "image_file", "image_file": {"file_id": "file-abc"}},
    {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 4000}},
]
BUY: Final[Any] = {
    "type": "function",
    "function": {"name": "buy", "parameters": {"type": "object", "properties": {}}},
}


@contextmanager
def program(core: ParleyCore) -> Iterator[OpenAI]:
    """Serve the API over a core, and be a program that speaks to it."""
    with served_core(core) as address, openai_client(address) as client:
        yield client


def assistant(client: OpenAI, **fields: Any) -> str:
    """Make an assistant of the demo model; return its id."""
    return client.beta.assistants.create(model="demo", **fields).id


def run_on(client: OpenAI, core: ParleyCore, thread_id: str, **wish: Any) -> Kept:
    """Have a thread answered, until the run ends."""
    wish.setdefault("assistant_id", assistant(client))
    run = client.beta.threads.runs.create(thread_id, **wish)
    return ended(core, run.id)


def waiting(client: OpenAI, text: str = "call buy {}") -> Run:
    """Begin a thread whose run waits for this program to run a function."""
    return client.beta.threads.create_and_run_poll(
        assistant_id=assistant(client, tools=[BUY]),
        thread={"messages": [{"role": "user", "content": text}]},
    )
