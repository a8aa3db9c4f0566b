"""A scriptable HTTP server in a thread, on which the pretended providers stand.

    with OpenAIServer(token_delay=0.01) as server:
        server.script(Answer(text="Hello."), failure(429, "rate_limit_exceeded"))
        ... point a client at server.base_url ...
        server.requests[0].body["input"]
        server.offers({"data": [{"id": "a-model"}]})
        server.listings[0].headers["authorization"]

Each request takes the next step of the script; when there is none left, what `always` was given,
or else the server's own idea of a good answer. Every connection serves one request, so a client
that closes its connection is noticed at once: `request.client_left` is set.
"""

import asyncio
import json
import socket
import struct
import threading
from collections import deque
from dataclasses import dataclass, field, replace
from enum import Enum
from types import TracebackType
from typing import Any, ClassVar, Final, Generic, Self, TypeVar
from urllib.parse import parse_qsl

Json = dict[str, Any]
AnswerT = TypeVar("AnswerT")


class Break(Enum):
    """What may go wrong with a connection; as a reply's first piece, before its status line."""

    STALL = "nothing more comes, until the client leaves"
    CUT = "the connection is closed"
    RESET = "the connection is reset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What goes over the wire, piece by piece."""

    pieces: tuple[bytes | Break, ...]
    status: int = 200
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it arrived; `client_left` is set when the client went before the end."""

    path: str
    headers: dict[str, str]
    body: Json
    client_left: threading.Event = field(default_factory=threading.Event)
    method: str = "POST"
    version: str = "HTTP/1.1"


class Rejected(Exception):
    """A request that the real provider would not accept."""


def json_reply(body: object, *, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    """Return a whole JSON answer."""
    return Reply(pieces=(json.dumps(body).encode(),), status=status, headers=headers or {})


def broken(how: Break) -> Reply:
    """Return an answer that breaks before its first byte."""
    return Reply(pieces=(how,))


_NOTHING: Final = json_reply({"error": {"message": "Not found."}}, status=404)


class ProviderServer(Generic[AnswerT]):
    """What the pretended providers share; they add how an answer looks on their wire."""

    path: ClassVar[str] = ""

    def __init__(self, *, token_delay: float = 0.0, port: int = 0) -> None:
        """Wait `token_delay` seconds before each piece of a stream; at any free port, or one."""
        self.token_delay = token_delay
        self.requests: list[Request] = []
        self.listings: list[Request] = []
        self.headers: dict[str, str] = {}
        self.rejections: list[str] = []
        self._steps: deque[AnswerT | Reply] = deque()
        self._always: AnswerT | Reply | None = None
        self._offered = _NOTHING
        self._open: set[asyncio.StreamWriter] = set()
        self._port = port
        self._news = threading.Condition()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._port

    @property
    def base_url(self) -> str:
        """The address to give to a client."""
        return f"http://127.0.0.1:{self._port}{self.path}"

    def script(self, *steps: AnswerT | Reply) -> None:
        """Say what the next requests get, one step each."""
        self._steps.extend(steps)

    def always(self, step: AnswerT | Reply | None) -> None:
        """Say what requests get when the script is over; None for the server's own idea."""
        self._always = step

    def offers(self, body: object) -> None:
        """Say what who asks for the models gets: a body, or a whole reply."""
        self._offered = body if isinstance(body, Reply) else json_reply(body)

    def forget(self) -> None:
        """Begin anew: no script, no requests, no models, no headers of our own."""
        self.headers = {}
        self._steps.clear()
        self._always = None
        self._offered = _NOTHING
        self.requests.clear()
        self.listings.clear()
        self.rejections.clear()

    def await_request(self, count: int = 1, timeout: float = 5.0) -> Request:
        """Wait until so many requests have arrived; return the last of them."""
        with self._news:
            if not self._news.wait_for(lambda: len(self.requests) >= count, timeout):
                raise TimeoutError(f"{len(self.requests)} of {count} requests came.")
        return self.requests[count - 1]

    def await_quiet(self, timeout: float = 5.0) -> None:
        """Wait until no connection is open."""
        with self._news:
            if not self._news.wait_for(lambda: not self._open, timeout):
                raise TimeoutError(f"{len(self._open)} connections are still open.")

    def check(self, request: Request) -> None:
        """Raise `Rejected` for what the real provider would not accept."""
        raise NotImplementedError

    def improvise(self, request: Request) -> AnswerT:
        """Return a plausible answer."""
        raise NotImplementedError

    def perform(self, answer: AnswerT, request: Request) -> Reply:
        """Return how an answer looks on the wire."""
        raise NotImplementedError

    def reject(self, reason: str) -> Reply:
        """Return the provider's 400."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def _run(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        listener = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = listener.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        listener.close()
        await asyncio.sleep(0.01)  # what has just been accepted is closed, too
        for writer in self._open:
            writer.close()
        await asyncio.sleep(0.01)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            request = await _read(reader)
            reply = self._listed(request) if request.method == "GET" else self._reply_to(request)
            sending = asyncio.create_task(self._send(writer, reply, request.version))
            leaving = asyncio.create_task(reader.read(1))
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
            # A write may notice before the read does.
            if not sending.done() or sending.exception():
                request.client_left.set()
            sending.cancel()
            leaving.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # a client that connects and says nothing
        finally:
            writer.close()
            with self._news:
                self._open.discard(writer)
                self._news.notify_all()

    def _listed(self, request: Request) -> Reply:
        with self._news:
            self.listings.append(request)
            self._news.notify_all()
        known = request.path.partition("?")[0].endswith("/models")
        return self._offered if known else _NOTHING

    def _reply_to(self, request: Request) -> Reply:
        with self._news:
            self.requests.append(request)
            self._news.notify_all()
        try:
            self.check(request)
        except (Rejected, KeyError) as rejected:
            self.rejections.append(str(rejected))
            return self.reject(str(rejected))
        step = self._steps.popleft() if self._steps else self._always
        if isinstance(step, Reply):
            return step
        return self.perform(step or self.improvise(request), request)

    async def _send(self, writer: asyncio.StreamWriter, reply: Reply, version: str) -> None:
        if reply.pieces[:1] and isinstance(reply.pieces[0], Break):
            await _break(writer, reply.pieces[0])
            return
        chunked = version != "HTTP/1.0"
        headers = {**self.headers, **reply.headers}
        writer.write(_head(replace(reply, headers=headers), chunked=chunked))
        for piece in reply.pieces:
            if isinstance(piece, Break):
                await _break(writer, piece)
                return
            await asyncio.sleep(self.token_delay)
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
            await writer.drain()
        writer.write(b"0\r\n\r\n" if chunked else b"")
        await writer.drain()


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    method, path, version = first.split(" ")
    return Request(path, headers, _body(body), method=method, version=version)


def _body(body: bytes) -> Json:
    """Return a request's JSON, or the fields of its form."""
    try:
        read: Json = json.loads(body or b"{}")
    except ValueError:
        read = dict(parse_qsl(body.decode()))
    return read


def _head(reply: Reply, *, chunked: bool) -> bytes:
    headers = {
        "Content-Type": reply.kind,
        **({"Transfer-Encoding": "chunked"} if chunked else {}),
        "Connection": "close",
        **reply.headers,
    }
    lines = [f"HTTP/1.1 {reply.status} Status", *(f"{name}: {headers[name]}" for name in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def _break(writer: asyncio.StreamWriter, how: Break) -> None:
    if how is Break.STALL:
        await asyncio.Event().wait()
    if how is Break.RESET:
        raw: socket.socket = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
