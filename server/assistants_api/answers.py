"""What every answer has: its JSON laid out as clients know it, its headers, and an end to faults.

`Envelope` is the outermost middleware: whatever goes wrong beneath it is logged and answered there.
"""

import logging
import secrets
import time
from typing import Any, Final

from pydantic import BaseModel, TypeAdapter
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger: Final = logging.getLogger(__name__)

VERSION: Final = "2020-10-01"

_JSON: Final = TypeAdapter[Any](Any)

_FAULT: Final = (
    "The server had an error processing your request. Sorry about that! You can retry your "
    "request, or ask whoever runs this server and give them the request ID {}."
)


class PrettyJson(JSONResponse):
    """JSON with two spaces of indent."""

    def render(self, content: Any) -> bytes:
        """Return `content` as JSON."""
        return _JSON.dump_json(content, indent=2)


def error_answer(
    status: int,
    message: str,
    *,
    param: str | None = None,
    code: str | None = None,
    kind: str = "invalid_request_error",
    headers: dict[str, str] | None = None,
) -> Response:
    """Return an error in OpenAI's shape."""
    details = ErrorDetails(message=message, type=kind, param=param, code=code)
    body = ErrorObject(error=details).model_dump()
    return PrettyJson(body, status_code=status, headers=headers)


class ErrorDetails(BaseModel):
    """What went wrong: a sentence, its sort, the parameter it is about, and a code."""

    message: str
    type: str
    param: str | None
    code: str | None


class ErrorObject(BaseModel):
    """An error."""

    error: ErrorDetails


class Envelope:
    """Gives each answer its headers; turns a fault into an answer that tells nothing of it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sender = _Sender(send)
        scope.setdefault("state", {})["request_id"] = sender.request_id
        try:
            await self._app(scope, receive, sender)
        except Exception:
            logger.exception("%s: %s %s", sender.request_id, scope["method"], scope["path"])
            if sender.begun:
                raise  # the client sees its connection end
            message = _FAULT.format(sender.request_id)
            await error_answer(500, message, kind="server_error")(scope, receive, sender)


class EmptyBodies:
    """Takes a POST without a body for one of an empty object: no SDK means anything else by it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        bare = scope["type"] == "http" and scope["method"] == "POST" and _is_bare(scope)
        await self._app(scope, _empty_object(receive) if bare else receive, send)


def _is_bare(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    return headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers


def _empty_object(receive: Receive) -> Receive:
    told = False

    async def told_first() -> Message:
        nonlocal told
        message = await receive()
        if told or message["type"] != "http.request":
            return message
        told = True
        return {"type": "http.request", "body": b"{}", "more_body": False}

    return told_first


class _Sender:
    """Sends one answer, and knows whether that has begun."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._since = time.monotonic()
        self.request_id = f"req_{secrets.token_hex(16)}"
        self.begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            headers = MutableHeaders(scope=message)
            headers["x-request-id"] = self.request_id
            headers["openai-version"] = VERSION
            headers["openai-processing-ms"] = str(round((time.monotonic() - self._since) * 1000))
        await self._send(message)
