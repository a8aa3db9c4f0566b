"""Requests that are carried out once, however often they are sent: `Idempotency-Key`.

An answer is kept before it is sent, and given again to who asks with the same key for the same.
A stream is not kept: who asks again is told which run it was of. What failed here, or was refused
for now, may be tried again with the same key. Keys belong to a project and are kept for a day.
"""

import asyncio
import hashlib
import logging
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from conversation.api_ports import Once
from conversation.errors import ParleyError
from conversation.ports import Store
from conversation.records import DEFAULT_PROJECT
from server.asgi import (
    is_post,
    is_stream,
    run_in,
    said_again,
    state_of,
    thread_in,
    whole_body,
)
from server.assistants_api.errors import ApiError, translated

logger: Final = logging.getLogger(__name__)

_LONGEST: Final = 255
_PASSING: Final = frozenset({401, 403, 408, 409, 413, 429})
"""What may be answered otherwise the next time; so may anything from 500 on."""

_KEPT: Final = timedelta(days=1)
_SWEPT: Final = timedelta(hours=1)
_GIVEN_UP: Final = timedelta(minutes=5)
"""After which time without an answer its process must have died."""

_OTHER: Final = (
    "Keys for idempotent requests can only be used with the same request that they were first "
    "used with. Try another Idempotency-Key if you meant to send another request."
)
_UNDER_WAY: Final = (
    "A request with this Idempotency-Key is being carried out. Please try again in a moment."
)
_STREAMED: Final = (
    "The request with this Idempotency-Key was answered with a stream, which is not sent again. "
    "It is about the run '{}' of the thread '{}': retrieve that, or send the request with another "
    "Idempotency-Key."
)
_UNKNOWN: Final = (
    "A request with this Idempotency-Key was begun, but never answered: it may or may not have "
    "been carried out. Look whether it was, and use another Idempotency-Key to send it again."
)


class Idempotent:
    """Carries out a POST with an `Idempotency-Key` once."""

    def __init__(self, app: ASGIApp, store: Store) -> None:
        self._app = app
        self._store = store
        self._swept_at: datetime | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or answer what was answered before."""
        key = Headers(scope=scope).get("idempotency-key", "") if is_post(scope) else ""
        if not key:
            await self._app(scope, receive, send)
            return
        body = await whole_body(receive)
        if body is None:
            return
        try:
            once, answer = await self._begin(scope, key, body)
        except ApiError as refusal:
            await refusal.answer()(scope, receive, send)
        except ParleyError as error:
            await translated(error, Request(scope)).answer()(scope, receive, send)
        else:
            if answer is not None:
                await answer(scope, receive, send)
            else:
                await self._carry_out(once, scope, said_again(body, receive), send)

    async def _begin(self, scope: Scope, key: str, body: bytes) -> tuple[Once, Response | None]:
        if len(key) > _LONGEST:
            raise ApiError(400, f"An Idempotency-Key has at most {_LONGEST} characters.")
        once = Once(
            project_id=state_of(scope).get("project_id", DEFAULT_PROJECT),
            key=key,
            fingerprint=_fingerprint(scope, body),
            created_at=datetime.now(UTC),
        )
        self._sweep(once.created_at)
        before = await asyncio.wrap_future(self._store.begin_once(once))
        return once, None if before is None else _answered(once, before)

    def _sweep(self, now: datetime) -> None:
        if self._swept_at is None or now - self._swept_at > _SWEPT:
            self._swept_at = now
            _unwaited(self._store.sweep_once(before=now - _KEPT))

    async def _carry_out(self, once: Once, scope: Scope, receive: Receive, send: Send) -> None:
        keeping = _Keeping(once, self._store, send)
        try:
            await self._app(scope, receive, keeping)
        except Exception:
            keeping.end()
            raise
        keeping.end()  # not when cancelled: nobody knows then how far it came


@dataclass(slots=True)
class _Keeping:
    """Sends an answer once it is kept."""

    once: Once
    store: Store
    send: Send
    start: Message | None = None
    body: bytearray = field(default_factory=bytearray)
    streams: bool = False
    settled: bool = False

    async def __call__(self, message: Message) -> None:
        """Keep what is to be kept, and send what can be sent."""
        if message["type"] == "http.response.start":
            self.start = message
            self.streams = is_stream(message)
            if self.streams:
                await self.send(message)
        elif self.streams:
            await self._look_for_run(message)
            await self.send(message)
        else:
            self.body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._answer()

    def end(self) -> None:
        """Free the key if nothing came of the request."""
        if not self.settled:
            self.settled = True
            _unwaited(self.store.forget_once(self.once.project_id, self.once.key))

    async def _look_for_run(self, message: Message) -> None:
        piece = message.get("body", b"")
        run_id = None if self.settled else run_in(piece)
        if run_id:
            refusal = ApiError(400, _STREAMED.format(run_id, thread_in(piece))).answer()
            await self._finish(400, bytes(refusal.body))

    async def _answer(self) -> None:
        assert self.start is not None  # noqa: S101 - ASGI sends it first
        status = self.start["status"]
        if status < 500 and status not in _PASSING:
            await self._finish(status, bytes(self.body))
        elif Headers(raw=self.start["headers"]).get("x-should-retry") == "false":
            self.settled = True  # it may have been carried out: the key stays as it is
        else:
            self.end()
        await self.send(self.start)
        await self.send({"type": "http.response.body", "body": bytes(self.body)})

    async def _finish(self, status: int, body: bytes) -> None:
        self.settled = True
        kept = self.store.finish_once(self.once.project_id, self.once.key, status, body.decode())
        try:
            await asyncio.wrap_future(kept)
        except ParleyError as error:
            logger.warning("an answer could not be kept: %s", error)


def _fingerprint(scope: Scope, body: bytes) -> str:
    head = f"{scope['method']} {scope['path']}?".encode() + scope["query_string"] + b"\n"
    return hashlib.sha256(head + body).hexdigest()


def _answered(once: Once, before: Once) -> Response:
    if before.fingerprint != once.fingerprint:
        raise ApiError(400, _OTHER, code="idempotency_key_reused")
    if before.status is None:
        if once.created_at - before.created_at > _GIVEN_UP:
            raise ApiError(400, _UNKNOWN, code="idempotency_unknown")
        raise ApiError(409, _UNDER_WAY, code="idempotency_key_in_use", headers={"Retry-After": "1"})
    headers = {"idempotent-replayed": "true"}
    return Response(before.body, before.status, headers, media_type="application/json")


def _unwaited(write: Future[Any]) -> None:
    """Let a write be done some time; say so if it is not."""
    write.add_done_callback(_looked_at)


def _looked_at(done: Future[Any]) -> None:
    if error := done.exception():
        logger.warning("an idempotency key could not be freed: %s", error)
