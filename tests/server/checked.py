"""Clients that look at every answer: whether it has what all answers have, and its own shape."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import openai

from conversation.ports import Core
from server.app import create_app
from tests.server.schemas import check_answer
from tests.server.serving import served

KEY = "sk-of-tests"

_STRICT: dict[str, Any] = {"_strict_response_validation": True}


@contextmanager
def served_core(core: Core, **options: Any) -> Iterator[str]:
    """Serve the API over a core; options are those of `create_app`; yield its address."""
    with served(create_app(core, **options)) as address:
        yield address


def http_client(address: str = "", **options: Any) -> httpx2.Client:
    """Return a client that checks every answer."""
    return httpx2.Client(
        base_url=address, trust_env=False, event_hooks={"response": [_checked]}, **options
    )


def openai_client(address: str, *, path: str = "/v1", **options: Any) -> openai.OpenAI:
    """Return OpenAI's client, which tries nothing again and takes no answer that is not exact."""
    given: dict[str, Any] = {
        "api_key": KEY,
        "max_retries": 0,
        "http_client": http_client(),
    } | options
    return openai.OpenAI(base_url=address + path, **given)


def async_openai_client(address: str, **options: Any) -> openai.AsyncOpenAI:
    """Return OpenAI's asynchronous client, which tries nothing again."""
    checking = httpx2.AsyncClient(trust_env=False, event_hooks={"response": [_checked_soon]})
    given: dict[str, Any] = {
        "api_key": KEY,
        "max_retries": 0,
        "http_client": checking,
        **_STRICT,
    } | options
    return openai.AsyncOpenAI(base_url=f"{address}/v1", **given)


def _checked(response: httpx2.Response) -> None:
    if not _streams(response):
        response.read()
    check_answer(response)


async def _checked_soon(response: httpx2.Response) -> None:
    if not _streams(response):
        await response.aread()
    check_answer(response)


def _streams(response: httpx2.Response) -> bool:
    return response.headers.get("content-type", "").startswith("text/event-stream")
