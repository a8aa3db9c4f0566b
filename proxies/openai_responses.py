"""Speaks for a GPT model, at OpenAI or at Azure OpenAI, through the Responses API."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import Any

import httpx2
from openai import AsyncOpenAI, BaseModel

from conversation.errors import NotConfigured
from conversation.signals import Finished, Signal
from conversation.turns import Turn
from proxies.abilities import Abilities
from proxies.ahead import sent
from proxies.failures import cut_off, reading_stream, unreadable
from proxies.headroom import Meter
from proxies.openai_body import as_it_is, streamed, whole_in
from proxies.openai_errors import provider_errors, said_in
from proxies.openai_listing import http_client, models_at
from proxies.openai_request import OPENAI, Maker, request_for
from proxies.openai_signals import Raw, signals_in, signals_of
from proxies.retry import DEFAULT_POLICY, RetryPolicy
from proxies.tape import Tape


class OpenAIResponses:
    """Asks a GPT model; everything it needs to know goes with every request."""

    def __init__(
        self,
        client: AsyncOpenAI,
        *,
        maker: Maker = OPENAI,
        retry: RetryPolicy,
        answer_timeout: httpx2.Timeout,
        meter: Meter | None = None,
        lists: bool = True,
    ) -> None:
        """Speak through `client`; `answer_timeout` is for answers that are not streamed.

        `meter` gets what is told of limits; `lists` tells that the provider's list is what it has.
        """
        self.name = maker.name
        self._maker = maker
        self._client = client
        self._retry = retry
        self._answer_timeout = answer_timeout
        self._secrets = (client.api_key,)
        self._abilities = Abilities.of_responses()
        self._meter = meter or Meter()
        self._lists = lists

    async def respond(self, turn: Turn) -> AsyncGenerator[Signal, None]:
        """Send `turn` and yield the model's signals; cancelling the reader cancels the request."""
        attempts = self._retry.signals(lambda: self._attempt(turn))
        async with aclosing(sent(attempts)) as signals:
            async for signal in signals:
                yield signal

    async def models(self) -> tuple[str, ...]:
        """Return the chat models that the provider lists."""
        return await models_at(self._client, {}) if self._lists else ()

    async def aclose(self) -> None:
        """Close connections."""
        await self._client.close()

    def _attempt(self, turn: Turn) -> AsyncGenerator[Signal, None]:
        """Send the turn; once more without whatever the model turns out not to take."""
        return self._abilities.asking(turn, lambda: self._asked(turn))

    def _asked(self, turn: Turn) -> AsyncGenerator[Signal, None]:
        tape = Tape(self._secrets, said_in, partial(self._meter.read, turn.model))
        return tape.signals(self._answer(turn, tape))

    async def _answer(self, turn: Turn, tape: Tape) -> AsyncGenerator[Signal, None]:
        """Send one request; an answer that stops without its end was cut off."""
        finished = False
        answer = self._streamed(turn, tape) if turn.stream else self._whole(turn)
        async with aclosing(answer) as signals:
            async for signal in signals:
                finished = isinstance(signal, Finished)
                yield signal
        if not finished:
            raise cut_off(self._maker.label)

    async def _streamed(self, turn: Turn, tape: Tape) -> AsyncGenerator[Signal, None]:
        request, label = self._request(turn), self._maker.label
        with provider_errors(self._secrets, label):
            stream = await streamed(self._client, "/responses", request)
        with reading_stream(label), provider_errors(self._secrets, label):
            async with stream:
                if whole := await whole_in(stream):
                    for signal in signals_of(_raw(whole, label), self._secrets, self._maker):
                        yield signal
                async for event in stream:
                    raw = _raw(event, label)
                    tape.piece()
                    tape.body = raw.get("response", tape.body)
                    for signal in signals_in(raw, self._secrets, self._maker):
                        yield signal

    async def _whole(self, turn: Turn) -> AsyncGenerator[Signal, None]:
        request = self._request(turn)
        with provider_errors(self._secrets, self._maker.label):
            response = await self._client.responses.create(
                **as_it_is(request), timeout=self._answer_timeout
            )
            raw = _raw(response, self._maker.label)
            for signal in signals_of(raw, self._secrets, self._maker):
                yield signal

    def _request(self, turn: Turn) -> dict[str, Any]:
        shown = self._abilities.shown(turn)
        return self._abilities.fitted(request_for(shown, self.name), turn)


def connect(
    *,
    name: str = OPENAI.name,
    label: str = OPENAI.label,
    api_key: str,
    base_url: str | None = None,
    query: dict[str, object] | None = None,
    lists: bool = True,
    timeout: float = 120.0,
    answer_timeout: float = 600.0,
    connect_timeout: float = 5.0,
    retry: RetryPolicy = DEFAULT_POLICY,
    meter: Meter | None = None,
) -> OpenAIResponses:
    """Return a proxy for OpenAI, or for what speaks like it at `base_url` (with its `/v1`).

    `name` and `label` say who that is, `query` goes with every request, and without `lists` the
    list of models there is not what can be asked.

    `timeout` is the longest silence inside a stream: a reasoning model may think for a minute or
    two without a word. An answer that is not streamed is all silence until it is complete, and
    has `answer_timeout`. All in seconds.
    """
    if not api_key:
        raise NotConfigured(f"There is no API key for {label}.")
    with provider_errors((api_key,), label):
        client = AsyncOpenAI(
            api_key=api_key,
            base_url=base_url,
            default_query=query,
            timeout=httpx2.Timeout(timeout, connect=connect_timeout),
            max_retries=0,
            http_client=http_client(),
        )
    return OpenAIResponses(
        client,
        maker=Maker(name, label),
        retry=retry,
        answer_timeout=httpx2.Timeout(answer_timeout, connect=connect_timeout),
        meter=meter,
        lists=lists,
    )


def _raw(said: object, label: str) -> Raw:
    """Return what the SDK received, with the API's own names and nothing added."""
    if isinstance(said, BaseModel):
        return said.to_dict(mode="json", warnings=False)
    if not isinstance(said, dict):
        raise unreadable(label)
    return said
