"""What stands before the routes, in order; each part alone is described where it is."""

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from conversation.ports import Store
from server.guards import Guarded
from server.idempotency import Idempotent
from server.keys import Keyed, Keys
from server.limits import BodyLimit, RequestRate, RunsAtOnce
from setup.settings import Settings

_EXPOSED = (
    "x-request-id",
    "openai-poll-after-ms",
    "retry-after",
    "idempotent-replayed",
    "x-ratelimit-limit-requests",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-reset-requests",
)


def protection(store: Store, wanted: Settings, keys: Keys | None = None) -> list[Middleware]:
    """Return the middleware that the settings want, the first one outermost."""
    known = keys or Keys(store, wanted.api_keys)
    origins = wanted.server_cors_origins
    parts = [
        Middleware(Keyed, known),
        Middleware(Guarded, wanted.server_allowed_hosts, origins),
    ]
    if origins:
        parts.insert(0, _cors(origins))
    if wanted.server_requests_per_minute:
        parts.append(Middleware(RequestRate, wanted.server_requests_per_minute))
    parts.append(Middleware(BodyLimit, wanted.server_max_body_bytes))
    parts.append(Middleware(Idempotent, store))
    if wanted.server_runs_at_once:
        parts.append(Middleware(RunsAtOnce, wanted.server_runs_at_once, store))
    return parts


def _cors(origins: tuple[str, ...]) -> Middleware:
    return Middleware(
        CORSMiddleware,
        allow_origins=origins,
        allow_methods=["GET", "POST", "DELETE"],
        allow_headers=["*"],
        expose_headers=_EXPOSED,
    )
