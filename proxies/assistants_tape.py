"""What of an exchange with an Assistants API server is kept: the request that asks the model.

The thread's messages go out before it, with a request of their own; they are shown with it.
"""

import json
import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2
from openai import DefaultAsyncHttpxClient

from proxies.assistants_request import Body
from proxies.assistants_signals import Raw
from proxies.tape import show_request, show_response

_ASKS: Final = re.compile(r".*/runs(/[^/]+/submit_tool_outputs)?")
_POLLS: Final = re.compile(r".*/runs/[^/]+")

_messages: ContextVar[list[Body] | None] = ContextVar("_messages", default=None)
_polled: ContextVar[bool] = ContextVar("_polled", default=False)


@dataclass(frozen=True, slots=True)
class Shown:
    """A request as it is shown."""

    method: str
    url: object
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of a run in the end, however many answers it took to learn it."""

    body: Raw
    status_code: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The body as JSON."""
        return json.dumps(self.body)


def goes_with(messages: list[Body]) -> None:
    """Have these messages shown with the run that this task begins next."""
    _messages.set(messages)


def shows_polls() -> None:
    """Have shown, too, how this task polls a run from now on."""
    _polled.set(True)


def http_client() -> DefaultAsyncHttpxClient:
    """Return a client that shows what is said to models, and what they say."""
    hooks: dict[str, list[Any]] = {"request": [_show_request], "response": [_show_response]}
    return DefaultAsyncHttpxClient(event_hooks=hooks)


async def _show_request(request: httpx2.Request) -> None:
    if _is_shown(request):
        begins = request.url.path.endswith("/runs")
        await show_request(_with_messages(request) if begins else request)


async def _show_response(response: httpx2.Response) -> None:
    if _is_shown(response.request):
        await show_response(response)


def _is_shown(request: httpx2.Request) -> bool:
    if request.method == "POST":
        return bool(_ASKS.fullmatch(request.url.path))
    return _polled.get() and bool(_POLLS.fullmatch(request.url.path))


def _with_messages(request: httpx2.Request) -> Shown:
    body = {**json.loads(request.content), "thread": {"messages": _messages.get()}}
    content = json.dumps(body).encode()
    return Shown(request.method, request.url, request.headers, content)
