"""What is peculiar to the Responses API."""

from typing import Any

import pytest

from conversation.errors import (
    PromptBlocked,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    StreamCut,
)
from conversation.signals import (
    Finished,
    Item,
    Refusing,
    Used,
)
from conversation.turns import Sampling
from proxies.retry import RetryPolicy
from tests.wire.openai_server import Answer, Call
from tests.wire.wires import (
    PRICE,
    Wire,
    asked_in,
    hear,
    hear_until_failure,
    retries_in,
    round_of,
    text_of,
)

ONCE = RetryPolicy(attempts=1)


@pytest.mark.parametrize("stream", [True, False])
async def test_reasoning_goes_back_unchanged(openai: Wire, stream: bool) -> None:
    calls = (Call("get_stock_price", {"symbol": "A"}), Call("get_stock_price", {"symbol": "B"}))
    openai.server.script(Answer(reasoning=True, text="Let me see.", calls=calls))
    proxy = openai.proxy()
    heard = await hear(proxy, openai.turn(tools=(PRICE,), stream=stream))

    await hear(proxy, openai.turn(tools=(PRICE,), rounds=(round_of(heard, "1", "2"),)))

    sent = openai.server.requests[1].body["input"]
    kept = [signal.item.body for signal in heard if isinstance(signal, Item)]
    assert sent[1:5] == kept
    assert [item["type"] for item in sent[1:]] == [
        "reasoning", "message", "function_call", "function_call",
        "function_call_output", "function_call_output",
    ]  # fmt: skip
    assert [item["call_id"] for item in sent[3:5]] == [item["call_id"] for item in sent[5:7]]
    assert openai.server.rejections == []


async def test_reasoning_that_cannot_go_back_is_left_out(openai: Wire) -> None:
    openai.server.script(Answer(reasoning=True, calls=(Call("get_stock_price"),)))
    heard = await hear(openai.proxy(), openai.turn(tools=(PRICE,)))
    first = round_of(heard, "1")
    first.items[0].body.pop("encrypted_content")

    await hear(openai.proxy(), openai.turn(tools=(PRICE,), rounds=(first,)))

    sent = openai.server.requests[1].body["input"]
    assert [item.get("type") for item in sent[1:]] == ["function_call", "function_call_output"]
    assert sent[1]["call_id"] == asked_in(heard).calls[0].call_id


@pytest.mark.parametrize(
    ("effort", "include"), [(None, None), ("none", None), ("low", ["reasoning.encrypted_content"])]
)
async def test_encrypted_reasoning_is_asked_of_models_that_reason(
    openai: Wire, effort: str | None, include: list[str] | None
) -> None:
    await hear(openai.proxy(), openai.turn(sampling=Sampling(reasoning_effort=effort)))

    body = openai.server.requests[0].body
    assert body.get("include") == include
    assert body.get("reasoning") == ({"effort": effort} if effort else None)


async def test_nothing_is_stored_at_openai(openai: Wire) -> None:
    await hear(openai.proxy(), openai.turn())

    assert openai.server.requests[0].body["store"] is False


async def test_small_output_limits_are_raised_to_the_least(openai: Wire) -> None:
    await hear(openai.proxy(), openai.turn(sampling=Sampling(max_output_tokens=1)))

    assert openai.server.requests[0].body["max_output_tokens"] == 16


async def test_calls_can_be_asked_for_one_by_one(openai: Wire) -> None:
    sampling = Sampling(parallel_tool_calls=False)

    await hear(openai.proxy(), openai.turn("Hello", tools=(PRICE,), sampling=sampling))

    assert openai.server.requests[0].body["parallel_tool_calls"] is False


async def test_arguments_that_are_not_json_are_passed_on(openai: Wire) -> None:
    openai.server.script(Answer(calls=(Call("get_stock_price", '{"symbol": "AA'),)))

    heard = await hear(openai.proxy(), openai.turn(tools=(PRICE,)))

    assert asked_in(heard).calls[0].arguments == '{"symbol": "AA'


@pytest.mark.parametrize("stream", [True, False])
async def test_a_refusal_is_told_as_such(openai: Wire, stream: bool) -> None:
    openai.server.script(Answer(refusal="I can't do that."))

    heard = await hear(openai.proxy(), openai.turn(stream=stream))

    refused = [signal.text for signal in heard if isinstance(signal, Refusing)]
    assert "".join(refused) == "I can't do that."
    assert text_of(heard) == ""
    assert heard[-1] == Finished("stop")


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("code", "finished"),
    [
        ("max_output_tokens", Finished("max_tokens", "max_output_tokens")),
        ("content_filter", Finished("content_filter", "content_filter")),
    ],
)
async def test_a_cut_answer_keeps_text_and_usage(
    openai: Wire, stream: bool, code: str, finished: Finished
) -> None:
    openai.server.script(Answer(text="Once upon", end="incomplete", code=code))

    heard = await hear(openai.proxy(), openai.turn(stream=stream))

    assert text_of(heard) == "Once upon"
    assert isinstance(heard[-2], Used)
    assert heard[-1] == finished


@pytest.mark.parametrize("end", ["failed", "error"])
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("server_error", ProviderUnavailable),
        ("rate_limit_exceeded", RateLimited),
        ("invalid_prompt", PromptBlocked),
    ],
)
async def test_failures_inside_a_stream_are_errors(
    openai: Wire, end: Any, code: str, kind: type[ProviderError]
) -> None:
    openai.server.script(Answer(end=end, code=code))

    _, error = await hear_until_failure(openai.proxy(retry=ONCE), openai.turn())

    assert type(error) is kind
    assert f"It is {code}." in str(error)


async def test_an_error_without_a_type_is_an_error_too(openai: Wire) -> None:
    event = b'data: {"error": {"code": "server_error", "message": "Oh dear."}}\n\n'
    openai.server.script(Answer(text="Well, ", breaks=event))

    _, error = await hear_until_failure(openai.proxy(), openai.turn())

    assert type(error) is ProviderUnavailable
    assert str(error) == "OpenAI has a fault or is overloaded: Oh dear."


async def test_reasoning_alone_may_use_up_all_tokens(openai: Wire) -> None:
    openai.server.script(Answer(reasoning=True, end="incomplete", code="max_output_tokens"))

    heard = await hear(openai.proxy(), openai.turn())

    assert [type(signal) for signal in heard[-3:]] == [Item, Used, Finished]


async def test_a_failure_before_the_first_token_is_tried_again(openai: Wire) -> None:
    openai.server.script(Answer(end="failed", code="server_error"), Answer(text="Now."))

    heard = await hear(openai.proxy(), openai.turn())

    assert [retry.code for retry in retries_in(heard)] == ["provider_unavailable"]
    assert text_of(heard) == "Now."


async def test_a_failure_after_the_first_token_is_not(openai: Wire) -> None:
    openai.server.script(Answer(text="Well, ", end="failed", code="server_error"))

    heard, error = await hear_until_failure(openai.proxy(), openai.turn())

    assert (text_of(heard), retries_in(heard)) == ("Well, ", [])
    assert type(error) is ProviderUnavailable


async def test_a_quiet_end_is_a_cut(openai: Wire) -> None:
    openai.server.script(Answer(text="And then", end="quiet"))

    heard, error = await hear_until_failure(openai.proxy(), openai.turn())

    assert text_of(heard) == "And then"
    assert type(error) is StreamCut
