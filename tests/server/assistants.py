"""Assistants, threads and functions for the tests of runs."""

from typing import Any

import openai
from openai.types.beta import Assistant
from openai.types.beta.threads import Run

MODEL = "gpt-4o"


def function(name: str) -> Any:
    """Return a function that runs at the client."""
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    return {"type": "function", "function": {"name": name, "parameters": schema}}


PRICE: Any = {"type": "function", "function": {"name": "get_stock_price"}}
"""A function of Parley's own."""

WEATHER: Any = function("weather")
ONE_CALL = 'call weather {"city": "Rome"}'
TWO_CALLS = f'{ONE_CALL}\ncall weather {{"city": "Oslo"}}'


def assistant(client: openai.OpenAI, *tools: Any, **more: Any) -> Assistant:
    """Create an assistant on the demo model."""
    return client.beta.assistants.create(model=MODEL, tools=tools, **more)


def thread(client: openai.OpenAI, text: str) -> str:
    """Begin a thread with a message."""
    return client.beta.threads.create(messages=[{"role": "user", "content": text}]).id


def run(client: openai.OpenAI, text: str, *tools: Any, **more: Any) -> Run:
    """Run a new assistant on a new thread until it ends or waits."""
    return client.beta.threads.runs.create_and_poll(
        thread_id=thread(client, text), assistant_id=assistant(client, *tools).id, **more
    )


def answer(client: openai.OpenAI, thread_id: str) -> str:
    """Return the newest message's text."""
    return text_of(client.beta.threads.messages.list(thread_id, limit=1).data[0])


def text_of(message: Any) -> str:
    """Return a message's text."""
    return "".join(part.text.value for part in message.content)


def awaited(run: Run) -> list[Any]:
    """Return the calls whose outputs a run waits for."""
    assert run.required_action
    return list(run.required_action.submit_tool_outputs.tool_calls)


def outputs(run: Run, output: str = "sunny") -> list[Any]:
    """Return outputs for all of them."""
    return [{"tool_call_id": call.id, "output": output} for call in awaited(run)]
