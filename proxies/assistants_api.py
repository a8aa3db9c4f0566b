"""Speaks for the models of any Assistants API server: another Parley, or who still has that API.

State is ours here, too: each exchange gets a thread of its own on the remote side, with the whole
conversation, and leaves nothing behind. Only while functions run here does the remote run wait.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import Final

import httpx2
from openai import AsyncOpenAI

from conversation.signals import Signal
from conversation.turns import Turn
from proxies.ahead import sent
from proxies.assistants_exchange import Exchange
from proxies.assistants_left import Assistants, Leftovers
from proxies.assistants_remote import Remote
from proxies.assistants_request import PROVIDER
from proxies.assistants_run import RemoteRun
from proxies.assistants_tape import http_client
from proxies.headroom import Meter
from proxies.openai_errors import provider_errors, said_in
from proxies.retry import DEFAULT_POLICY, RetryPolicy
from proxies.tape import Tape

_KEYLESS: Final = "none"
_BRIEF: Final = 30.0


class AssistantsAPI:
    """Asks a model by a run of an assistant, streamed or polled."""

    name = PROVIDER

    def __init__(
        self,
        remote: Remote,
        *,
        assistant_id: str | None = None,
        retry: RetryPolicy,
        answer_timeout: float,
        meter: Meter | None = None,
    ) -> None:
        """Speak through `remote`, with an assistant of its own or with those that are made.

        `answer_timeout` is how long a run may take that is polled; `meter` gets what is told of
        limits.
        """
        self._remote = remote
        self._assistants = Assistants(remote, assistant_id)
        self._leftovers = Leftovers(remote)
        self._retry = retry
        self._answer_timeout = answer_timeout
        self._meter = meter or Meter()

    async def respond(self, turn: Turn) -> AsyncGenerator[Signal, None]:
        """Send `turn` and yield the model's signals; cancelling the reader cancels the run."""
        exchange = self._exchange(turn)
        attempts = self._retry.signals(exchange.attempt)
        try:
            async with aclosing(sent(attempts)) as signals:
                async for signal in signals:
                    yield signal
        finally:
            exchange.close()

    async def models(self) -> tuple[str, ...]:
        """Return the chat models that the server lists."""
        return await self._remote.models()

    async def aclose(self) -> None:
        """Tidy up, as far as that goes quickly, and close connections."""
        await self._leftovers.aclose()
        await self._assistants.delete()
        await self._remote.aclose()

    def _exchange(self, turn: Turn) -> Exchange:
        run = RemoteRun(
            turn,
            remote=self._remote,
            assistants=self._assistants,
            leftovers=self._leftovers,
        )
        return Exchange(
            run,
            self._leftovers,
            label=self._remote.label,
            secrets=self._remote.secrets,
            tape=lambda: Tape(self._remote.secrets, said_in, partial(self._meter.read, turn.model)),
            longest=self._answer_timeout,
        )


def connect(
    *,
    label: str = "The Assistants API server",
    base_url: str,
    api_key: str | None = None,
    assistant_id: str | None = None,
    timeout: float = 120.0,
    answer_timeout: float = 600.0,
    connect_timeout: float = 5.0,
    retry: RetryPolicy = DEFAULT_POLICY,
    meter: Meter | None = None,
) -> AssistantsAPI:
    """Return a proxy for the server at `base_url` (which ends in `/v1` at most servers).

    `assistant_id` is an assistant there; without one they are made as they are needed. `timeout`
    is the longest silence inside a stream, `answer_timeout` the time a polled run may take; both
    in seconds. Without `api_key` none is sent.
    """
    secrets = (api_key,) if api_key else ()
    with provider_errors(secrets, label):
        client = AsyncOpenAI(
            api_key=api_key or _KEYLESS,
            base_url=base_url,
            timeout=httpx2.Timeout(timeout, connect=connect_timeout),
            max_retries=0,
            http_client=http_client(),
        )
    brief = httpx2.Timeout(min(timeout, _BRIEF), connect=connect_timeout)
    remote = Remote(client, label=label, secrets=secrets, brief=brief)
    return AssistantsAPI(
        remote,
        assistant_id=assistant_id,
        retry=retry,
        answer_timeout=answer_timeout,
        meter=meter,
    )
