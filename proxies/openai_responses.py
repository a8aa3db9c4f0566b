"""Speaks for a GPT model, at OpenAI or at Azure OpenAI, through the Responses API."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import httpx2
from openai import AsyncOpenAI, BaseModel

from conversation.errors import NotConfigured
from conversation.signals import Finished, Sent, Signal
from conversation.turns import Turn
from proxies.failures import cut_off, reading_stream, unreadable
from proxies.openai_errors import provider_errors
from proxies.openai_request import PROVIDER, request_for
from proxies.openai_signals import NAME, Raw, signals_in, signals_of
from proxies.retry import DEFAULT_POLICY, RetryPolicy


class OpenAIResponses:
    """Asks a GPT model; everything it needs to know goes with every request."""

    name = PROVIDER

    def __init__(
        self, client: AsyncOpenAI, *, retry: RetryPolicy, answer_timeout: httpx2.Timeout
    ) -> None:
        """Speak through `client`; `answer_timeout` is for answers that are not streamed."""
        self._client = client
        self._retry = retry
        self._answer_timeout = answer_timeout
        self._secrets = (client.api_key,)

    async def respond(self, turn: Turn) -> AsyncGenerator[Signal, None]:
        """Send `turn` and yield the model's signals; cancelling the reader cancels the request."""
        yield Sent()
        async with aclosing(self._retry.signals(lambda: self._attempt(turn))) as signals:
            async for signal in signals:
                yield signal

    async def aclose(self) -> None:
        """Close connections."""
        await self._client.close()

    async def _attempt(self, turn: Turn) -> AsyncGenerator[Signal, None]:
        """Send one request; an answer that stops without its end was cut off."""
        finished = False
        async with aclosing(self._streamed(turn) if turn.stream else self._whole(turn)) as signals:
            async for signal in signals:
                finished = isinstance(signal, Finished)
                yield signal
        if not finished:
            raise cut_off(NAME)

    async def _streamed(self, turn: Turn) -> AsyncGenerator[Signal, None]:
        request = request_for(turn)
        with provider_errors(self._secrets):
            stream = await self._client.responses.create(**request, stream=True)
        with reading_stream(NAME), provider_errors(self._secrets):
            async with stream:
                async for event in stream:
                    for signal in signals_in(_raw(event), self._secrets):
                        yield signal

    async def _whole(self, turn: Turn) -> AsyncGenerator[Signal, None]:
        request = request_for(turn)
        with provider_errors(self._secrets):
            response = await self._client.responses.create(**request, timeout=self._answer_timeout)
            for signal in signals_of(_raw(response), self._secrets):
                yield signal


def connect(
    *,
    api_key: str,
    base_url: str | None = None,
    timeout: float = 120.0,
    answer_timeout: float = 600.0,
    connect_timeout: float = 5.0,
    retry: RetryPolicy = DEFAULT_POLICY,
) -> OpenAIResponses:
    """Return a proxy for OpenAI, or for what speaks like it at `base_url` (with its `/v1`).

    `timeout` is the longest silence inside a stream: a reasoning model may think for a minute or
    two without a word. An answer that is not streamed is all silence until it is complete, and
    has `answer_timeout`. All in seconds.
    """
    if not api_key:
        raise NotConfigured(f"There is no API key for {NAME}.")
    with provider_errors((api_key,)):
        client = AsyncOpenAI(
            api_key=api_key,
            base_url=base_url,
            timeout=httpx2.Timeout(timeout, connect=connect_timeout),
            max_retries=0,
        )
    whole = httpx2.Timeout(answer_timeout, connect=connect_timeout)
    return OpenAIResponses(client, retry=retry, answer_timeout=whole)


def _raw(said: object) -> Raw:
    """Return what the SDK received, with the API's own names and nothing added."""
    if not isinstance(said, BaseModel):
        raise unreadable(NAME)
    return said.to_dict(mode="json", warnings=False)
