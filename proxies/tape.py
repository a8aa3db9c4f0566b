"""What goes over the wire while a model is asked, told as signals between the others.

A provider's SDK makes the requests; its HTTP client shows them here, by the two hooks below. They
reach the attempt they belong to by a context variable: the attempt runs in a task of its own.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from contextvars import ContextVar
from typing import Any, Final, Protocol

from conversation.errors import ProviderError
from conversation.signals import Finished, Requested, Responded, Signal
from proxies.bodies import Body
from proxies.kept import kept, parsed
from proxies.redact import Secrets, address, secrets_in

_SECRET_HEADERS: Final = ("authorization", "proxy-authorization", "x-goog-api-key", "api-key")

_AHEAD: Final = 4

_current: ContextVar["Tape"] = ContextVar("_current")


class HttpRequest(Protocol):
    """What is read of a request; both of the HTTP clients' have it."""

    @property
    def method(self) -> str: ...  # noqa: D102
    @property
    def url(self) -> object: ...  # noqa: D102
    @property
    def headers(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def content(self) -> bytes: ...  # noqa: D102


class HttpResponse(Protocol):
    """What is read of a response; both of the HTTP clients' have it."""

    @property
    def status_code(self) -> int: ...  # noqa: D102
    @property
    def headers(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def text(self) -> str: ...  # noqa: D102


async def show_request(request: HttpRequest) -> None:
    """Put a request on the tape of the attempt that makes it; an HTTP client's hook."""
    if tape := _current.get(None):
        tape.sending(request)


async def show_response(response: HttpResponse) -> None:
    """Put a response on the tape of the attempt that gets it; an HTTP client's hook."""
    if tape := _current.get(None):
        tape.receiving(response)
        tape.reading(Body(response))


class Tape:
    """One attempt to ask a model: its signals, its request and its response.

    An attempt that is streamed says with `piece` and `body` what has come so far; other bodies
    are taken as they came. `said_in` finds in a failure what a provider said inside a stream,
    `heard` sees each response as soon as its headers are there.
    """

    def __init__(
        self,
        secrets: tuple[str, ...],
        said_in: Callable[[ProviderError], object],
        heard: Callable[[HttpResponse], None] = lambda response: None,
    ) -> None:
        self.body: object = None
        self._said_in = said_in
        self._heard = heard
        self._secrets = secrets
        self._pieces = 0
        self._sent = False
        self._response: HttpResponse | None = None
        self._bodies: list[Body] = []
        self._queue: asyncio.Queue[Signal | None] = asyncio.Queue()

    async def signals(self, attempt: AsyncGenerator[Signal, None]) -> AsyncGenerator[Signal, None]:
        """Yield what `attempt` yields, `Requested` when it asks and `Responded` before its end.

        Leaving, however it happens, cancels the task that reads: some connections close only so.
        """
        reader = asyncio.create_task(self._read(attempt))
        try:
            while (signal := await self._queue.get()) is not None:
                yield signal
            await reader
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    def piece(self) -> None:
        """Count a piece of a stream."""
        self._pieces += 1

    def sending(self, request: HttpRequest) -> None:
        """Tell the request; where it is redirected to is none of ours."""
        if self._sent:
            return
        self._sent = True
        url = str(request.url)
        credentials = [request.headers.get(name, "") for name in _SECRET_HEADERS]
        spoken = [word for value in credentials for word in value.split()[-1:]]
        self._secrets = (*self._secrets, *spoken, *secrets_in(url))
        told = {"method": request.method, "url": address(url), "body": parsed(request.content)}
        self._queue.put_nowait(Requested(self._kept(told)))

    def receiving(self, response: HttpResponse) -> None:
        """Take a response whose body is still to come."""
        self._response = response
        self._heard(response)

    def reading(self, body: Body) -> None:
        """Close `body` when the attempt ends, however much of it was read."""
        self._bodies.append(body)

    async def _read(self, attempt: AsyncGenerator[Signal, None]) -> None:
        _current.set(self)
        try:
            async with aclosing(attempt) as signals:
                async for signal in signals:
                    if isinstance(signal, Finished):
                        self._tell_response()
                    self._queue.put_nowait(signal)
                    if self._queue.qsize() > _AHEAD:  # what has arrived is told before more is read
                        await asyncio.sleep(0)
        except ProviderError as error:
            self._tell_response(self._said_in(error))
            raise
        finally:
            self._queue.put_nowait(None)
            for body in self._bodies:
                await body.aclose()

    def _tell_response(self, failure: object = None) -> None:
        if not self._sent:
            return
        response, self._sent = self._response, False
        told = None if response is None else self._kept(self._received(response, failure))
        self._queue.put_nowait(Responded(told))

    def _received(self, response: HttpResponse, failure: object) -> dict[str, Any]:
        try:
            body = response.text
        except RuntimeError:  # it was read piece by piece
            told = {"status": response.status_code, "pieces": self._pieces, "body": self.body}
            return told | ({"error": failure} if failure else {})
        return {"status": response.status_code, "body": parsed(body)}

    def _kept(self, told: dict[str, Any]) -> str:
        return kept(told, Secrets(self._secrets))
