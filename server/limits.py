"""How much may be asked for: bytes in a body, requests in a minute, runs at once."""

import asyncio
import math
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from conversation.errors import NotFound, ParleyError
from conversation.ports import Store
from conversation.records import DEFAULT_PROJECT
from server.asgi import begins_run, run_in, state_of
from server.assistants_api.errors import ApiError
from server.keys import OPEN

_MINUTE: Final = 60.0
_HEARD_OUT: Final = 10
"""How many times the limit is read of a body that is too large."""


class TooLarge(HTTPException):
    """A body over the limit, found out while it is read."""

    def __init__(self, limit: int) -> None:
        super().__init__(413, f"The request's body is larger than {limit} bytes.")


class BodyLimit:
    """Refuses bodies over so many bytes, whether or not they say their length."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or answer that it is too large."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Counted(receive, self._limit)
        try:
            self._check(Headers(scope=scope).get("content-length", ""))
            await self._app(scope, body, send)
        except TooLarge as error:
            await body.hear_out()
            await ApiError(413, error.detail).answer()(scope, receive, send)

    def _check(self, length: str) -> None:
        if length.isdecimal() and int(length) > self._limit:
            raise TooLarge(self._limit)


class _Counted:
    """Receives a body of so many bytes."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._limit = limit
        self._read = 0
        self._more = True

    async def __call__(self) -> Message:
        """Return the next piece, or raise `TooLarge`."""
        message = await self._next()
        if self._read > self._limit:
            raise TooLarge(self._limit)
        return message

    async def hear_out(self) -> None:
        """Throw the rest away, unless it is endless: who still sends does not read our answer."""
        while self._more and self._read < _HEARD_OUT * self._limit:
            await self._next()

    async def _next(self) -> Message:
        message = await self._receive()
        self._read += len(message.get("body", b""))
        self._more = message.get("more_body", False)
        return message


@dataclass(slots=True)
class Bucket:
    """Tokens that a request takes one of, and that come back evenly over a minute."""

    size: int
    tokens: float
    at: float

    def take(self, now: float) -> bool:
        """Take a token if there is one."""
        self.tokens = min(self.size, self.tokens + (now - self.at) * self.size / _MINUTE)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True

    def full_in(self, tokens: float) -> float:
        """Return in how many seconds there are so many tokens."""
        return max(0.0, (tokens - self.tokens) * _MINUTE / self.size)


class RequestRate:
    """Lets each key send so many requests a minute; they may come all at once."""

    def __init__(
        self, app: ASGIApp, per_minute: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._app = app
        self._size = per_minute
        self._clock = clock
        self._buckets: dict[str | None, Bucket] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request and say how many are left, or when the next may come."""
        if scope["type"] != "http" or scope["path"] in OPEN:
            await self._app(scope, receive, send)
            return
        bucket = self._bucket(state_of(scope).get("key_id"))
        taken = bucket.take(self._clock())
        headers = _told(bucket)
        if not taken:
            await _too_often(bucket, headers).answer()(scope, receive, send)
            return

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(headers)
            await send(message)

        await self._app(scope, receive, telling)

    def _bucket(self, key_id: str | None) -> Bucket:
        fresh = Bucket(size=self._size, tokens=self._size, at=self._clock())
        return self._buckets.setdefault(key_id, fresh)


def _told(bucket: Bucket) -> dict[str, str]:
    return {
        "x-ratelimit-limit-requests": str(bucket.size),
        "x-ratelimit-remaining-requests": str(int(bucket.tokens)),
        "x-ratelimit-reset-requests": f"{bucket.full_in(bucket.size):.3f}s",
    }


def _too_often(bucket: Bucket, headers: dict[str, str]) -> ApiError:
    wait = math.ceil(bucket.full_in(1))
    text = f"Rate limit reached: {bucket.size} requests a minute. Please try again in {wait}s."
    return _limited(text, headers | {"Retry-After": str(wait)})


def _limited(text: str, headers: dict[str, str]) -> ApiError:
    return ApiError(429, text, code="rate_limit_exceeded", type="requests", headers=headers)


class RunsAtOnce:
    """Lets each project have so many runs under way that were begun through this process."""

    def __init__(self, app: ASGIApp, limit: int, store: Store) -> None:
        self._app = app
        self._limit = limit
        self._store = store
        self._begun: defaultdict[str, set[str]] = defaultdict(set)
        self._beginning: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or answer that too many runs are under way."""
        if not begins_run(scope):
            await self._app(scope, receive, send)
            return
        project = state_of(scope).get("project_id", DEFAULT_PROJECT)
        await self._forget_ended(project)
        if len(self._begun[project]) + self._beginning[project] >= self._limit:
            text = f"Rate limit reached: {self._limit} runs at once. Please try again in 1s."
            await _limited(text, {"Retry-After": "1"}).answer()(scope, receive, send)
            return
        await self._begin(project, scope, receive, send)

    async def _begin(self, project: str, scope: Scope, receive: Receive, send: Send) -> None:
        known = False
        self._beginning[project] += 1

        async def watched(message: Message) -> None:
            nonlocal known
            run_id = None if known else run_in(message.get("body", b""))
            if run_id:
                known = True
                self._begun[project].add(run_id)
                self._beginning[project] -= 1
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            if not known:
                self._beginning[project] -= 1

    async def _forget_ended(self, project: str) -> None:
        begun = list(self._begun[project])
        ended = await asyncio.to_thread(lambda: {one for one in begun if self._has_ended(one)})
        self._begun[project] -= ended

    def _has_ended(self, run_id: str) -> bool:
        try:
            return self._store.run(run_id).ended
        except NotFound:
            return True
        except ParleyError:
            return False
