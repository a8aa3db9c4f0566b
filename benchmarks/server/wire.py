"""A client that costs next to nothing, so that what is measured is the server.

It speaks just enough HTTP: JSON over connections that stay, and streams over one of their own.
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Self
from urllib.parse import urlsplit

from benchmarks.server.model import STAMP

_TAIL: Final = 64
_END: Final = b"\r\n\r\n"


class Connection:
    """A connection on which one request follows the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def to(cls, base: str) -> Self:
        """Connect."""
        where = urlsplit(base)
        return cls(*await asyncio.open_connection(where.hostname, where.port))

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request; return the object that comes back."""
        return json.loads(await self.raw(method, path, body))

    async def raw(self, method: str, path: str, body: Any = None) -> bytes:
        """Send a request; return the body that comes back, of a stream as it is on the wire."""
        self._writer.write(request(method, path, body))
        head = await self._reader.readuntil(_END)
        if b"chunked" in head.lower():
            body_read = await self._chunks()
        else:
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            body_read = await self._reader.readexactly(length)
        if head.split(b" ", 2)[1] != b"200":
            raise RuntimeError(f"{method} {path}: {body_read.decode()}")
        return body_read

    def close(self) -> None:
        """Let go of it."""
        self._writer.close()

    async def _chunks(self) -> bytes:
        pieces = []
        while size := int(await self._reader.readline(), 16):
            pieces.append(await self._reader.readexactly(size))
            await self._reader.readexactly(2)
        await self._reader.readexactly(2)
        return b"".join(pieces)


class Listener(asyncio.Protocol):
    """Has a stream sent, and notes how old each stamp in it is when it comes."""

    def __init__(self, sent: bytes) -> None:
        self._sent = sent
        self._tail = b""
        self._newest = 0
        self.began = 0.0
        self.first: float | None = None
        self.ages: list[float] = []
        self.failed: str | None = None
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - TCP has no other
        self.began = time.time()
        transport.write(self._sent)

    def data_received(self, data: bytes) -> None:
        """Read stamps; what repeats the text at its end has only old ones."""
        now = time.time()
        data = self._tail + data
        self._tail = data[-_TAIL:]
        if not self._newest and self.failed is None and b"event: error" in data:
            self.failed = data.decode(errors="replace")
        for found in STAMP.finditer(data):
            at = int(found[1])
            if at > self._newest:
                self._newest = at
                self.first = self.first or now
                self.ages.append(now - at / 1e6)

    def connection_lost(self, exc: Exception | None) -> None:
        """Know that it is over."""
        if not self.ended.done():
            self.ended.set_result(None)

    def forget(self) -> None:
        """Begin to count anew."""
        self.ages = []


async def listen(base: str, path: str, body: Any) -> tuple[asyncio.BaseTransport, Listener]:
    """Begin a stream on a connection of its own."""
    where = urlsplit(base)
    sent = request("POST", where.path + path, body, {"Connection": "close"})
    make: Callable[[], Listener] = lambda: Listener(sent)  # noqa: E731
    loop, port = asyncio.get_running_loop(), where.port or 80
    return await loop.create_connection(make, where.hostname or "", port)


def request(method: str, path: str, body: Any, more: Mapping[str, str] | None = None) -> bytes:
    """Return a request as it goes over the wire."""
    content = b"" if body is None else json.dumps(body).encode()
    headers = {
        "Host": "127.0.0.1",
        "Content-Type": "application/json",
        "Content-Length": str(len(content)),
        "OpenAI-Beta": "assistants=v2",
        "Authorization": "Bearer none",
        **(more or {}),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + content
