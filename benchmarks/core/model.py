"""A model server in a process of its own, so that its work is not taken for ours.

    python -m benchmarks.core.model TOKENS DELAY

It streams TOKENS words, DELAY seconds apart, to every request of the Responses API. It prints its
address when it is ready, and the time whenever a client has left in the middle of a stream.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

HEAD: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
)
NOT_FOUND: Final = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


@dataclass(frozen=True)
class Model:
    """A running model server, seen from outside."""

    process: "subprocess.Popen[str]"
    base_url: str

    def left(self) -> float:
        """Wait until the next client has left; return when, in seconds since 1970."""
        return float(self.process.stdout.readline() if self.process.stdout else "")

    def settings(self) -> dict[str, str]:
        """Return the settings that lead to it."""
        return {"openai_api_key": "sk-bench", "openai_base_url": self.base_url}


@contextmanager
def model_server(tokens: int, delay: float) -> Iterator[Model]:
    """Run one."""
    command = (sys.executable, "-m", "benchmarks.core.model", str(tokens), str(delay))
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield Model(process, process.stdout.readline().strip() if process.stdout else "")
    finally:
        process.kill()
        process.wait()


def events(tokens: int) -> list[bytes]:
    """Return the stream, an event each."""
    response = {"id": "resp_1", "object": "response", "created_at": 0, "model": "m", "output": []}
    started = {**response, "status": "in_progress"}
    words = [f"word{number} " for number in range(tokens)]
    part = {"type": "output_text", "text": "".join(words), "annotations": []}
    item = {"id": "msg_1", "type": "message", "role": "assistant", "content": [part]}
    usage = {
        "input_tokens": 10,
        "output_tokens": tokens,
        "total_tokens": tokens + 10,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens_details": {"reasoning_tokens": 0},
    }
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0, "logprobs": []}
    bodies: list[dict[str, Any]] = [
        {"type": "response.created", "response": started},
        {"type": "response.in_progress", "response": started},
        *({"type": "response.output_text.delta", "delta": word, **place} for word in words),
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {
            "type": "response.completed",
            "response": {**response, "status": "completed", "output": [item], "usage": usage},
        },
    ]
    return [
        f"event: {body['type']}\ndata: {json.dumps({**body, 'sequence_number': n})}\n\n".encode()
        for n, body in enumerate(bodies)
    ]


async def stream_to(writer: asyncio.StreamWriter, stream: list[bytes], delay: float) -> None:
    """Send all but the end of the answer."""
    writer.write(HEAD)
    for event in stream:
        if delay and b"output_text.delta" in event:
            await asyncio.sleep(delay)
        writer.write(b"%x\r\n%s\r\n" % (len(event), event))
        await writer.drain()


async def heard_out(reader: asyncio.StreamReader, sending: "asyncio.Task[None]") -> bool:
    """Wait until all is sent; False where the client left before."""
    leaving = asyncio.create_task(reader.read(1))
    await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
    at = time.time()
    stayed = sending.done() and sending.exception() is None
    leaving.cancel()
    sending.cancel()
    await asyncio.gather(sending, leaving, return_exceptions=True)
    if not stayed:
        sys.stdout.write(f"{at}\n")
        sys.stdout.flush()
    return stayed


async def serve(tokens: int, delay: float) -> None:
    """Answer every request with the stream, over connections that stay."""
    stream = events(tokens)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                if head.startswith(b"get "):
                    writer.write(NOT_FOUND)
                    continue
                length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
                await reader.readexactly(length)
                sending = asyncio.create_task(stream_to(writer, stream, delay))
                if not await heard_out(reader, sending):
                    break
                writer.write(b"0\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()

    listener = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    sys.stdout.write(f"http://127.0.0.1:{port}/v1\n")
    sys.stdout.flush()
    await listener.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2])))
