"""Runs as clients begin, watch and change them."""

import json

import httpx2
import openai
import pytest

from tests.server.assistants import (
    MODEL,
    ONE_CALL,
    PRICE,
    WEATHER,
    answer,
    assistant,
    function,
    outputs,
    run,
    thread,
)


def test_run_is_polled_to_its_end(client: openai.OpenAI) -> None:
    done = run(client, "echo Hello there")

    assert done.status == "completed"
    assert answer(client, done.thread_id) == "Hello there"
    assert done.completed_at is not None
    assert done.expires_at is None
    assert done.usage is not None
    assert done.usage.total_tokens == done.usage.prompt_tokens + done.usage.completion_tokens


def test_new_run_shows_what_it_was_begun_with(client: openai.OpenAI) -> None:
    begun = client.beta.threads.runs.create(
        thread(client, "wait 30"), assistant_id=assistant(client, instructions="Be kind.").id
    )
    client.beta.threads.runs.cancel(begun.id, thread_id=begun.thread_id)

    assert begun.status == "queued"
    assert begun.model == MODEL
    assert begun.instructions == "Be kind."
    assert begun.expires_at == begun.created_at + 600
    assert (begun.usage, begun.started_at, begun.required_action) == (None, None, None)
    assert (begun.temperature, begun.top_p) == (1.0, 1.0)
    assert (begun.tool_choice, begun.response_format) == ("auto", "auto")
    assert begun.truncation_strategy is not None
    assert begun.truncation_strategy.type == "auto"
    assert begun.parallel_tool_calls is True
    assert begun.metadata == {}


def test_run_without_instructions_has_empty_ones(client: openai.OpenAI) -> None:
    assert run(client, "hello").instructions == ""


def test_run_overrides_its_assistant(client: openai.OpenAI) -> None:
    done = run(
        client,
        "what are the instructions?",
        PRICE,
        model="demo",
        instructions="Be brief.",
        additional_instructions="And polite.",
        tools=[WEATHER],
        temperature=0.5,
        top_p=0.25,
        reasoning_effort="low",
        parallel_tool_calls=False,
        response_format={"type": "json_object"},
        truncation_strategy={"type": "last_messages", "last_messages": 3},
        tool_choice="none",
        max_prompt_tokens=1000,
        max_completion_tokens=500,
        metadata={"k": "v"},
    )

    assert done.status == "completed"
    assert json.loads(answer(client, done.thread_id))["answer"].endswith("Be brief.\n\nAnd polite.")
    assert done.model == "demo"
    assert [tool.type for tool in done.tools] == ["function"]
    assert done.tools[0].function.name == "weather"  # type: ignore[union-attr]
    assert (done.temperature, done.top_p) == (0.5, 0.25)
    assert done.parallel_tool_calls is False
    assert done.response_format is not None
    assert done.response_format.type == "json_object"  # type: ignore[union-attr]
    assert done.truncation_strategy is not None
    assert done.truncation_strategy.last_messages == 3
    assert done.tool_choice == "none"
    assert (done.max_prompt_tokens, done.max_completion_tokens) == (1000, 500)
    assert done.metadata == {"k": "v"}


def test_named_tool_choice_comes_back(client: openai.OpenAI) -> None:
    choice = {"type": "function", "function": {"name": "weather"}}
    waits = run(client, ONE_CALL, WEATHER, tool_choice=choice)
    client.beta.threads.runs.cancel(waits.id, thread_id=waits.thread_id)

    assert waits.tool_choice is not None
    assert waits.tool_choice.function.name == "weather"  # type: ignore[union-attr]


def test_run_asks_for_text_of_an_assistant_that_answers_in_json(client: openai.OpenAI) -> None:
    jason = assistant(client, response_format={"type": "json_object"})
    done = client.beta.threads.runs.create_and_poll(
        thread_id=thread(client, "echo plain"),
        assistant_id=jason.id,
        response_format={"type": "text"},
    )

    assert answer(client, done.thread_id) == "plain"
    assert done.to_dict()["response_format"] == {"type": "text"}


def test_function_that_is_not_on_offer_cannot_be_chosen(client: openai.OpenAI) -> None:
    choice = {"type": "function", "function": {"name": "unheard_of"}}

    with pytest.raises(openai.BadRequestError, match="no function named 'unheard_of'"):
        run(client, "hello", WEATHER, tool_choice=choice)


def test_choice_of_the_apis_own_tool_comes_back(client: openai.OpenAI) -> None:
    done = run(client, "hello", {"type": "file_search"}, tool_choice={"type": "file_search"})

    assert done.status == "completed"
    assert done.tool_choice is not None
    assert done.tool_choice.type == "file_search"  # type: ignore[union-attr]


def test_own_tool_that_is_not_on_offer_is_shown_as_it_was_chosen(client: openai.OpenAI) -> None:
    done = run(client, "hello", WEATHER, tool_choice={"type": "file_search"})

    assert done.status == "completed"
    assert done.tool_choice is not None
    assert done.tool_choice.to_dict() == {"type": "file_search"}  # type: ignore[union-attr]


def test_additional_messages_come_before_the_run(client: openai.OpenAI) -> None:
    done = run(
        client,
        "hello",
        additional_messages=[
            {"role": "assistant", "content": "Yes?"},
            {"role": "user", "content": "echo Third"},
        ],
    )
    listed = client.beta.threads.messages.list(done.thread_id, order="asc").data

    assert [message.role for message in listed] == ["user", "assistant", "user", "assistant"]
    assert [message.run_id for message in listed] == [None, None, None, done.id]
    assert answer(client, done.thread_id) == "Third"


def test_thread_and_run_begin_together(client: openai.OpenAI) -> None:
    done = client.beta.threads.create_and_run_poll(
        assistant_id=assistant(client).id,
        thread={"messages": [{"role": "user", "content": "echo Both"}], "metadata": {"a": "1"}},
    )

    assert done.status == "completed"
    assert answer(client, done.thread_id) == "Both"
    assert client.beta.threads.retrieve(done.thread_id).metadata == {"a": "1"}


def test_poll_is_told_to_ask_again_soon(client: openai.OpenAI) -> None:
    done = run(client, "hello")
    raw = client.beta.threads.runs.with_raw_response.retrieve(done.id, thread_id=done.thread_id)

    assert int(raw.headers["openai-poll-after-ms"]) <= 500


def test_runs_are_listed_newest_first(client: openai.OpenAI) -> None:
    first = run(client, "hello")
    second = client.beta.threads.runs.create_and_poll(
        thread_id=first.thread_id, assistant_id=first.assistant_id
    )
    listed = client.beta.threads.runs.list(first.thread_id, limit=1)

    assert [one.id for one in listed] == [second.id, first.id]


def test_metadata_of_a_run_is_changed(client: openai.OpenAI) -> None:
    done = run(client, "hello")

    client.beta.threads.runs.update(done.id, thread_id=done.thread_id, metadata={"a": "b"})

    found = client.beta.threads.runs.retrieve(done.id, thread_id=done.thread_id)
    assert found.metadata == {"a": "b"}
    assert found.status == "completed"


def test_failure_is_a_run_that_failed(client: openai.OpenAI) -> None:
    failed = run(client, "fail")

    assert failed.status == "failed"
    assert failed.last_error is not None
    assert failed.last_error.code == "server_error"
    assert "because you asked it to" in failed.last_error.message
    assert failed.failed_at is not None
    assert failed.usage is not None


def test_answer_that_breaks_off_keeps_its_text(client: openai.OpenAI) -> None:
    failed = run(client, "break off")
    message = client.beta.threads.messages.list(failed.thread_id, limit=1).data[0]
    step = client.beta.threads.runs.steps.list(failed.id, thread_id=failed.thread_id).data[0]

    assert failed.status == "failed"
    assert (message.status, step.status) == ("incomplete", "failed")
    assert message.incomplete_details is not None
    assert message.incomplete_details.reason == "run_failed"
    assert message.content
    assert step.last_error is not None
    assert step.last_error.message == "Sorry, something went wrong."


def test_budget_ends_a_run_incomplete(client: openai.OpenAI) -> None:
    cut = run(client, "count to 1000", max_completion_tokens=256)

    assert cut.status == "incomplete"
    assert cut.incomplete_details is not None
    assert cut.incomplete_details.reason == "max_completion_tokens"
    assert answer(client, cut.thread_id).startswith("1, 2, 3")


def test_endless_calls_end_a_run_incomplete(client: openai.OpenAI) -> None:
    cut = run(client, "loop", PRICE)

    assert cut.status == "incomplete"
    assert cut.incomplete_details is not None
    assert cut.incomplete_details.reason is None, "it is no limit of tokens"


def test_second_run_on_a_busy_thread_is_refused(client: openai.OpenAI) -> None:
    waits = run(client, ONE_CALL, WEATHER)

    with pytest.raises(openai.BadRequestError) as refused:
        client.beta.threads.runs.create(waits.thread_id, assistant_id=waits.assistant_id)

    text = f"Thread {waits.thread_id} already has an active run {waits.id}."
    assert str(refused.value.body["message"]) == text  # type: ignore[index]
    client.beta.threads.runs.cancel(waits.id, thread_id=waits.thread_id)


def test_unknown_assistant_begins_no_run(client: openai.OpenAI, thread_id: str) -> None:
    with pytest.raises(openai.NotFoundError, match="No assistant found with id 'asst_none'"):
        client.beta.threads.runs.create(thread_id, assistant_id="asst_none")

    with pytest.raises(openai.BadRequestError, match="Expected an ID that begins with 'asst'"):
        client.beta.threads.runs.create(thread_id, assistant_id="thread_x")


def test_unknown_run_and_step_are_not_found(client: openai.OpenAI) -> None:
    done = run(client, "hello")

    with pytest.raises(openai.NotFoundError, match="No run found with id 'run_none'"):
        client.beta.threads.runs.retrieve("run_none", thread_id=done.thread_id)
    with pytest.raises(openai.NotFoundError, match="No step found with id 'step_none'"):
        client.beta.threads.runs.steps.retrieve(
            "step_none", thread_id=done.thread_id, run_id=done.id
        )


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"max_prompt_tokens": 255}, "max_prompt_tokens"),
        ({"truncation_strategy": {"type": "last_messages"}}, "truncation_strategy.last_messages"),
        ({"tool_choice": "always"}, "tool_choice"),
        ({"temperature": 3}, "temperature"),
        ({"tools": [function("not a name")]}, "tools[0].function.name"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_wrong_parameters_are_named(
    client: openai.OpenAI, raw: httpx2.Client, wrong: dict[str, object], param: str
) -> None:
    body = {"assistant_id": assistant(client).id, **wrong}

    refused = raw.post(f"/threads/{thread(client, 'hello')}/runs", json=body)

    assert refused.status_code == 400
    assert refused.json()["error"]["param"] == param


def test_steps_show_calls_and_message(client: openai.OpenAI) -> None:
    waits = run(client, f'{ONE_CALL}\ncall get_stock_price {{"symbol": "AAPL"}}', WEATHER, PRICE)
    done = client.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=waits.id, thread_id=waits.thread_id, tool_outputs=outputs(waits)
    )
    newest, oldest = client.beta.threads.runs.steps.list(
        done.id,
        thread_id=done.thread_id,
        include=["step_details.tool_calls[*].file_search.results[*].content"],
    ).data

    assert (newest.type, oldest.type) == ("message_creation", "tool_calls")
    assert oldest.step_details.type == "tool_calls"
    calls = oldest.step_details.tool_calls
    assert [call.function.name for call in calls] == ["weather", "get_stock_price"]  # type: ignore[union-attr]
    assert calls[0].function.output == "sunny"  # type: ignore[union-attr]
    assert '"AAPL"' in str(calls[1].function.output)  # type: ignore[union-attr]
    assert newest.usage is not None
    found = client.beta.threads.runs.steps.retrieve(
        oldest.id, thread_id=done.thread_id, run_id=done.id
    )
    assert found == oldest
