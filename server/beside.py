"""The API beside the pages: routes for `st.App`, over the core that the pages have, too.

The pages are to be there quickly, so what the API stands on is loaded at its first request.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from conversation.errors import ParleyError
from server.assistants_api.answers import Envelope, error_answer
from server.leaving import Closing, leaving


class Beside:
    """The API, made at the first request, and tried again while its core can't be opened."""

    def __init__(self) -> None:
        self._app: ASGIApp | None = None
        self._making = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        serve = self._app or Envelope(self._first)
        await serve(scope, receive, send)

    async def _first(self, scope: Scope, receive: Receive, send: Send) -> None:
        serve: ASGIApp
        try:
            serve = await self._made()
        except ParleyError as error:
            text = f"{error} {error.hint}".rstrip()
            serve = error_answer(503, text, code=error.code, kind="server_error")
        await serve(scope, receive, send)

    async def _made(self) -> ASGIApp:
        async with self._making:
            if self._app is None:
                self._app = await asyncio.to_thread(_make)
            return self._app


def api_routes() -> list[BaseRoute]:
    """Return routes that hand all under `/v1` to the API, which finds the whole path there."""
    return [Route("/v1/{rest:path}", Beside())]


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """Close the core when the pages' server ends, whichever door has opened it."""
    async with leaving(_opened):
        yield


def _make() -> ASGIApp:
    from server.app import create_app
    from server.protection import protection
    from setup.bootstrap import core
    from setup.settings import settings

    opened, wanted = core(), settings()
    guards = protection(opened.store, wanted)
    return create_app(opened, model_map=wanted.model_map, middleware=guards)


def _opened() -> Closing | None:
    from setup.bootstrap import opened

    return opened()
