"""What keeps web pages and other computers from an API that needs no key.

A page that somebody opens can send requests to this computer, under a name that it makes resolve
to it, too. So the name in `Host` must be ours, a foreign `Origin` is refused, and so is what a
page may send without asking first: a body that is not said to be JSON. With keys none of this is
needed: a page does not know them.
"""

import ipaddress
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from server.asgi import state_of
from server.assistants_api.errors import ApiError
from server.keys import OPEN

LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")

_HOST: Final = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[^:\[\]]+)(:\d+)?", re.IGNORECASE)
_JSON: Final = re.compile(r"application/([a-z0-9.-]+\+)?json", re.IGNORECASE)


class Guarded:
    """Serves this computer's own programs alone, unless the request has brought a key."""

    def __init__(
        self, app: ASGIApp, hosts: Iterable[str] = (), origins: Iterable[str] = ()
    ) -> None:
        self._app = app
        self._hosts = frozenset(LOOPBACK) | frozenset(hosts)
        self._origins = frozenset(origins) - {"*"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or answer why not."""
        if scope["type"] == "http" and scope["path"] not in OPEN:
            try:
                self._check(scope)
            except ApiError as refusal:
                await refusal.answer()(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        if state_of(scope).get("key_id") is not None:
            return
        headers = Headers(scope=scope)
        if not _is_near(scope.get("client")):
            raise _refused("Without API keys, this server answers programs on its own computer.")
        self._check_host(headers.get("host", ""))
        self._check_origin(headers)
        _check_type(headers)

    def _check_host(self, given: str) -> None:
        host = _HOST.fullmatch(given)
        if host is None or host["name"].lower() not in self._hosts:
            raise _refused(f"This server does not answer to the host '{given[:100]}'.")

    def _check_origin(self, headers: Headers) -> None:
        origin = headers.get("origin")
        if origin is None or origin.lower() in self._origins:
            return
        if urlsplit(origin).netloc.lower() != headers["host"].lower():
            raise _refused(f"This server does not answer pages of '{origin[:100]}'.")


def is_loopback(host: str) -> bool:
    """Tell whether an address or a name is this computer's own, for itself alone."""
    if host.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _is_near(client: tuple[str, int] | None) -> bool:
    return client is None or is_loopback(client[0])  # a Unix socket has no address


def _check_type(headers: Headers) -> None:
    has_body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    kind = headers.get("content-type", "").partition(";")[0].strip()
    if has_body and not _JSON.fullmatch(kind):
        text = "Without API keys, a request's body must be JSON, with the header"
        raise ApiError(415, f"{text} 'Content-Type: application/json'.")


def _refused(text: str) -> ApiError:
    return ApiError(403, text, code="forbidden")
