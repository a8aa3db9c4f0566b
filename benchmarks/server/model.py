"""A model server in a process of its own, every word of which says when it was sent.

    python -m benchmarks.server.model TOKENS RATE

It streams TOKENS words, RATE a second (0: all at once), to every request of the Responses API, and
prints its address when it is ready. Answers are paced in groups, so that it does not need the
processor that it is to leave to others: all of a group get a word in the same moment.
"""

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from typing import Any, Final

STAMP: Final = re.compile(rb"at(\d{16})")
GROUPS: Final = 25

_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
)
_NOT_FOUND: Final = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
_PLACE: Final = {"item_id": "msg_1", "output_index": 0, "content_index": 0, "logprobs": []}
_RESPONSE: Final = {"id": "resp_1", "object": "response", "created_at": 0, "model": "m"}


@contextmanager
def stamping_model(tokens: int, rate: float) -> Iterator[str]:
    """Run one; yield its address."""
    command = (sys.executable, "-m", "benchmarks.server.model", str(tokens), str(rate))
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield process.stdout.readline().strip() if process.stdout else ""
    finally:
        process.kill()
        process.wait()


def word() -> str:
    """Return a word that says when it was made, in microseconds since 1970."""
    return f"at{time.time() * 1e6:.0f} "


def chunk(kind: str, **more: Any) -> bytes:
    """Return an event of a stream as it goes over the wire."""
    data = json.dumps({"type": kind, "sequence_number": 0, **more})
    event = f"event: {kind}\ndata: {data}\n\n".encode()
    return b"%x\r\n%s\r\n" % (len(event), event)


class Answer:
    """A stream under way."""

    def __init__(self, writer: asyncio.StreamWriter, tokens: int) -> None:
        self._writer = writer
        self._left = tokens
        self._said: list[str] = []
        self.ended = asyncio.Event()
        started = {**_RESPONSE, "status": "in_progress", "output": []}
        writer.write(_HEAD + chunk("response.created", response=started))

    def say(self, word: str, piece: bytes) -> None:
        """Send a word, and the end after the last one."""
        self._said.append(word)
        self._left -= 1
        if self._writer.is_closing():
            self.ended.set()
            return
        self._writer.write(piece if self._left else piece + self._ending())
        if not self._left:
            self.ended.set()

    def _ending(self) -> bytes:
        part = {"type": "output_text", "text": "".join(self._said), "annotations": []}
        item = {"id": "msg_1", "type": "message", "role": "assistant", "content": [part]}
        count = len(self._said)
        usage = {
            "input_tokens": 10,
            "output_tokens": count,
            "total_tokens": count + 10,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens_details": {"reasoning_tokens": 0},
        }
        done = {**_RESPONSE, "status": "completed", "output": [item], "usage": usage}
        return (
            chunk("response.output_item.done", output_index=0, item=item)
            + chunk("response.completed", response=done)
            + b"0\r\n\r\n"
        )


class Group:
    """Answers that get their words in the same moments."""

    def __init__(self) -> None:
        self.answers: set[Answer] = set()

    def say(self) -> None:
        """Send all of them a word."""
        said = word()
        piece = chunk("response.output_text.delta", delta=said, **_PLACE)
        for answer in self.answers:
            answer.say(said, piece)
        self.answers = {answer for answer in self.answers if not answer.ended.is_set()}

    async def pace(self, begin: float, rate: float) -> None:
        """Say something so many times a second."""
        number = 0
        while True:
            await asyncio.sleep(begin + number / rate - time.monotonic())
            self.say()
            number += 1


async def serve(tokens: int, rate: float) -> None:
    """Answer every request with a stream, over connections that stay."""
    groups = [Group() for _ in range(GROUPS)]
    now = time.monotonic()
    pacing = [
        asyncio.create_task(group.pace(now + number / GROUPS / rate, rate))
        for number, group in enumerate(groups)
        if rate
    ]
    turns = cycle(groups)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                if head.startswith(b"get "):
                    writer.write(_NOT_FOUND)
                    continue
                length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
                await reader.readexactly(length)
                answer, group = Answer(writer, tokens), next(turns)
                group.answers.add(answer)
                while not rate and not answer.ended.is_set():
                    group.say()
                await answer.ended.wait()
                if b"connection: close" in head:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()

    listener = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    sys.stdout.write(f"http://127.0.0.1:{port}/v1\n")
    sys.stdout.flush()
    await asyncio.gather(listener.serve_forever(), *pacing)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2])))
