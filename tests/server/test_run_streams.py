"""Runs as they stream to OpenAI's client, in both of its styles."""

from collections.abc import Sequence
from typing import Any

import httpx2
import openai
import pytest
from openai import AssistantEventHandler
from openai.types.beta import AssistantStreamEvent
from openai.types.beta.threads import Text, TextDelta
from openai.types.beta.threads.runs import ToolCall, ToolCallDelta
from typing_extensions import override

from conversation.ports import Core
from tests.contract.cores import ended
from tests.server.assistants import (
    ONE_CALL,
    PRICE,
    TWO_CALLS,
    WEATHER,
    answer,
    assistant,
    awaited,
    outputs,
    text_of,
    thread,
)

BEGUN = ["thread.run.created", "thread.run.queued", "thread.run.in_progress"]
STEP = ["thread.run.step.created", "thread.run.step.in_progress"]
MESSAGE = [*STEP, "thread.message.created", "thread.message.in_progress"]
SAID = ["thread.message.completed", "thread.run.step.completed"]


class Heard(AssistantEventHandler):
    """Keeps what it hears."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.whole: list[str] = []
        self.arguments = ""
        self.calls: list[ToolCall] = []
        self.names: list[str] = []

    @override
    def on_event(self, event: AssistantStreamEvent) -> None:
        self.names.append(event.event)

    @override
    def on_text_delta(self, delta: TextDelta, snapshot: Text) -> None:
        self.text += delta.value or ""

    @override
    def on_text_done(self, text: Text) -> None:
        self.whole.append(text.value)

    @override
    def on_tool_call_delta(self, delta: ToolCallDelta, snapshot: ToolCall) -> None:
        if delta.type == "function" and delta.function:
            self.arguments += delta.function.arguments or ""

    @override
    def on_tool_call_done(self, tool_call: ToolCall) -> None:
        self.calls.append(tool_call)


def begun(client: openai.OpenAI, text: str, *tools: Any) -> dict[str, Any]:
    return {"thread_id": thread(client, text), "assistant_id": assistant(client, *tools).id}


def without_deltas(names: Sequence[str]) -> list[str]:
    return [name for name in names if not name.endswith(".delta")]


def test_raw_stream_has_the_events_of_the_api(client: openai.OpenAI) -> None:
    with client.beta.threads.runs.create(**begun(client, "count to 3"), stream=True) as stream:
        events = list(stream)

    names = [event.event for event in events]
    assert without_deltas(names) == [*BEGUN, *MESSAGE, *SAID, "thread.run.completed"]
    assert names.count("thread.message.delta") >= 1
    assert events[-1].data.usage.total_tokens > 0


def test_handler_hears_the_text(client: openai.OpenAI) -> None:
    with client.beta.threads.runs.stream(
        **begun(client, "count to 20"), event_handler=Heard()
    ) as stream:
        stream.until_done()
        final = stream.get_final_run()
        (message,) = stream.get_final_messages()

    assert final.status == "completed"
    assert stream.text == text_of(message) == answer(client, final.thread_id)
    assert stream.whole == [stream.text]


def test_text_deltas_are_the_text(client: openai.OpenAI) -> None:
    with client.beta.threads.runs.stream(**begun(client, "echo Bonjour à tous 👋")) as stream:
        assert "".join(stream.text_deltas) == "Bonjour à tous 👋"


def test_new_thread_comes_first(client: openai.OpenAI) -> None:
    with client.beta.threads.create_and_run_stream(
        assistant_id=assistant(client).id,
        thread={"messages": [{"role": "user", "content": "echo New"}]},
        event_handler=Heard(),
    ) as stream:
        stream.until_done()

    assert stream.names[:2] == ["thread.created", "thread.run.created"]
    assert stream.text == "New"


def test_outputs_are_submitted_from_inside_the_stream(client: openai.OpenAI) -> None:
    second = Heard()

    class Answering(Heard):
        def on_event(self, event: AssistantStreamEvent) -> None:
            super().on_event(event)
            if event.event == "thread.run.requires_action":
                run = event.data
                with client.beta.threads.runs.submit_tool_outputs_stream(
                    run_id=run.id,
                    thread_id=run.thread_id,
                    tool_outputs=outputs(run),
                    event_handler=second,
                ) as stream:
                    stream.until_done()

    with client.beta.threads.runs.stream(
        **begun(client, TWO_CALLS, WEATHER), event_handler=Answering()
    ) as first:
        first.until_done()

    assert without_deltas(first.names) == [*BEGUN, *STEP, "thread.run.requires_action"]
    assert first.arguments == '{"city": "Rome"}{"city": "Oslo"}'
    assert without_deltas(second.names) == [
        "thread.run.step.completed", "thread.run.queued", "thread.run.in_progress",
        *MESSAGE, *SAID, "thread.run.completed",
    ]  # fmt: skip
    assert second.text.count("sunny") == 2


def test_calls_come_again_and_again(client: openai.OpenAI) -> None:
    with client.beta.threads.runs.stream(**begun(client, "loop", WEATHER)) as stream:
        run = stream.get_final_run()

    asked = {awaited(run)[0].id}
    for _ in range(2):
        with client.beta.threads.runs.submit_tool_outputs_stream(
            run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs(run)
        ) as stream:
            names = [event.event for event in stream]
            run = stream.get_final_run()
        asked.add(awaited(run)[0].id)
        assert without_deltas(names) == [
            "thread.run.step.completed", "thread.run.queued", "thread.run.in_progress",
            *STEP, "thread.run.requires_action",
        ]  # fmt: skip

    assert len(asked) == 3
    client.beta.threads.runs.cancel(run.id, thread_id=run.thread_id)


def test_functions_of_parley_complete_by_themselves(client: openai.OpenAI) -> None:
    text = 'call get_stock_price {"symbol": "AAPL"}'
    with client.beta.threads.runs.stream(
        **begun(client, text, PRICE), event_handler=Heard()
    ) as stream:
        stream.until_done()
        step = stream.get_final_run_steps()[0]

    assert without_deltas(stream.names) == [
        *BEGUN, *STEP, "thread.run.step.completed", *MESSAGE, *SAID, "thread.run.completed",
    ]  # fmt: skip
    assert step.step_details.type == "tool_calls"
    function = step.step_details.tool_calls[0].function  # type: ignore[union-attr]
    assert (function.name, function.arguments) == ("get_stock_price", '{"symbol": "AAPL"}')
    assert '"AAPL"' in str(function.output)


def test_failing_run_is_a_stream_like_any_other(client: openai.OpenAI) -> None:
    with client.beta.threads.runs.stream(
        **begun(client, "break off"), event_handler=Heard()
    ) as stream:
        stream.until_done()
        final = stream.get_final_run()

    assert final.status == "failed"
    assert stream.names[-3:] == [
        "thread.message.incomplete", "thread.run.step.failed", "thread.run.failed",
    ]  # fmt: skip
    assert stream.text.startswith("This answer")


def test_refusal_streams_as_a_refusal(client: openai.OpenAI) -> None:
    with client.beta.threads.runs.stream(**begun(client, "refuse")) as stream:
        (message,) = stream.get_final_messages()

    assert message.content[0].type == "refusal"


def test_stopped_run_ends_its_stream(client: openai.OpenAI) -> None:
    names = []
    with client.beta.threads.runs.stream(**begun(client, "count to 10000")) as stream:
        for event in stream:
            names.append(event.event)
            if names.count("thread.message.delta") == 1 and names[-1] == "thread.message.delta":
                run = stream.current_run
                assert run is not None
                client.beta.threads.runs.cancel(run.id, thread_id=run.thread_id)

    assert without_deltas(names)[-4:] == [
        "thread.run.cancelling", "thread.message.incomplete",
        "thread.run.step.cancelled", "thread.run.cancelled",
    ]  # fmt: skip


def test_client_that_goes_away_stops_nothing(client: openai.OpenAI, core: Core) -> None:
    with client.beta.threads.runs.create(**begun(client, "count to 500"), stream=True) as stream:
        run = next(iter(stream)).data

    assert ended(core, run.id).state == "completed"
    assert answer(client, run.thread_id).endswith("500.")


def test_request_that_is_refused_is_no_stream(client: openai.OpenAI, raw: httpx2.Client) -> None:
    refused = raw.post(
        f"/threads/{thread(client, 'hello')}/runs",
        json={"assistant_id": "asst_none", "stream": True},
    )

    assert refused.status_code == 404
    assert refused.headers["content-type"] == "application/json"


def test_stream_ends_with_done(client: openai.OpenAI, raw: httpx2.Client) -> None:
    wanted = begun(client, "hello")
    with raw.stream(
        "POST",
        f"/threads/{wanted['thread_id']}/runs",
        json={"assistant_id": wanted["assistant_id"], "stream": True},
    ) as answered:
        frames = answered.read().decode().split("\n\n")

    assert answered.headers["content-type"].startswith("text/event-stream")
    assert frames[-2:] == ["event: done\ndata: [DONE]", ""]


@pytest.mark.parametrize("stream", [True, False])
async def test_asynchronous_client_gets_the_same(
    client: openai.OpenAI, async_client: openai.AsyncOpenAI, stream: bool
) -> None:
    runs = async_client.beta.threads.runs
    wanted = begun(client, ONE_CALL, WEATHER)
    if stream:
        async with runs.stream(**wanted) as first:
            run = await first.get_final_run()
        async with runs.submit_tool_outputs_stream(
            run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs(run)
        ) as second:
            done = await second.get_final_run()
            (message,) = await second.get_final_messages()
            assert "sunny" in text_of(message)
    else:
        run = await runs.create_and_poll(**wanted)
        done = await runs.submit_tool_outputs_and_poll(
            run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs(run)
        )
    assert (run.status, done.status) == ("requires_action", "completed")
