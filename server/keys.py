"""Who may use the API: as soon as there is a key, every request has to bring one.

Keys come from the settings and from the database. What the database has is looked up every few
seconds, so that a key which another process makes or revokes counts here soon, too.
"""

import asyncio
import hmac
import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from conversation.api_ports import ApiKey
from conversation.errors import ParleyError
from conversation.ports import Store
from conversation.records import DEFAULT_PROJECT
from server.asgi import state_of
from server.assistants_api.errors import ApiError, translated
from setup.keys import digest_of

logger: Final = logging.getLogger(__name__)

OPEN: Final = frozenset({"/", "/v1", "/v1/", "/health", "/docs", "/openapi.json", "/favicon.ico"})
"""The paths that nobody needs a key for."""

_FRESH: Final = 2.0
"""For how many seconds keys are taken for what the database has."""

_NOTED: Final = timedelta(minutes=1)
_SHOWN: Final = 4
_NO_KEY: Final = (
    "You didn't provide an API key. You need to provide your API key in an Authorization header "
    "using Bearer auth (i.e. Authorization: Bearer YOUR_KEY)."
)
_WRONG_KEY: Final = (
    "Incorrect API key provided: {}. "
    "You can find your API key at https://platform.openai.com/account/api-keys."
)


class Keys:
    """The keys that count now."""

    def __init__(
        self,
        store: Store,
        configured: Iterable[ApiKey] = (),
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._configured = tuple(configured)
        self._clock = clock
        self._kept: tuple[ApiKey, ...] = ()
        self._read_at: float | None = None
        self._reading = asyncio.Lock()
        self._used: dict[str, datetime] = {}

    async def wanted(self) -> bool:
        """Tell whether requests need a key."""
        return bool(self._configured) or bool(await self._current())

    async def find(self, key: str) -> ApiKey | None:
        """Return whose key this is."""
        digest = digest_of(key)
        found = _same(digest, self._configured) or _same(digest, await self._current())
        if found is None:  # it may have been made a moment ago
            new = await asyncio.to_thread(self._store.key, digest)
            found = _same(digest, [new] if new else [])
        return found

    def note_use(self, key: ApiKey) -> None:
        """Write down, once a minute and without waiting for it, that a key is in use."""
        now = datetime.now(UTC)
        before = self._used.get(key.id) or key.used_at
        if key in self._configured or (before and now - before < _NOTED):
            return
        self._used[key.id] = now
        self._store.key_used(key.id, now).add_done_callback(_noted)

    async def _current(self) -> tuple[ApiKey, ...]:
        async with self._reading:
            if self._read_at is None or self._clock() - self._read_at >= _FRESH:
                every = await asyncio.to_thread(self._store.keys)
                self._kept = tuple(key for key in every if key.revoked_at is None)
                self._read_at = self._clock()
            return self._kept


class Keyed:
    """Lets those in who have a key, for their project alone; everybody while there are none."""

    def __init__(self, app: ASGIApp, keys: Keys) -> None:
        self._app = app
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or answer why not."""
        if scope["type"] == "http" and scope["path"] not in OPEN:
            try:
                await self._admit(scope)
            except ApiError as refusal:
                await refusal.answer()(scope, receive, send)
                return
            except ParleyError as error:
                await translated(error, Request(scope)).answer()(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _admit(self, scope: Scope) -> None:
        state = state_of(scope)
        state["project_id"], state["key_id"] = DEFAULT_PROJECT, None
        if await self._keys.wanted():
            key = await self._key(Headers(scope=scope).get("authorization", ""))
            state["project_id"], state["key_id"] = key.project_id, key.id

    async def _key(self, authorization: str) -> ApiKey:
        scheme, _, given = authorization.partition(" ")
        given = given.strip()
        if scheme.lower() != "bearer" or not given:
            raise _refused(_NO_KEY)
        key = await self._keys.find(given)
        if key is None:
            raise _refused(_WRONG_KEY.format(masked(given)))
        self._keys.note_use(key)
        return key


def masked(key: str) -> str:
    """Return as much of a key as its owner knows it by, and nobody else can use."""
    if len(key) < 4 * _SHOWN:
        return "*" * min(len(key), _SHOWN)
    return f"{key[:_SHOWN]}{'*' * 8}{key[-_SHOWN:]}"


def _refused(text: str) -> ApiError:
    headers = {"WWW-Authenticate": "Bearer"}
    return ApiError(401, text, code="invalid_api_key", headers=headers)


def _same(digest: str, keys: Iterable[ApiKey]) -> ApiKey | None:
    """Return the key with this digest, in a time that tells nothing of the others."""
    same = [key for key in keys if hmac.compare_digest(key.digest, digest)]
    return same[0] if same else None


def _noted(done: Future[None]) -> None:
    if error := done.exception():
        logger.warning("the use of a key could not be noted: %s", error)
