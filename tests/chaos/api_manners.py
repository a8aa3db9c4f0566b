"""Two manners of asking for the same: OpenAI's client without retries, and plain HTTP with keys."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from tests.chaos.api_calls import Api

Meta = dict[str, str]
Heard = Callable[[str], None]
"""Is told the id of a run as soon as it is known."""

FUNCTIONS: Final[Sequence[dict[str, Any]]] = (
    {"type": "function", "function": {"name": "look_up"}},
    {"type": "function", "function": {"name": "launch"}},
    {
        "type": "function",
        "function": {
            "name": "ask",
            "parameters": {"type": "object", "properties": {"key": {"type": "string"}}},
        },
    },
)


class Manner(Protocol):
    """What a client asks for; each returns the id of what came of it."""

    def assistant(self, meta: Meta) -> str:
        """Make an assistant with functions."""
        ...

    def thread(self, meta: Meta, text: str | None) -> str:
        """Make a thread, with a message or without."""
        ...

    def message(self, thread_id: str, text: str) -> str:
        """Add a message."""
        ...

    def run(self, thread_id: str, assistant_id: str, meta: Meta, text: str | None) -> str:
        """Begin a run, with one more message or on what is there."""
        ...

    def stream(
        self, thread_id: str, assistant_id: str, meta: Meta, text: str | None, heard: Heard
    ) -> None:
        """Have a run streamed to its end or next wait."""
        ...

    def submit(self, thread_id: str, run_id: str, outputs: Mapping[str, str]) -> None:
        """Give the outputs of calls."""
        ...

    def cancel(self, thread_id: str, run_id: str) -> str:
        """Stop a run; return its status."""
        ...


class Sdk:
    """OpenAI's client, which tries nothing again."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def assistant(self, meta: Meta) -> str:
        """Make an assistant with functions."""
        tools: Any = FUNCTIONS
        return self._api.ask(
            lambda client: client.beta.assistants.create(model="demo", tools=tools, metadata=meta)
        ).id

    def thread(self, meta: Meta, text: str | None) -> str:
        """Make a thread, with a message or without."""
        messages: Any = _said(text)
        return self._api.ask(
            lambda client: client.beta.threads.create(messages=messages, metadata=meta)
        ).id

    def message(self, thread_id: str, text: str) -> str:
        """Add a message."""
        return self._api.ask(
            lambda client: client.beta.threads.messages.create(thread_id, role="user", content=text)
        ).id

    def run(self, thread_id: str, assistant_id: str, meta: Meta, text: str | None) -> str:
        """Begin a run, with one more message or on what is there."""
        messages: Any = _said(text)
        return self._api.ask(
            lambda client: client.beta.threads.runs.create(
                thread_id, assistant_id=assistant_id, additional_messages=messages, metadata=meta
            )
        ).id

    def stream(
        self, thread_id: str, assistant_id: str, meta: Meta, text: str | None, heard: Heard
    ) -> None:
        """Have a run streamed to its end or next wait."""
        messages: Any = _said(text)

        def listen(client: Any) -> None:
            events = client.beta.threads.runs.create(
                thread_id,
                assistant_id=assistant_id,
                additional_messages=messages,
                metadata=meta,
                stream=True,
            )
            for event in events:
                if event.event == "thread.run.created":
                    heard(event.data.id)

        self._api.ask(listen)

    def submit(self, thread_id: str, run_id: str, outputs: Mapping[str, str]) -> None:
        """Give the outputs of calls."""
        given: Any = _given(outputs)
        self._api.ask(
            lambda client: client.beta.threads.runs.submit_tool_outputs(
                run_id, thread_id=thread_id, tool_outputs=given
            )
        )

    def cancel(self, thread_id: str, run_id: str) -> str:
        """Stop a run; return its status."""
        return self._api.ask(
            lambda client: client.beta.threads.runs.cancel(run_id, thread_id=thread_id)
        ).status


class Plain:
    """HTTP alone: each request has an `Idempotency-Key`, and is sent until it is answered."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def assistant(self, meta: Meta) -> str:
        """Make an assistant with functions."""
        return self._id("/assistants", {"model": "demo", "tools": FUNCTIONS, "metadata": meta})

    def thread(self, meta: Meta, text: str | None) -> str:
        """Make a thread, with a message or without."""
        return self._id("/threads", {"messages": _said(text), "metadata": meta})

    def message(self, thread_id: str, text: str) -> str:
        """Add a message."""
        return self._id(f"/threads/{thread_id}/messages", {"role": "user", "content": text})

    def run(self, thread_id: str, assistant_id: str, meta: Meta, text: str | None) -> str:
        """Begin a run, with one more message or on what is there."""
        return self._id(f"/threads/{thread_id}/runs", _run(assistant_id, meta, text))

    def stream(
        self, thread_id: str, assistant_id: str, meta: Meta, text: str | None, heard: Heard
    ) -> None:
        """Have a run streamed to its end or next wait."""
        body = _run(assistant_id, meta, text) | {"stream": True}
        heard(self._api.stream(f"/threads/{thread_id}/runs", body))

    def submit(self, thread_id: str, run_id: str, outputs: Mapping[str, str]) -> None:
        """Give the outputs of calls."""
        path = f"/threads/{thread_id}/runs/{run_id}/submit_tool_outputs"
        self._api.post(path, {"tool_outputs": _given(outputs)})

    def cancel(self, thread_id: str, run_id: str) -> str:
        """Stop a run; return its status."""
        return str(self._api.post(f"/threads/{thread_id}/runs/{run_id}/cancel", {})["status"])

    def _id(self, path: str, body: Mapping[str, Any]) -> str:
        return str(self._api.post(path, body)["id"])


def _said(text: str | None) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}] if text is not None else []


def _given(outputs: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"tool_call_id": call_id, "output": output} for call_id, output in outputs.items()]


def _run(assistant_id: str, meta: Meta, text: str | None) -> dict[str, Any]:
    return {
        "assistant_id": assistant_id,
        "metadata": meta,
        "additional_messages": _said(text),
    }
