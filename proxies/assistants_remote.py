"""An Assistants API server, request by request: raw JSON comes out, and errors of ours."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractContextManager, aclosing, suppress
from typing import Any, Final

import httpx2
import openai
from openai import AsyncOpenAI, AsyncStream, BaseModel, Omit

from conversation.errors import ProviderError
from proxies.assistants_request import Body
from proxies.assistants_signals import STANDING, Raw
from proxies.failures import reading_stream, unreadable
from proxies.openai_errors import provider_errors
from proxies.openai_listing import models_at

_POLL_AFTER: Final = "openai-poll-after-ms"
_USUAL_WAIT: Final = 1.0
_LEAST_WAIT, _MOST_WAIT = 0.02, 10.0
_OPENAIS: Final = ("OpenAI-Organization", "OpenAI-Project")
_MARK: Final = {"made_by": "parley"}


def is_gone(error: ProviderError) -> bool:
    """Tell whether a server does not know what it was asked for."""
    return isinstance(error.__cause__, openai.NotFoundError)


async def read_on(events: AsyncIterator[object], patience: float) -> None:
    """Read what is left, for so many seconds; what then waits is cancelled.

    Left in the middle, the SDK's generators would close each other in any order.
    """
    with suppress(TimeoutError, ValueError, ProviderError, openai.APIError, httpx2.HTTPError):
        async with asyncio.timeout(patience):
            async for _ in events:
                pass


class Remote:
    """One server. `brief` is the time-out of requests that no model has to answer."""

    def __init__(
        self, client: AsyncOpenAI, *, label: str, secrets: tuple[str, ...], brief: httpx2.Timeout
    ) -> None:
        self.label = label
        self.secrets = secrets
        self._client = client
        # The SDK loads these when first used, which takes a second: that is not for the loop.
        self._assistants, self._threads = client.beta.assistants, client.beta.threads
        self._messages, self._runs = self._threads.messages, self._threads.runs
        # The SDK wants a key; a server without keys may not want to see one.
        left_out = _OPENAIS if secrets else (*_OPENAIS, "Authorization")
        self._headers: dict[str, Any] = {name: Omit() for name in left_out}
        self._brief: Body = {"extra_headers": self._headers, "timeout": brief}

    async def models(self) -> tuple[str, ...]:
        """Return the chat models that the server lists."""
        return await models_at(self._client, {"extra_headers": self._headers})

    async def aclose(self) -> None:
        """Close connections."""
        await self._client.close()

    # assistants and threads

    async def make_assistant(self, model: str) -> str:
        """Return the id of a new assistant."""
        with self._errors():
            made = await self._assistants.create(model=model, metadata=_MARK, **self._brief)
            return self._id(made)

    async def tools_of(self, assistant_id: str) -> list[Body]:
        """Return the tools of an assistant."""
        with self._errors():
            found = await self._assistants.retrieve(assistant_id, **self._brief)
            return list(self._raw(found).get("tools") or ())

    async def delete_assistant(self, assistant_id: str) -> None:
        """Delete an assistant."""
        with self._errors():
            await self._assistants.delete(assistant_id, **self._brief)

    async def make_thread(self, messages: list[Body]) -> str:
        """Return the id of a new thread with these messages."""
        asked: Body = {"messages": messages}
        with self._errors():
            return self._id(await self._threads.create(**asked, metadata=_MARK, **self._brief))

    async def delete_thread(self, thread_id: str) -> None:
        """Delete a thread."""
        with self._errors():
            await self._threads.delete(thread_id, **self._brief)

    async def messages(self, thread_id: str, run_id: str) -> list[Raw]:
        """Return what a run has said, oldest first."""
        with self._errors():
            page = await self._messages.list(
                thread_id, run_id=run_id, order="asc", limit=100, **self._brief
            )
            listed = [self._raw(message) for message in page.data]
        # Not every server filters.
        return [message for message in listed if message.get("run_id", run_id) == run_id]

    # runs

    async def start(self, thread_id: str, body: Body) -> AsyncGenerator[Raw, None]:
        """Begin a run and yield its events; without a stream, the run as it stands."""
        with self._errors():
            asked = {**body, "extra_headers": self._headers}
            answer = await self._runs.create(thread_id, **asked)
        async with aclosing(self._events(answer)) as events:
            async for event in events:
                yield event

    async def submit(
        self, thread_id: str, run_id: str, outputs: list[Body], *, stream: bool
    ) -> AsyncGenerator[Raw, None]:
        """Give a run what its calls gave, and yield its events likewise."""
        asked: Body = {"tool_outputs": outputs, "extra_headers": self._headers}
        asked |= {"stream": True} if stream else {}
        with self._errors():
            answer = await self._runs.submit_tool_outputs(run_id, thread_id=thread_id, **asked)
        async with aclosing(self._events(answer)) as events:
            async for event in events:
                yield event

    async def run(self, thread_id: str, run_id: str) -> tuple[Raw, float]:
        """Return a run as it stands, and when the server wants to be asked again, in seconds."""
        with self._errors():
            runs = self._runs.with_raw_response
            response = await runs.retrieve(run_id, thread_id=thread_id, **self._brief)
            return self._raw(response.parse()), _wait(response.headers.get(_POLL_AFTER, ""))

    async def runs(self, thread_id: str) -> list[Raw]:
        """Return a thread's runs, newest first."""
        with self._errors():
            page = await self._runs.list(thread_id, order="desc", limit=20, **self._brief)
            return [self._raw(run) for run in page.data]

    async def cancel(self, thread_id: str, run_id: str) -> None:
        """Stop a run."""
        with self._errors():
            await self._runs.cancel(run_id, thread_id=thread_id, **self._brief)

    # beneath

    async def _events(self, answer: object) -> AsyncGenerator[Raw, None]:
        if not isinstance(answer, AsyncStream):
            yield {"event": STANDING, "data": self._raw(answer)}
            return
        with reading_stream(self.label), self._errors():
            async with answer:
                events = aiter(answer)
                try:
                    async for event in events:
                        yield self._raw(event)
                finally:
                    await read_on(events, 0.0)

    def _errors(self) -> AbstractContextManager[None]:
        return provider_errors(self.secrets, self.label)

    def _raw(self, said: object) -> Raw:
        """Return what the SDK received, with the server's own names and nothing added."""
        if not isinstance(said, BaseModel):
            raise unreadable(self.label)
        return said.to_dict(mode="json", warnings=False)

    def _id(self, made: object) -> str:
        name = self._raw(made).get("id")
        if not (name and isinstance(name, str)):
            raise unreadable(self.label)
        return name


def _wait(told: str) -> float:
    wait = int(told) / 1000 if told.isdecimal() else _USUAL_WAIT
    return min(max(wait, _LEAST_WAIT), _MOST_WAIT)
