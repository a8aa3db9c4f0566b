"""Speaks for a model behind any OpenAI-compatible `/chat/completions`: Ollama, vLLM, Mistral, ...

What such a server can do is found out by asking: where it rejects native tools, they are described
in words from then on, and what it does not know is not sent again.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import Any, Final

import httpx2
from openai import AsyncAzureOpenAI, AsyncOpenAI, BaseModel, Omit

from conversation.signals import Requested, Responded, Saying, Signal
from conversation.turns import Turn
from proxies.abilities import CHOICE, FORMAT, ROLES, Abilities, ToolMode
from proxies.ahead import sent
from proxies.chat_prompted import Scanner, prompted_request, repair_request
from proxies.chat_request import Body, request_for
from proxies.chat_roles import plain
from proxies.chat_signals import Answer, Raw
from proxies.failures import cut_off, reading_stream, unreadable
from proxies.headroom import Meter
from proxies.in_words import with_choice_in_words, with_format_in_words
from proxies.openai_body import as_it_is, streamed, whole_in
from proxies.openai_errors import answered, provider_errors, said_in
from proxies.openai_listing import http_client, models_at
from proxies.retry import DEFAULT_POLICY, RetryPolicy
from proxies.tape import Tape

_KEYLESS: Final = "none"
_OPENAIS: Final = ("OpenAI-Organization", "OpenAI-Project")


class OpenAIChat:
    """Asks a model through `/chat/completions`; everything goes with every request."""

    def __init__(
        self,
        client: AsyncOpenAI,
        *,
        name: str,
        label: str,
        tools: ToolMode,
        retry: RetryPolicy,
        answer_timeout: httpx2.Timeout,
        secrets: tuple[str, ...] = (),
        meter: Meter | None = None,
        lists: bool = True,
    ) -> None:
        """Speak through `client`; `label` is how people know the server.

        `meter` gets what is told of limits; `lists` tells that the server's list is what it has.
        """
        self.name = name
        self._client = client
        self._label = label
        self._retry = retry
        self._answer_timeout = answer_timeout
        self._secrets = secrets
        # The SDK wants a key; a server without keys may not want to see one. What else the SDK
        # finds in the environment is OpenAI's alone.
        left_out = _OPENAIS if secrets else (*_OPENAIS, "Authorization")
        self._headers: Body = {"extra_headers": {name: Omit() for name in left_out}}
        self._abilities = Abilities.of_chat(tools)
        self._meter = meter or Meter()
        self._lists = lists

    async def respond(self, turn: Turn) -> AsyncGenerator[Signal, None]:
        """Send `turn` and yield the model's signals; cancelling the reader cancels the request."""
        attempts = self._retry.signals(lambda: self._attempt(turn))
        async with aclosing(sent(attempts)) as signals:
            async for signal in signals:
                yield signal

    async def models(self) -> tuple[str, ...]:
        """Return the chat models that the server lists."""
        return await models_at(self._client, self._headers) if self._lists else ()

    async def aclose(self) -> None:
        """Close connections."""
        await self._client.close()

    def _attempt(self, turn: Turn) -> AsyncGenerator[Signal, None]:
        """Send the turn; once more without whatever the server turns out not to know."""
        return self._abilities.asking(turn, lambda: self._asked(turn))

    def _asked(self, turn: Turn) -> AsyncGenerator[Signal, None]:
        """Put into words what the model does not take otherwise."""
        turn = self._abilities.shown(turn)
        if not self._abilities.takes(FORMAT, turn):
            turn = with_format_in_words(turn)
        if not (turn.tools and self._abilities.prompts(turn)):
            worded = turn if self._abilities.takes(CHOICE, turn) else with_choice_in_words(turn)
            return self._answer(request_for(worded, self.name), turn, Answer(self.name))
        if turn.tool_choice.mode == "none":
            return self._answer(prompted_request(turn), turn, Answer(self.name))
        return self._prompted(turn)

    async def _prompted(self, turn: Turn) -> AsyncGenerator[Signal, None]:
        """Ask with the tools in words, and read calls from the text."""
        answer = Answer(self.name)
        scanner = Scanner(frozenset(tool.name for tool in turn.tools))
        async with aclosing(self._answer(prompted_request(turn), turn, answer)) as signals:
            async for signal in signals:
                for told in scanner.heard(signal):
                    yield told
        for told in scanner.rest():
            yield told
        if scanner.broken and not scanner.calls:
            async with aclosing(self._mended(turn, answer, scanner)) as signals:
                async for signal in signals:
                    yield signal
        else:
            for told in scanner.left():
                yield told
        for told in scanner.ending(answer.reason, answer.used):
            yield told

    async def _mended(
        self, turn: Turn, answer: Answer, scanner: Scanner
    ) -> AsyncGenerator[Signal, None]:
        """Have a call that can't be read written once more; if that fails, too, it was text."""
        block, problem = scanner.broken or ("", "")
        second, again = Answer(self.name), Scanner(scanner.names)
        request = repair_request(turn, "".join(answer.text), problem)
        async with aclosing(self._answer(request, turn, second)) as signals:
            async for signal in signals:
                list(again.heard(signal))
                if isinstance(signal, Requested | Responded):
                    yield signal
        list(again.rest())
        scanner.calls += again.calls
        if second.used:
            answer.used = second.used + answer.used if answer.used else second.used
        if not again.calls:
            yield Saying(block)

    def _answer(self, request: Body, turn: Turn, answer: Answer) -> AsyncGenerator[Signal, None]:
        """Send one request and read what comes into `answer`; without an end it was cut off."""
        tape = Tape(self._secrets, said_in, partial(self._meter.read, turn.model))
        return tape.signals(self._read(request, turn, answer, tape))

    async def _read(
        self, request: Body, turn: Turn, answer: Answer, tape: Tape
    ) -> AsyncGenerator[Signal, None]:
        with provider_errors(self._secrets, self._label):
            try:
                async with aclosing(self._chunks(request, turn)) as chunks:
                    async for chunk in chunks:
                        tape.piece()
                        for signal in answer.signals_in(chunk):
                            yield signal
            finally:
                tape.body = answer.body
            for signal in answer.ending():
                yield signal
        if not answer.finish:
            raise cut_off(self._label)

    async def _chunks(self, request: Body, turn: Turn) -> AsyncGenerator[Raw, None]:
        asked = self._abilities.fitted(request, turn) | self._headers
        if not self._abilities.takes(ROLES, turn):
            asked["messages"] = plain(asked["messages"])
        with provider_errors(self._secrets, self._label):
            if not turn.stream:
                whole = await self._client.chat.completions.create(
                    **as_it_is(asked), timeout=self._answer_timeout
                )
                yield answered(_raw(whole, self._label), self._secrets, self._label)
                return
            counted = self._abilities.counted(turn)
            chunks = await streamed(self._client, "/chat/completions", asked | counted)
        with reading_stream(self._label), provider_errors(self._secrets, self._label):
            async with chunks:
                if whole := await whole_in(chunks):
                    yield answered(_raw(whole, self._label), self._secrets, self._label)
                async for chunk in chunks:
                    yield _raw(chunk, self._label)


def connect(
    *,
    name: str = "compatible",
    label: str = "The server",
    base_url: str,
    api_key: str | None = None,
    tools: ToolMode = "auto",
    timeout: float = 120.0,
    answer_timeout: float = 600.0,
    connect_timeout: float = 5.0,
    retry: RetryPolicy = DEFAULT_POLICY,
    meter: Meter | None = None,
) -> OpenAIChat:
    """Return a proxy for the server at `base_url` (which ends in `/v1` at most servers).

    `timeout` is the longest silence inside a stream, `answer_timeout` the wait for an answer that
    is not streamed; both in seconds. Without `api_key` none is sent.
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
    whole = httpx2.Timeout(answer_timeout, connect=connect_timeout)
    return OpenAIChat(
        client,
        name=name,
        label=label,
        tools=tools,
        retry=retry,
        answer_timeout=whole,
        secrets=secrets,
        meter=meter,
    )


def connect_azure(
    *,
    name: str = "azure",
    label: str = "Azure OpenAI",
    endpoint: str,
    api_key: str,
    api_version: str,
    timeout: float = 120.0,
    answer_timeout: float = 600.0,
    connect_timeout: float = 5.0,
    retry: RetryPolicy = DEFAULT_POLICY,
    meter: Meter | None = None,
) -> OpenAIChat:
    """Return a proxy for Azure OpenAI's dated API, where a model's name is its deployment's."""
    with provider_errors((api_key,), label):
        client = AsyncAzureOpenAI(
            azure_endpoint=endpoint,
            api_key=api_key,
            api_version=api_version,
            timeout=httpx2.Timeout(timeout, connect=connect_timeout),
            max_retries=0,
            http_client=http_client(),
        )
    whole = httpx2.Timeout(answer_timeout, connect=connect_timeout)
    return OpenAIChat(
        client,
        name=name,
        label=label,
        tools="native",
        retry=retry,
        answer_timeout=whole,
        secrets=(api_key,),
        meter=meter,
        lists=False,  # it would be of models, not of deployments
    )


def _raw(said: Any, label: str) -> Raw:
    """Return what the SDK received, with the server's own names and nothing added."""
    if isinstance(said, BaseModel):
        return said.to_dict(mode="json", warnings=False)
    if not isinstance(said, dict):
        raise unreadable(label)
    return said
