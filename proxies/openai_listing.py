"""What both ways of speaking with the openai SDK share: its HTTP client, and the list of models."""

import asyncio
from typing import Any

from openai import AsyncOpenAI, DefaultAsyncHttpxClient

from conversation.errors import ProviderError
from proxies.model_lists import PATIENCE, chat_models
from proxies.openai_errors import provider_errors
from proxies.tape import show_request, show_response


def http_client() -> DefaultAsyncHttpxClient:
    """Return a client that shows what goes over the wire."""
    hooks: dict[str, list[Any]] = {"request": [show_request], "response": [show_response]}
    return DefaultAsyncHttpxClient(event_hooks=hooks)


async def models_at(client: AsyncOpenAI, options: dict[str, Any]) -> tuple[str, ...]:
    """Return the chat models that a server lists; none when it does not say in time.

    Read as it comes: servers differ in what they say of a model, and some leave out the frame.
    """
    headers = options.get("extra_headers", {})
    try:
        async with asyncio.timeout(PATIENCE):
            with provider_errors():
                body = await client.get("/models", cast_to=object, options={"headers": headers})
    except (TimeoutError, ProviderError):
        return ()
    return chat_models(body)
