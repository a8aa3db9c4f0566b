"""Handing a request to the SDK as it is, and taking what it streams as it came."""

import json
from typing import Any, Final

from openai import AsyncOpenAI, AsyncStream

_OPTIONS: Final = frozenset({"model", "extra_headers", "extra_query", "timeout"})
_NAMES: Final = {"extra_headers": "headers", "extra_query": "params", "timeout": "timeout"}
_REQUIRED: Final[dict[str, Any]] = {"messages": []}


def as_it_is(request: dict[str, Any]) -> dict[str, Any]:
    """Return the SDK's arguments that send `request` without looking through it.

    It would take every message apart for what may have to be encoded, which is nothing here: 0.6 ms
    of the event loop for each message of the thread, at every request.
    """
    options = {name: value for name, value in request.items() if name in _OPTIONS}
    body = {name: value for name, value in request.items() if name not in _OPTIONS}
    required = {name: value for name, value in _REQUIRED.items() if name in request}
    return options | required | {"extra_body": body}


async def streamed(client: AsyncOpenAI, path: str, request: dict[str, Any]) -> AsyncStream[object]:
    """Send `request` to be answered as a stream, whose events are JSON as it came.

    The SDK would make an object of each, and we would take those apart again: a third of the
    processor time that a piece of text needs.
    """
    named = [(_NAMES[name], value) for name, value in request.items() if name in _NAMES]
    options: Any = {**dict(named), "security": {"bearer_auth": True}}
    body = {name: value for name, value in request.items() if name not in _NAMES}
    return await client.post(
        path,
        cast_to=object,
        body={**body, "stream": True},
        options=options,
        stream=True,
        stream_cls=AsyncStream[object],
    )


async def whole_in(stream: AsyncStream[object]) -> object:
    """Return the one answer of a server that does not stream, though asked to; None for events.

    Events under the wrong label are still there to be read.
    """
    if not stream.response.headers.get("content-type", "").startswith("application/json"):
        return None
    body = await stream.response.aread()
    try:
        return json.loads(body)
    except ValueError:
        return None
