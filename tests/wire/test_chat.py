"""What is peculiar to OpenAI-compatible servers: how many ways there are to send the same."""

from typing import get_args

import pytest

from conversation.errors import RequestRejected, StreamCut
from conversation.signals import Alive, Finished, Item, Refusing, Used
from conversation.turns import Round, ToolCall, ToolResult
from tests.wire.chat_server import Answer, Call, Manner, failure
from tests.wire.server import Break, json_reply
from tests.wire.wires import (
    PRICE,
    SECRET,
    Wire,
    asked_in,
    hear,
    hear_until_failure,
    retries_in,
    round_of,
    text_of,
)

TWO = (Call("get_stock_price", {"symbol": "A"}), Call("get_stock_price", {"symbol": "B"}))
OLLAMA = failure(400, "api_error", "registry.ollama.ai/library/gemma does not support tools")
CALL = '<tool_call>{"name": "get_stock_price", "arguments": {"symbol": "AAPL"}}</tool_call>'
BROKEN = '<tool_call>{"name": "get_stock_price", "arguments": {"symbol": </tool_call>'


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("manner", get_args(Manner))
async def test_calls_are_understood_however_they_come(
    compatible: Wire, manner: Manner, stream: bool
) -> None:
    compatible.server.script(Answer(text="Let me see.", calls=TWO, manner=manner))
    proxy = compatible.proxy()

    heard = await hear(proxy, compatible.turn(tools=(PRICE,), stream=stream))

    calls = asked_in(heard).calls
    assert [(call.name, call.arguments) for call in calls] == [
        ("get_stock_price", '{"symbol": "A"}'),
        ("get_stock_price", '{"symbol": "B"}'),
    ]
    assert len({call.ref for call in calls}) == 2
    await hear(proxy, compatible.turn(tools=(PRICE,), rounds=(round_of(heard, "1", "2"),)))
    assert compatible.server.rejections == []


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("field", ["reasoning_content", "reasoning", None])
async def test_reasoning_is_no_part_of_the_answer(
    compatible: Wire, field: str | None, stream: bool
) -> None:
    compatible.server.script(Answer(reasoning="Hm, hm.", reasoning_field=field, text="Yes it is."))

    heard = await hear(compatible.proxy(), compatible.turn(stream=stream))

    assert text_of(heard) == "Yes it is."
    assert Alive("reasoning") in heard or (field is None and not stream)


async def test_reasoning_goes_back_with_its_calls(compatible: Wire) -> None:
    compatible.server.script(Answer(reasoning="I need it.", calls=TWO[:1]))
    proxy = compatible.proxy()
    heard = await hear(proxy, compatible.turn(tools=(PRICE,)))

    await hear(proxy, compatible.turn(tools=(PRICE,), rounds=(round_of(heard, "1"),)))

    message = compatible.server.requests[1].body["messages"][1]
    assert message["reasoning_content"] == "I need it."


@pytest.mark.parametrize("stream", [True, False])
async def test_an_error_in_the_place_of_an_answer_is_told(compatible: Wire, stream: bool) -> None:
    said = {"error": {"code": 429, "message": "The model upstream is busy."}}
    compatible.server.script(json_reply(said), Answer(text="Now."))

    heard = await hear(compatible.proxy(), compatible.turn(stream=stream))

    (retry,) = retries_in(heard)
    assert (retry.code, "The model upstream is busy." in retry.reason) == ("rate_limited", True)
    assert text_of(heard) == "Now."


@pytest.mark.parametrize("usage", ["chunk", "every", "groq"])
async def test_tokens_are_counted_wherever_they_are_told(compatible: Wire, usage: str) -> None:
    compatible.server.script(compatible.answer("Well.", usage=usage))

    heard = await hear(compatible.proxy(), compatible.turn())

    assert [one for one in heard if isinstance(one, Used)] == [Used(input=20, output=10, cached=5)]


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": "12", "completion_tokens": None},
        {"prompt_tokens": -1, "completion_tokens": [], "prompt_tokens_details": 5},
        {"prompt_tokens": [12], "completion_tokens_details": {"reasoning_tokens": "many"}},
    ],
)
async def test_what_is_no_count_spoils_no_answer(compatible: Wire, usage: object) -> None:
    message = {"role": "assistant", "content": "Well.", "refusal": 5}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    compatible.server.script(json_reply({"choices": [choice], "usage": usage}))

    heard = await hear(compatible.proxy(), compatible.turn(stream=False))

    assert text_of(heard) == "Well."
    assert heard[-2:] == [Used(input=0, output=0), Finished("stop")]
    assert not any(isinstance(signal, Refusing) for signal in heard)


async def test_a_server_that_counts_nothing_is_believed(compatible: Wire) -> None:
    compatible.server.script(Answer(text="Well.", usage="none"))

    heard = await hear(compatible.proxy(), compatible.turn())

    assert not any(isinstance(signal, Used) for signal in heard)
    assert heard[-1] == Finished("stop")


async def test_a_server_that_knows_no_stream_options_is_asked_without(compatible: Wire) -> None:
    compatible.server.script(
        failure(422, "extra", "Extra inputs are not permitted: stream_options")
    )
    proxy = compatible.proxy()

    heard = await hear(proxy, compatible.turn())
    await hear(proxy, compatible.turn())

    assert heard[-1] == Finished("stop")
    sent = ["stream_options" in request.body for request in compatible.server.requests]
    assert sent == [True, False, False]


@pytest.mark.parametrize(
    ("finish", "reason"), [("length", "max_tokens"), ("content_filter", "content_filter")]
)
async def test_an_answer_cut_short_says_why(compatible: Wire, finish: str, reason: str) -> None:
    compatible.server.script(Answer(text="Well", calls=TWO, finish=finish))

    heard = await hear(compatible.proxy(), compatible.turn(tools=(PRICE,)))

    assert isinstance(heard[-1], Finished)
    assert heard[-1].reason == reason
    assert not any(isinstance(signal, Item) for signal in heard)


async def test_a_stream_that_does_not_say_why_it_ends_was_cut(compatible: Wire) -> None:
    compatible.server.script(Answer(text="Well", finish=""))

    _, error = await hear_until_failure(compatible.proxy(), compatible.turn())

    assert isinstance(error, StreamCut)


async def test_broken_arguments_go_back_as_an_object(compatible: Wire) -> None:
    broken = Round(
        text="",
        calls=(ToolCall(call_id="call_1", name="get_stock_price", arguments='{"symbol": '),),
        results=(ToolResult(call_id="call_1", output="That is no JSON.", failed=True),),
    )

    heard = await hear(compatible.proxy(), compatible.turn(tools=(PRICE,), rounds=(broken,)))

    assert "That is no JSON." in text_of(heard)
    assert compatible.server.rejections == []


async def test_no_key_is_sent_where_there_is_none(compatible: Wire) -> None:
    await hear(compatible.proxy(api_key=None), compatible.turn())
    await hear(compatible.proxy(), compatible.turn())

    sent = [request.headers.get("authorization") for request in compatible.server.requests]
    assert sent == [None, f"Bearer {SECRET}"]


async def test_openais_own_headers_go_to_nobody_else(
    compatible: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-ours")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-ours")
    proxy = compatible.proxy()

    await hear(proxy, compatible.turn())
    await proxy.models()

    for request in (*compatible.server.requests, *compatible.server.listings):
        assert not any(name.startswith("openai-") for name in request.headers)


# tools in words


@pytest.mark.parametrize("stream", [True, False])
async def test_tools_are_put_into_words_where_the_server_rejects_them(
    compatible: Wire, stream: bool
) -> None:
    compatible.server.script(OLLAMA, Answer(text=f"Let me see.\n{CALL}"), Answer(text="It is 1.0."))
    proxy = compatible.proxy()

    heard = await hear(proxy, compatible.turn(tools=(PRICE,), stream=stream))
    rounds = (round_of(heard, "1.0"),)
    answer = await hear(proxy, compatible.turn(tools=(PRICE,), rounds=rounds, stream=stream))

    (call,) = asked_in(heard).calls
    assert (call.name, call.arguments) == ("get_stock_price", '{"symbol": "AAPL"}')
    assert text_of(heard) == "Let me see.\n"
    assert text_of(answer) == "It is 1.0."
    bodies = [request.body for request in compatible.server.requests]
    assert ["tools" in body for body in bodies] == [True, False, False]
    assert "get_stock_price" in bodies[1]["messages"][0]["content"]
    told = bodies[2]["messages"][-1]
    assert told["role"] == "user"
    assert '"output": "1.0"' in told["content"]


async def test_a_setting_puts_tools_into_words_at_once(compatible: Wire) -> None:
    compatible.server.script(Answer(text=CALL))

    heard = await hear(compatible.proxy(tools="prompted"), compatible.turn(tools=(PRICE,)))

    assert len(asked_in(heard).calls) == 1
    assert text_of(heard) == ""
    assert "tools" not in compatible.server.requests[0].body


async def test_a_setting_insists_on_native_tools(compatible: Wire) -> None:
    compatible.server.script(OLLAMA)
    proxy = compatible.proxy(tools="native")

    _, error = await hear_until_failure(proxy, compatible.turn(tools=(PRICE,)))

    assert isinstance(error, RequestRejected)
    assert len(compatible.server.requests) == 1


async def test_a_call_that_cannot_be_read_is_asked_for_again(compatible: Wire) -> None:
    compatible.server.script(Answer(text=f"Well. {BROKEN}"), Answer(text=CALL))

    heard = await hear(compatible.proxy(tools="prompted"), compatible.turn(tools=(PRICE,)))

    assert asked_in(heard).calls[0].arguments == '{"symbol": "AAPL"}'
    assert text_of(heard) == "Well. "
    assert Used(input=40, output=20, cached=10) in heard
    asked = compatible.server.requests[1].body["messages"]
    assert asked[-2]["content"] == f"Well. {BROKEN}"
    assert "JSON" in asked[-1]["content"]


@pytest.mark.parametrize("text", [f"{CALL}\n{BROKEN}", f"{BROKEN}\n{CALL}"])
async def test_a_broken_call_beside_good_ones_is_told_the_model(
    compatible: Wire, text: str
) -> None:
    compatible.server.script(Answer(text=text))

    heard = await hear(compatible.proxy(tools="prompted"), compatible.turn(tools=(PRICE,)))

    whole, broken = asked_in(heard).calls
    assert (whole.arguments, broken.name) == ('{"symbol": "AAPL"}', "get_stock_price")
    assert broken.arguments == '{"symbol":'
    assert text_of(heard).strip() == ""
    assert len(compatible.server.requests) == 1


async def test_a_broken_call_of_nothing_known_is_said(compatible: Wire) -> None:
    unknown = BROKEN.replace("get_stock_price", "sing")
    compatible.server.script(Answer(text=f"{CALL}\n{unknown}"))

    heard = await hear(compatible.proxy(tools="prompted"), compatible.turn(tools=(PRICE,)))

    assert len(asked_in(heard).calls) == 1
    assert text_of(heard).strip() == unknown


async def test_after_one_repair_the_text_is_the_answer(compatible: Wire) -> None:
    compatible.server.script(Answer(text=BROKEN), Answer(text=BROKEN))

    heard = await hear(compatible.proxy(tools="prompted"), compatible.turn(tools=(PRICE,)))

    assert text_of(heard) == BROKEN
    assert heard[-1] == Finished("stop")
    assert len(compatible.server.requests) == 2


async def test_a_cut_answer_in_words_keeps_what_was_said(compatible: Wire) -> None:
    compatible.server.script(compatible.broken("Well, I think ", Break.CUT))
    proxy = compatible.proxy(tools="prompted")

    heard, error = await hear_until_failure(proxy, compatible.turn(tools=(PRICE,)))

    assert isinstance(error, StreamCut)
    assert text_of(heard).strip() == "Well, I think"
