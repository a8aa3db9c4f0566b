"""The FastAPI application: the doors for programs over one core."""

from collections.abc import Mapping, Sequence
from typing import Final

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.types import Lifespan

from conversation.ports import Core
from server.assistants_api import assistants, later, messages, models, runs, steps, threads
from server.assistants_api.answers import EmptyBodies, Envelope, ErrorObject, PrettyJson
from server.assistants_api.errors import handle_errors
from server.description import Described, to_docs

_ABOUT: Final = "The Assistants API, on any model. docs/server.md tells how to use it."
_ROUTERS: Final = (
    runs.router,  # before the threads': /threads/runs is no thread
    steps.router,
    assistants.router,
    messages.router,
    threads.router,
    models.router,
    later.router,
)


def create_app(
    core: Core,
    *,
    root: bool = False,
    model_map: Mapping[str, str] | None = None,
    middleware: Sequence[Middleware] = (),
    lifespan: Lifespan[FastAPI] | None = None,
) -> FastAPI:
    """Return the API over a core, under `/v1` and, if wanted, at the root path, too.

    `model_map` are names that clients use for other models. The `middleware` given stands between
    what all answers get and the routes, the first one outermost.
    """
    app = Described(
        title="Parley",
        description=_ABOUT,
        default_response_class=PrettyJson,
        responses={"4XX": {"model": ErrorObject}, "5XX": {"model": ErrorObject}},
        middleware=[Middleware(Envelope), *middleware, Middleware(EmptyBodies)],
        redirect_slashes=False,
        strict_content_type=False,
        lifespan=lifespan,
    )
    app.state.core = core
    app.state.model_map = dict(model_map or {})
    handle_errors(app)
    app.get("/health", tags=["health"])(health)
    app.head("/health", include_in_schema=False)(health)
    for path in ("/", "/v1", "/v1/") if root else ():
        app.get(path, include_in_schema=False)(to_docs)
    for router in _ROUTERS:
        app.include_router(router, prefix="/v1")
        if root:
            app.include_router(router, include_in_schema=False)
    return app


async def health() -> dict[str, str]:
    """Tell that requests are served."""
    return {"status": "ok"}
