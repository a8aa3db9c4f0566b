"""Handing a request to the SDK as it is."""

from typing import Any, Final

_OPTIONS: Final = frozenset({"model", "extra_headers", "extra_query", "timeout"})
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
