"""What our ASGI middlewares share: they look at requests and answers without holding streams up."""

import re
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope

_RUN: Final = re.compile(rb'(?:\A|\ndata: )\{\s*"id": ?"(run_[A-Za-z0-9]{24})"')
"""An object that begins with the id of a run: metadata may have such a pair, too, but not first."""

_THREAD: Final = re.compile(rb'"thread_id": ?"(thread_[A-Za-z0-9]{24})"')
_RUNS: Final = re.compile(r"(/v1)?/threads/([^/]+/)?runs/?")


def state_of(scope: Scope) -> dict[str, Any]:
    """Return what is known of a request; routes read it as `request.state`."""
    state: dict[str, Any] = scope.setdefault("state", {})
    return state


def is_post(scope: Scope) -> bool:
    """Tell whether a request is a POST over HTTP."""
    return bool(scope["type"] == "http" and scope["method"] == "POST")


def begins_run(scope: Scope) -> bool:
    """Tell whether a request asks for a new run."""
    return is_post(scope) and _RUNS.fullmatch(scope["path"]) is not None


def run_in(piece: bytes) -> str | None:
    """Return the id of the run that a piece of an answer is about."""
    found = _RUN.search(piece)
    return found[1].decode() if found else None


def thread_in(piece: bytes) -> str | None:
    """Return the id of the thread that a piece of an answer says it belongs to."""
    found = _THREAD.search(piece)
    return found[1].decode() if found else None


def is_stream(start: Message) -> bool:
    """Tell whether an answer is a stream of events."""
    return Headers(raw=start["headers"]).get("content-type", "").startswith("text/event-stream")


async def whole_body(receive: Receive) -> bytes | None:
    """Return a request's body; None when the client has gone."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


def said_again(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that begins with a body that was read before."""
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
