"""Speaks for a Gemini model, by API key or through Vertex AI."""

import asyncio
import math
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from functools import partial
from typing import Any, Final

import httpx
from google import genai
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError
from google.genai import types

from conversation.errors import NotConfigured, ProviderError
from conversation.signals import Signal
from conversation.turns import Turn
from proxies.abilities import FORMAT, THINKING, Abilities
from proxies.ahead import sent
from proxies.failures import reading_stream
from proxies.gemini_errors import provider_errors, said_in
from proxies.gemini_request import PROVIDER, config_for, contents_for
from proxies.gemini_signals import NAME, Answer
from proxies.headroom import Meter
from proxies.in_words import with_format_in_words
from proxies.model_lists import PATIENCE, gemini_models
from proxies.redact import redacted
from proxies.retry import DEFAULT_POLICY, RetryPolicy
from proxies.tape import Tape, show_request, show_response

_PAGE: Final = 1000


class GeminiProxy:
    """Asks a Gemini model; everything it needs to know goes with every request."""

    name = PROVIDER

    def __init__(
        self,
        client: genai.Client,
        http: httpx.AsyncClient,
        *,
        retry: RetryPolicy,
        answer_timeout: float,
        secrets: tuple[str, ...] = (),
        meter: Meter | None = None,
    ) -> None:
        """Speak through `client`, which uses `http`, within `answer_timeout` if not streamed.

        `meter` gets what is told of limits.
        """
        self._client = client  # kept: when it is collected, its connections close
        self._http = http
        self._retry = retry
        self._answer_timeout = answer_timeout
        self._secrets = secrets
        self._meter = meter or Meter()
        self._abilities = Abilities.of_gemini()

    async def respond(self, turn: Turn) -> AsyncGenerator[Signal, None]:
        """Send `turn` and yield the model's signals; cancelling the reader cancels the request."""
        attempts = self._retry.signals(lambda: self._attempt(turn))
        async with aclosing(sent(attempts)) as signals:
            async for signal in signals:
                yield signal

    async def models(self) -> tuple[str, ...]:
        """Return the Gemini models that Google lists."""
        try:
            async with asyncio.timeout(PATIENCE):
                with provider_errors(self._secrets):
                    return gemini_models([name async for name in self._listed()])
        except (TimeoutError, ProviderError):
            return ()

    async def aclose(self) -> None:
        """Close connections."""
        await self._http.aclose()
        await self._client.aio.aclose()
        self._client.close()

    def _attempt(self, turn: Turn) -> AsyncGenerator[Signal, None]:
        """Send the turn; once more without whatever the model turns out not to take."""
        return self._abilities.asking(turn, lambda: self._asked(turn))

    def _asked(self, turn: Turn) -> AsyncGenerator[Signal, None]:
        tape = Tape(self._secrets, said_in, partial(self._meter.read, turn.model))
        return tape.signals(self._answer(turn, tape))

    async def _listed(self) -> AsyncGenerator[str, None]:
        """Yield the names of all models that answer at all; Vertex AI does not say which do."""
        config = types.ListModelsConfig(page_size=_PAGE)
        async for model in await self._client.aio.models.list(config=config):
            actions = model.supported_actions
            if model.name and (not actions or "generateContent" in actions):
                yield model.name

    async def _answer(self, turn: Turn, tape: Tape) -> AsyncGenerator[Signal, None]:
        answer = Answer(one_call=not turn.sampling.parallel_tool_calls)
        request = self._request(turn)
        with reading_stream(NAME, lambda: answer.begun), provider_errors(self._secrets):
            try:
                async with aclosing(self._chunks(request, turn.stream)) as chunks:
                    async for chunk in chunks:
                        tape.piece()
                        for signal in answer.signals_in(chunk):
                            yield signal
            finally:
                tape.body = answer.body() if turn.stream else None
            for signal in answer.ending():
                yield signal

    async def _chunks(
        self, request: dict[str, Any], stream: bool
    ) -> AsyncGenerator[types.GenerateContentResponse, None]:
        models = self._client.aio.models
        if not stream:
            yield await models.generate_content(**request)
            return
        async for chunk in await models.generate_content_stream(**request):
            yield chunk

    def _request(self, turn: Turn) -> dict[str, Any]:
        turn = self._abilities.shown(turn)
        takes = partial(self._abilities.takes, turn=turn)
        config = config_for(turn if takes(FORMAT) else with_format_in_words(turn))
        for name in ("temperature", "top_p", THINKING):
            if not takes(name):
                setattr(config, name, None)
        if not turn.stream:
            config.http_options = types.HttpOptions(timeout=_milliseconds(self._answer_timeout))
        return {"model": turn.model, "contents": contents_for(turn), "config": config}


def connect(
    *,
    api_key: str | None = None,
    base_url: str | None = None,
    vertexai: bool = False,
    project: str | None = None,
    location: str | None = None,
    credentials: Credentials | None = None,
    timeout: float = 120.0,
    answer_timeout: float = 600.0,
    connect_timeout: float = 5.0,
    retry: RetryPolicy = DEFAULT_POLICY,
    meter: Meter | None = None,
) -> GeminiProxy:
    """Return a proxy for Gemini by `api_key`, or with `vertexai` for a project and a location.

    Without `credentials` Vertex AI uses those of the machine. `base_url` has no version in it.
    `timeout` is the longest silence inside a stream: a thinking model may be silent for a minute
    or two. An answer that is not streamed is all silence until it is complete, and has
    `answer_timeout`. All in seconds.
    """
    http = _http_client(connect_timeout)
    options = types.HttpOptions(
        base_url=base_url,
        timeout=_milliseconds(timeout),
        # Else the SDK tells the server to give up after `timeout`, however well it goes.
        headers={"X-Server-Timeout": str(math.ceil(answer_timeout))},
        httpx_async_client=http,
    )
    with _complete_settings():
        client = genai.Client(
            vertexai=vertexai,
            api_key=api_key,
            project=project,
            location=location,
            credentials=credentials,
            http_options=options,
        )
    secrets = (api_key,) if api_key else ()
    return GeminiProxy(
        client, http, retry=retry, answer_timeout=answer_timeout, secrets=secrets, meter=meter
    )


@contextmanager
def _complete_settings() -> Iterator[None]:
    """Say what is missing when the SDK can't make a client of the settings."""
    try:
        yield
    except (ValueError, GoogleAuthError) as error:
        raise NotConfigured(f"{NAME} is not set up: {redacted(str(error))}") from error


def _http_client(connect_timeout: float) -> httpx.AsyncClient:
    """Return a client of ours, so that aiohttp is never used: its time-out is for the whole."""

    async def connect_soon(request: httpx.Request) -> None:
        # The SDK has one time-out for everything; connecting deserves a shorter one.
        request.extensions["timeout"]["connect"] = connect_timeout

    return httpx.AsyncClient(
        follow_redirects=True,
        # httpx itself would let the 101st answer wait for one of a hundred to end.
        limits=httpx.Limits(max_connections=1000, max_keepalive_connections=100),
        event_hooks={"request": [connect_soon, show_request], "response": [show_response]},
    )


def _milliseconds(seconds: float) -> int:
    return math.ceil(seconds * 1000)
