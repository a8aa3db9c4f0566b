"""What is peculiar to Gemini."""

import base64
from typing import Any

import pytest

from conversation.errors import (
    BadResponse,
    PromptBlocked,
    ProviderUnavailable,
    StreamCut,
)
from conversation.signals import Asking, Finished, Item, Used
from conversation.turns import Sampling
from proxies.retry import RetryPolicy
from tests.wire.gemini_server import Answer, Call, error_in_stream
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


@pytest.fixture(params=[True, False], ids=["streamed", "whole"])
def stream(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def contents(wire: Wire, request: int) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = wire.server.requests[request].body["contents"]
    return sent


async def test_a_key_goes_to_the_gemini_api(gemini_: Wire) -> None:
    await hear(gemini_.proxy(api_key="AIzaTest"), gemini_.turn())

    (request,) = gemini_.server.requests
    assert request.path == "/v1beta/models/gemini-test:streamGenerateContent?alt=sse"
    assert request.headers["x-goog-api-key"] == "AIzaTest"


async def test_the_server_may_take_as_long_as_a_whole_answer(gemini_: Wire) -> None:
    await hear(gemini_.proxy(timeout=5.0, answer_timeout=600.0), gemini_.turn())

    assert gemini_.server.requests[0].headers["x-server-timeout"] == "600"


async def test_signatures_go_back_byte_by_byte(gemini_: Wire, stream: bool) -> None:
    calls = (Call("get_stock_price", {"symbol": "A"}), Call("get_stock_price", {"symbol": "B"}))
    gemini_.server.script(Answer(text="Let me see.", calls=calls))
    proxy = gemini_.proxy()
    heard = await hear(proxy, gemini_.turn(tools=(PRICE,), stream=stream))

    await hear(proxy, gemini_.turn(tools=(PRICE,), rounds=(round_of(heard, "1", "2"),)))

    text, first, second = contents(gemini_, 1)[1]["parts"]
    assert text == {"text": "Let me see."}
    assert b"\xfb\xff\xfe" in base64.urlsafe_b64decode(first["thoughtSignature"])
    assert "thoughtSignature" not in second
    assert gemini_.server.rejections == []


async def test_all_results_go_back_in_one_content(gemini_: Wire) -> None:
    proxy, turn = gemini_.proxy(), gemini_.turn("Prices of AAPL and MSFT?", tools=(PRICE,))
    heard = await hear(proxy, turn)
    first, second = (call.ref for call in asked_in(heard).calls)

    await hear(proxy, gemini_.turn(tools=(PRICE,), rounds=(round_of(heard, "1", "2"),)))

    told = contents(gemini_, 1)[-1]
    responses = [part["functionResponse"] for part in told["parts"]]
    assert told["role"] == "user"
    assert responses == [
        {"id": first, "name": "get_stock_price", "response": {"output": "1"}},
        {"id": second, "name": "get_stock_price", "response": {"output": "2"}},
    ]


async def test_failed_results_are_told_as_errors(gemini_: Wire) -> None:
    proxy, turn = gemini_.proxy(), gemini_.turn(tools=(PRICE,))
    failed = round_of(await hear(proxy, turn), "No such symbol.", failed=True)

    await hear(proxy, gemini_.turn(tools=(PRICE,), rounds=(failed,)))

    (part,) = contents(gemini_, 1)[-1]["parts"]
    assert part["functionResponse"]["response"] == {"error": "No such symbol."}


async def test_no_id_is_invented_for_a_call_without_one(gemini_: Wire) -> None:
    gemini_.server.script(Answer(calls=(Call("get_stock_price", with_id=False),)))
    proxy = gemini_.proxy()
    heard = await hear(proxy, gemini_.turn(tools=(PRICE,)))
    (call,) = asked_in(heard).calls

    await hear(proxy, gemini_.turn(tools=(PRICE,), rounds=(round_of(heard, "1"),)))

    assert (call.ref, call.arguments) == (None, "{}")
    assert call.call_id not in str(gemini_.server.requests[1].body)
    assert gemini_.server.rejections == []


async def test_a_blocked_prompt_is_told(gemini_: Wire, stream: bool) -> None:
    gemini_.server.script(Answer(blocked="PROHIBITED_CONTENT"))

    _, error = await hear_until_failure(gemini_.proxy(), gemini_.turn(stream=stream))

    assert type(error) is PromptBlocked
    assert str(error) == "Gemini will not answer this prompt: PROHIBITED_CONTENT"


@pytest.mark.parametrize(
    ("finish", "finished"),
    [
        ("MAX_TOKENS", Finished("max_tokens", "MAX_TOKENS")),
        ("SAFETY", Finished("content_filter", "SAFETY")),
        ("RECITATION", Finished("content_filter", "RECITATION")),
        ("PROHIBITED_CONTENT", Finished("content_filter", "PROHIBITED_CONTENT")),
    ],
)
async def test_other_ends_say_what_happened(
    gemini_: Wire, stream: bool, finish: str, finished: Finished
) -> None:
    gemini_.server.script(Answer(text="Once upon", finish=finish))

    heard = await hear(gemini_.proxy(), gemini_.turn(stream=stream))

    assert text_of(heard) == "Once upon"
    assert isinstance(heard[-2], Used)
    assert heard[-1] == finished


async def test_thinking_may_use_up_all_tokens(gemini_: Wire) -> None:
    gemini_.server.script(Answer(finish="MAX_TOKENS"))

    heard = await hear(gemini_.proxy(), gemini_.turn())

    assert text_of(heard) == ""
    assert heard[-1] == Finished("max_tokens", "MAX_TOKENS")


async def test_calls_of_an_answer_cut_short_are_not_asked_for(gemini_: Wire) -> None:
    gemini_.server.script(gemini_.answer("Let me see", "AAPL", finish="MAX_TOKENS"))

    heard = await hear(gemini_.proxy(), gemini_.turn())

    assert not any(isinstance(signal, Asking) for signal in heard)
    assert heard[-1] == Finished("max_tokens", "MAX_TOKENS")


async def test_a_missing_end_is_a_cut(gemini_: Wire) -> None:
    gemini_.server.script(Answer(text="And then", finish=None))

    heard, error = await hear_until_failure(gemini_.proxy(), gemini_.turn())

    assert text_of(heard) == "And then"
    assert type(error) is StreamCut


async def test_thoughts_are_kept_but_not_said(gemini_: Wire, stream: bool) -> None:
    gemini_.server.script(Answer(thought="I wonder.", text="It is so."))

    heard = await hear(gemini_.proxy(), gemini_.turn(stream=stream))

    (item,) = (signal.item for signal in heard if isinstance(signal, Item))
    assert text_of(heard) == "It is so."
    assert [part.get("thought") for part in item.body["parts"]] == [True, None, None]


async def test_a_fumbled_call_gets_one_more_try(gemini_: Wire) -> None:
    gemini_.server.script(Answer(finish="MALFORMED_FUNCTION_CALL"), Answer(text="Sorry."))

    heard = await hear(gemini_.proxy(), gemini_.turn(tools=(PRICE,)))

    assert [retry.code for retry in retries_in(heard)] == ["bad_response"]
    assert text_of(heard) == "Sorry."


async def test_a_call_fumbled_twice_is_an_error(gemini_: Wire) -> None:
    gemini_.server.always(Answer(finish="MALFORMED_FUNCTION_CALL"))

    _, error = await hear_until_failure(gemini_.proxy(), gemini_.turn(tools=(PRICE,)))

    assert isinstance(error, BadResponse)
    assert error.code == "bad_response"
    assert len(gemini_.server.requests) == 2


async def test_a_call_fumbled_after_text_is_an_error(gemini_: Wire) -> None:
    gemini_.server.script(Answer(text="Let me see.", finish="MALFORMED_FUNCTION_CALL"))

    heard, error = await hear_until_failure(gemini_.proxy(), gemini_.turn())

    assert text_of(heard) == "Let me see."
    assert isinstance(error, BadResponse)
    assert len(gemini_.server.requests) == 1


async def test_an_error_inside_a_stream_is_told(gemini_: Wire) -> None:
    gemini_.server.script(Answer(text="Well, ", breaks=error_in_stream(503, "UNAVAILABLE")))

    heard, error = await hear_until_failure(gemini_.proxy(), gemini_.turn())

    assert text_of(heard) == "Well, "
    assert type(error) is ProviderUnavailable


@pytest.mark.parametrize(
    ("effort", "config"),
    [
        ("low", {"thinking_level": "LOW"}),
        ("none", {"thinking_budget": 0}),
        ("unheard of", None),
    ],
)
async def test_an_effort_becomes_a_thinking_level(
    gemini_: Wire, effort: str, config: dict[str, Any] | None
) -> None:
    await hear(gemini_.proxy(), gemini_.turn(sampling=Sampling(reasoning_effort=effort)))

    sent = gemini_.server.requests[0].body.get("generationConfig", {}).get("thinkingConfig")
    assert sent == config


async def test_functions_are_declared_by_json_schema(gemini_: Wire) -> None:
    await hear(gemini_.proxy(), gemini_.turn("Hello", tools=(PRICE,)))

    (tool,) = gemini_.server.requests[0].body["tools"]
    (declaration,) = tool["functionDeclarations"]
    assert declaration["parameters_json_schema"] == PRICE.parameters
