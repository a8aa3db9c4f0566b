"""Uses of the first generation of OpenAI's Python client, as programs were written for it.

Run in an environment that has it, with OPENAI_BASE_URL and OPENAI_API_KEY; tells as JSON what
became of each use: null, or why it failed.
"""

import asyncio
import json
import sys
import traceback
from collections.abc import Callable
from typing import Any

import openai
from openai import AssistantEventHandler, AsyncAssistantEventHandler, AsyncOpenAI, OpenAI

MODEL = "gpt-4o"
PRICES = {"AAPL": "228.87", "MSFT": "417.14"}
TOOL: Any = {
    "type": "function",
    "function": {
        "name": "get_stock_price",
        "description": "Return the price of a share.",
        "parameters": {
            "type": "object",
            "properties": {"symbol": {"type": "string"}},
            "required": ["symbol"],
        },
    },
}


def a_run_is_polled_to_its_answer(client: OpenAI) -> None:
    assistant = client.beta.assistants.create(model=MODEL, name="Echo", instructions="Be brief.")
    thread = client.beta.threads.create()
    client.beta.threads.messages.create(thread.id, role="user", content="echo Hello, world")

    run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)

    assert run.status == "completed", run
    assert run.usage is not None
    assert run.usage.total_tokens > 0
    assert said_last(client, thread.id) == "Hello, world"


def a_thread_begins_with_its_run(client: OpenAI) -> None:
    assistant = client.beta.assistants.create(model=MODEL)

    run = client.beta.threads.create_and_run_poll(
        assistant_id=assistant.id,
        thread={"messages": [{"role": "user", "content": "echo Begun"}]},
        metadata={"of": "tests"},
    )

    assert (run.status, run.metadata) == ("completed", {"of": "tests"})
    assert said_last(client, run.thread_id) == "Begun"


def a_run_is_streamed_to_an_event_handler(client: OpenAI) -> None:
    heard = Heard()
    with client.beta.threads.runs.stream(
        thread_id=begun(client, "count to 30"),
        assistant_id=client.beta.assistants.create(model=MODEL).id,
        event_handler=heard,
    ) as stream:
        stream.until_done()

    (message,) = stream.get_final_messages()
    assert text_of(message) == "".join(heard.pieces) == heard.done
    assert heard.done.endswith("29, 30.")
    assert stream.get_final_run().status == "completed"
    assert [step.type for step in stream.get_final_run_steps()] == ["message_creation"]


def a_run_is_read_event_by_event(client: OpenAI) -> None:
    events = client.beta.threads.runs.create(
        thread_id=begun(client, "echo Hi"),
        assistant_id=client.beta.assistants.create(model=MODEL).id,
        stream=True,
    )

    names = [event.event.removeprefix("thread.") for event in events]

    assert [name for name in names if "delta" not in name] == [
        "run.created",
        "run.queued",
        "run.in_progress",
        "run.step.created",
        "run.step.in_progress",
        "message.created",
        "message.in_progress",
        "message.completed",
        "run.step.completed",
        "run.completed",
    ]


def functions_of_a_polled_run_are_called(client: OpenAI) -> None:
    thread = begun(client, "Compare Apple and Microsoft")
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread, assistant_id=with_function(client)
    )
    assert run.status == "requires_action", run

    run = client.beta.threads.runs.submit_tool_outputs_and_poll(
        thread_id=thread, run_id=run.id, tool_outputs=outputs_for(run)
    )

    assert run.status == "completed", run
    answer = said_last(client, thread)
    assert all(price in answer for price in PRICES.values()), answer
    said, called = client.beta.threads.runs.steps.list(thread_id=thread, run_id=run.id).data
    assert (said.type, called.type) == ("message_creation", "tool_calls")
    details: Any = called.step_details
    assert [call.function.output for call in details.tool_calls] == list(PRICES.values())


def functions_are_called_from_within_a_stream(client: OpenAI) -> None:
    thread = begun(client, "What is Apple trading at?")
    handler = Calling(client)
    with client.beta.threads.runs.stream(
        thread_id=thread, assistant_id=with_function(client), event_handler=handler
    ) as stream:
        stream.until_done()

    assert handler.called == ["get_stock_price"]
    assert handler.answered is not None
    assert PRICES["AAPL"] in handler.answered.done
    run: Any = client.beta.threads.runs.list(thread).data[0]
    assert run.status == "completed", run


def the_asynchronous_client_is_served(_client: OpenAI) -> None:
    asyncio.run(_asynchronously())


async def _asynchronously() -> None:
    async with AsyncOpenAI() as client:
        assistant = await client.beta.assistants.create(model=MODEL)
        thread = await client.beta.threads.create(
            messages=[{"role": "user", "content": "echo Soon"}]
        )
        async with client.beta.threads.runs.stream(
            thread_id=thread.id,
            assistant_id=assistant.id,
            event_handler=AsyncAssistantEventHandler(),
        ) as stream:
            said = "".join([piece async for piece in stream.text_deltas])
            assert said == "Soon"
        assert [text_of(one) async for one in client.beta.threads.messages.list(thread.id)] == [
            "Soon",
            "echo Soon",
        ]


def lists_are_read_to_their_end(client: OpenAI) -> None:
    wanted = [f"message {number}" for number in range(12)]
    thread = client.beta.threads.create(
        messages=[{"role": "user", "content": text} for text in wanted]
    )
    list_of = client.beta.threads.messages.list

    assert [text_of(one) for one in list_of(thread.id, limit=5, order="asc")] == wanted
    assert [text_of(one) for one in list_of(thread.id, limit=5)] == wanted[::-1]
    page = list_of(thread.id, limit=5)
    assert page.has_next_page()
    assert [text_of(one) for one in page.get_next_page().data] == wanted[2:7][::-1]


def objects_are_changed_and_deleted(client: OpenAI) -> None:
    assistant = client.beta.assistants.create(model=MODEL, metadata={"a": "1"})
    assert client.beta.assistants.update(assistant.id, name="New").name == "New"
    assert client.beta.assistants.retrieve(assistant.id).metadata == {"a": "1"}
    assert client.beta.assistants.delete(assistant.id).deleted
    thread = client.beta.threads.create()
    assert client.beta.threads.update(thread.id, metadata={"b": "2"}).metadata == {"b": "2"}
    assert client.beta.threads.delete(thread.id).deleted


def errors_come_by_class_and_text(client: OpenAI) -> None:
    unknown = "thread_" + "x" * 24
    missing = failing(openai.NotFoundError, client.beta.threads.retrieve, unknown)
    told: Any = missing.body
    assert told["message"] == f"No thread found with id '{unknown}'."
    assert (missing.code, missing.param, missing.type) == (None, None, "invalid_request_error")
    assert missing.request_id is not None
    assert missing.request_id.startswith("req_")
    wrong = failing(openai.BadRequestError, client.beta.threads.retrieve, "th_1")
    assert "Expected an ID that begins with 'thread'." in str(wrong)
    create: Any = client.beta.assistants.create
    strange = failing(openai.BadRequestError, lambda: create(model=MODEL, extra_body={"no": 1}))
    assert (strange.param, strange.code) == ("no", "unknown_parameter")


def a_waiting_run_locks_its_thread_until_it_is_cancelled(client: OpenAI) -> None:
    thread = begun(client, "What is Apple trading at?")
    runs = client.beta.threads.runs
    run = runs.create_and_poll(thread_id=thread, assistant_id=with_function(client))
    say: Any = client.beta.threads.messages.create

    locked = failing(openai.BadRequestError, lambda: say(thread, role="user", content="Hello?"))
    assert f"Can't add messages to {thread} while a run {run.id} is active." in str(locked)
    runs.cancel(run.id, thread_id=thread)
    assert runs.poll(run.id, thread).status == "cancelled"

    late = failing(openai.BadRequestError, lambda: runs.cancel(run.id, thread_id=thread))
    assert "Cannot cancel run with status 'cancelled'." in str(late)
    assert say(thread, role="user", content="Hello again").role == "user"


def a_run_that_speaks_is_cancelled(client: OpenAI) -> None:
    thread = begun(client, "wait 60")
    runs = client.beta.threads.runs
    run = runs.create(thread_id=thread, assistant_id=client.beta.assistants.create(model=MODEL).id)

    assert runs.cancel(run.id, thread_id=thread).status in {"cancelling", "cancelled"}
    assert runs.poll(run.id, thread).status == "cancelled"


def a_failed_run_says_why(client: OpenAI) -> None:
    thread = begun(client, "fail")
    with client.beta.threads.runs.stream(
        thread_id=thread, assistant_id=client.beta.assistants.create(model=MODEL).id
    ) as stream:
        stream.until_done()

    run = stream.get_final_run()
    assert run.status == "failed"
    assert run.last_error is not None
    assert run.last_error.code == "server_error"
    assert run.last_error.message


class Heard(AssistantEventHandler):
    """Keeps what is said."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self.done = ""

    def on_text_delta(self, delta: Any, snapshot: Any) -> None:
        self.pieces.append(delta.value or "")

    def on_text_done(self, text: Any) -> None:
        self.done = text.value


class Calling(AssistantEventHandler):
    """Gives the outputs of calls while its own stream is still open."""

    def __init__(self, client: OpenAI) -> None:
        super().__init__()
        self.client = client
        self.called: list[str] = []
        self.answered: Heard | None = None

    def on_event(self, event: Any) -> None:
        if event.event == "thread.run.requires_action":
            self.answered = self.submit(event.data)

    def on_tool_call_created(self, tool_call: Any) -> None:
        self.called.append(tool_call.function.name)

    def submit(self, run: Any) -> Heard:
        heard = Heard()
        with self.client.beta.threads.runs.submit_tool_outputs_stream(
            thread_id=run.thread_id,
            run_id=run.id,
            tool_outputs=outputs_for(run),
            event_handler=heard,
        ) as stream:
            stream.until_done()
        return heard


def begun(client: OpenAI, text: str) -> str:
    return client.beta.threads.create(messages=[{"role": "user", "content": text}]).id


def with_function(client: OpenAI) -> str:
    return client.beta.assistants.create(model=MODEL, tools=[TOOL]).id


def outputs_for(run: Any) -> Any:
    return [
        {
            "tool_call_id": call.id,
            "output": PRICES[json.loads(call.function.arguments)["symbol"]],
        }
        for call in run.required_action.submit_tool_outputs.tool_calls
    ]


def text_of(message: Any) -> str:
    text: str = message.content[0].text.value
    return text


def said_last(client: OpenAI, thread: str) -> str:
    message = client.beta.threads.messages.list(thread, limit=1).data[0]
    assert message.role == "assistant"
    return text_of(message)


def failing(expected: type[openai.APIStatusError], ask: Callable[..., Any], *given: str) -> Any:
    try:
        ask(*given)
    except expected as error:
        return error
    raise AssertionError(f"{expected.__name__} was not raised")


USES: tuple[Callable[[OpenAI], None], ...] = (
    a_run_is_polled_to_its_answer,
    a_thread_begins_with_its_run,
    a_run_is_streamed_to_an_event_handler,
    a_run_is_read_event_by_event,
    functions_of_a_polled_run_are_called,
    functions_are_called_from_within_a_stream,
    the_asynchronous_client_is_served,
    lists_are_read_to_their_end,
    objects_are_changed_and_deleted,
    errors_come_by_class_and_text,
    a_waiting_run_locks_its_thread_until_it_is_cancelled,
    a_run_that_speaks_is_cancelled,
    a_failed_run_says_why,
)


def became(use: Callable[[OpenAI], None]) -> str | None:
    """Return why a use failed, if it did."""
    with OpenAI(max_retries=0, timeout=20) as client:
        try:
            use(client)
        except Exception:  # noqa: BLE001 - the test that started us is told
            return traceback.format_exc()
    return None


if __name__ == "__main__":
    json.dump({use.__name__: became(use) for use in USES}, sys.stdout)
