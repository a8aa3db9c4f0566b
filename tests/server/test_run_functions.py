"""Functions that run at the client: what a run waits for, and what it takes for an answer."""

import openai
import pytest
from openai.types.beta.threads import Run

from tests.server.assistants import (
    ONE_CALL,
    PRICE,
    TWO_CALLS,
    WEATHER,
    answer,
    awaited,
    outputs,
    run,
)


def submitted(client: openai.OpenAI, waits: Run, given: list[object]) -> Run:
    return client.beta.threads.runs.submit_tool_outputs(
        run_id=waits.id,
        thread_id=waits.thread_id,
        tool_outputs=given,  # type: ignore[arg-type]
    )


def test_one_call_is_answered(client: openai.OpenAI) -> None:
    waits = run(client, ONE_CALL, WEATHER)
    (call,) = awaited(waits)
    step = client.beta.threads.runs.steps.list(waits.id, thread_id=waits.thread_id).data[0]

    assert waits.status == "requires_action"
    assert (call.function.name, call.function.arguments) == ("weather", '{"city": "Rome"}')
    assert (step.status, step.usage) == ("in_progress", None)
    assert step.step_details.type == "tool_calls"
    assert step.step_details.tool_calls[0].function.output is None  # type: ignore[union-attr]

    done = client.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=waits.id, thread_id=waits.thread_id, tool_outputs=outputs(waits)
    )

    assert done.status == "completed"
    assert done.required_action is None
    assert "sunny" in answer(client, done.thread_id)


def test_parallel_calls_are_answered_at_once(client: openai.OpenAI) -> None:
    waits = run(client, TWO_CALLS, WEATHER)

    assert [call.function.arguments for call in awaited(waits)] == [
        '{"city": "Rome"}',
        '{"city": "Oslo"}',
    ]
    done = client.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=waits.id, thread_id=waits.thread_id, tool_outputs=outputs(waits)[::-1]
    )
    assert done.status == "completed"


def test_run_is_queued_again_once_outputs_are_in(client: openai.OpenAI) -> None:
    waits = run(client, ONE_CALL, WEATHER)

    queued = submitted(client, waits, outputs(waits))

    assert queued.status == "queued"
    assert queued.required_action is None
    assert queued.expires_at == waits.expires_at


def test_only_the_clients_own_calls_are_asked_for(client: openai.OpenAI) -> None:
    waits = run(client, f'{ONE_CALL}\ncall get_stock_price {{"symbol": "AAPL"}}', WEATHER, PRICE)

    assert [call.function.name for call in awaited(waits)] == ["weather"]


def test_functions_of_parley_need_no_client(client: openai.OpenAI) -> None:
    done = run(client, 'call get_stock_price {"symbol": "AAPL"}', PRICE)

    assert done.status == "completed"
    assert '"AAPL"' in answer(client, done.thread_id)


def test_output_that_is_missing_is_named(client: openai.OpenAI) -> None:
    waits = run(client, TWO_CALLS, WEATHER)
    first, second = (call.id for call in awaited(waits))
    some = outputs(waits)[:1]

    with pytest.raises(openai.BadRequestError) as refused:
        submitted(client, waits, some)

    message = f"Expected tool outputs for call_ids ['{first}', '{second}'], got ['{first}']"
    assert refused.value.body == {
        "message": message, "type": "invalid_request_error", "param": None, "code": None
    }  # fmt: skip
    assert submitted(client, waits, outputs(waits)).status == "queued"


@pytest.mark.parametrize("wrong", ["twice", "unknown", "empty"])
def test_other_outputs_than_those_awaited_are_refused(client: openai.OpenAI, wrong: str) -> None:
    waits = run(client, ONE_CALL, WEATHER)
    given: list[object] = {
        "twice": outputs(waits) * 2,
        "unknown": [{"tool_call_id": "call_x", "output": "sunny"}],
        "empty": [{}],
    }[wrong]

    with pytest.raises(openai.BadRequestError, match="Expected tool outputs for call_ids"):
        submitted(client, waits, given)
    client.beta.threads.runs.cancel(waits.id, thread_id=waits.thread_id)


def test_ended_run_takes_no_outputs(client: openai.OpenAI) -> None:
    done = run(client, "hello")

    with pytest.raises(openai.BadRequestError) as refused:
        submitted(client, done, [{"tool_call_id": "call_x", "output": "late"}])

    text = 'Runs in status "completed" do not accept tool outputs.'
    assert refused.value.body["message"] == text  # type: ignore[index]
