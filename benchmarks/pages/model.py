"""A pretended OpenAI that says when it says something: `python -m benchmarks.pages.model PORT`.

It streams as many words a second as it was told, for as long as the message asks: `talk for 30`.
Each tenth word is the time at which it was sent, so that whoever sees it knows how old it is.
"""

import asyncio
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

RATE: Final = 30.0
SENTENCE: Final = (
    "the price of a share follows what people expect of it and not what it was worth before so "
    "nobody can tell from last year what comes next"
)
WORDS: Final = tuple(SENTENCE.split())
PARAGRAPH: Final = 80
STAMP: Final = re.compile(r"at(\d{13})")
USAGE: Final = {"input_tokens": 20, "output_tokens": 10, "total_tokens": 30}

_LENGTH: Final = re.compile(r"talk for (\d+)")


def stamped(text: str) -> float | None:
    """Return when the newest stamp in a text was made, in seconds since 1970."""
    found = STAMP.findall(text[-400:])
    return int(found[-1]) / 1000 if found else None


async def answer(request: Request) -> StreamingResponse:
    """Answer `POST /v1/responses` as a stream."""
    body = await request.json()
    said = [item["content"] for item in body["input"] if item.get("role") == "user"]
    asked = _LENGTH.search(str(said[-1]))
    seconds = int(asked[1]) if asked else 1
    return StreamingResponse(_events(seconds), media_type="text/event-stream")


async def _events(seconds: int) -> AsyncIterator[str]:
    response: dict[str, Any] = {"id": "resp_1", "object": "response", "status": "in_progress"}
    message: dict[str, Any] = {"id": "msg_1", "type": "message", "role": "assistant"}
    at = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    yield _event("response.created", response=response)
    text, began = "", time.monotonic()
    for number in range(round(seconds * RATE)):
        await asyncio.sleep(began + number / RATE - time.monotonic())
        text += (word := _word(number))
        yield _event("response.output_text.delta", delta=word, **at)
    part = {"type": "output_text", "text": text, "annotations": []}
    item = {**message, "status": "completed", "content": [part]}
    yield _event("response.output_item.done", item=item, output_index=0)
    ended = {**response, "status": "completed", "output": [item], "usage": USAGE}
    yield _event("response.completed", response=ended)


def _word(number: int) -> str:
    if number % PARAGRAPH == PARAGRAPH - 1:
        return "\n\n"
    if number % 10 == 9:
        return f"at{time.time() * 1000:.0f} "
    return f"{WORDS[number % len(WORDS)]} "


def _event(kind: str, **more: Any) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, 'sequence_number': 0, **more})}\n\n"


@contextmanager
def serving() -> Iterator[dict[str, str]]:
    """Run the model in a process of its own; gives the settings that lead to it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.pages.model", str(port)])
    try:
        _await_port(port)
        yield {"OPENAI_API_KEY": "sk-none", "OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1"}
    finally:
        process.terminate()
        process.wait()


def _await_port(port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


if __name__ == "__main__":
    app = Starlette(routes=[Route("/v1/responses", answer, methods=["POST"])])
    uvicorn.run(app, port=int(sys.argv[1]), log_level="error", access_log=False)
