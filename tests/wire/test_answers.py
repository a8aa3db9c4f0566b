"""What holds for the answers of both providers."""

import asyncio
from typing import Any

import pytest

from conversation.signals import Alive, Asking, Finished, Item, Saying, Sent, Used
from conversation.turns import ProviderItem, Round, Said, Sampling, ToolCall, ToolResult, Turn
from tests.wire.server import Request
from tests.wire.wires import PRICE, Wire, asked_in, hear, round_of, text_of

OTHERS_ROUND = Round(
    text="Let me look.",
    calls=(
        ToolCall(call_id="call_a", name="get_stock_price", arguments='{"symbol": "A"}', ref="x"),
        ToolCall(call_id="call_b", name="get_stock_price", arguments="not json"),
    ),
    results=(
        ToolResult(call_id="call_a", output="1.0"),
        ToolResult(call_id="call_b", output="Arguments are not JSON.", failed=True),
    ),
    items=(ProviderItem(provider="somebody else", body={"strange": True}),),
)


@pytest.fixture(params=[True, False], ids=["streamed", "whole"])
def stream(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


async def test_a_text_arrives_in_order(wire: Wire, stream: bool) -> None:
    wire.server.script(wire.answer("It is a fine day."))

    heard = await hear(wire.proxy(), wire.turn(stream=stream))

    assert heard[0] == Sent()
    assert text_of(heard) == "It is a fine day."
    assert isinstance(heard[-2], Used)
    assert heard[-1] == Finished("stop")
    assert any(isinstance(signal, Alive) for signal in heard) or not stream


async def test_a_streamed_text_comes_token_by_token(wire: Wire) -> None:
    wire.server.script(wire.answer("one two three"))

    heard = await hear(wire.proxy(), wire.turn())

    said = [signal for signal in heard if isinstance(signal, Saying)]
    assert said == [Saying("one "), Saying("two "), Saying("three")]


@pytest.mark.parametrize("wire", ["openai", "compatible"], indirect=True)
async def test_an_answer_that_comes_whole_though_a_stream_was_asked_for_is_read(wire: Wire) -> None:
    unstreamed = Request("", {}, {"model": wire.model})
    answer = wire.answer("Let me see.", "AAPL")
    wire.server.script(wire.server.perform(answer, unstreamed))

    heard = await hear(wire.proxy(), wire.turn(tools=(PRICE,), stream=True))

    assert text_of(heard) == "Let me see."
    assert [call.name for call in asked_in(heard).calls] == ["get_stock_price"]
    assert heard[-1] == Finished("tool_calls")


async def test_parallel_calls_come_in_one_asking(wire: Wire, stream: bool) -> None:
    wire.server.script(wire.answer("Let me see. ", "AAPL", "MSFT"))

    heard = await hear(wire.proxy(), wire.turn(tools=(PRICE,), stream=stream))

    calls = asked_in(heard).calls
    assert [(call.name, call.arguments) for call in calls] == [
        ("get_stock_price", '{"symbol": "AAPL"}'),
        ("get_stock_price", '{"symbol": "MSFT"}'),
    ]
    assert text_of(heard) == "Let me see. "
    kinds = [type(signal) for signal in heard]
    assert kinds[-4:] == [Item, Asking, Used, Finished]
    assert heard[-1] == Finished("tool_calls")


async def test_call_ids_are_ours_and_refs_the_providers(wire: Wire) -> None:
    wire.server.script(wire.answer("", "AAPL", "MSFT"))

    calls = asked_in(await hear(wire.proxy(), wire.turn(tools=(PRICE,)))).calls

    assert len({call.call_id for call in calls} | {call.ref for call in calls}) == 4
    assert all(len(call.call_id) == len("call_") + 24 for call in calls)


async def test_a_second_round_is_accepted(wire: Wire, stream: bool) -> None:
    proxy = wire.proxy()
    turn = wire.turn("Prices of AAPL and MSFT?", tools=(PRICE,), stream=stream)
    first = round_of(await hear(proxy, turn), "1.0", "2.0")

    heard = await hear(
        proxy,
        Turn(
            model=turn.model,
            messages=turn.messages,
            tools=turn.tools,
            rounds=(first,),
            stream=stream,
        ),
    )

    assert text_of(heard) == "The tools say 1.0 and 2.0."
    assert wire.server.rejections == []


async def test_later_rounds_are_accepted_too(wire: Wire) -> None:
    proxy, turn = wire.proxy(), wire.turn(tools=(PRICE,))
    first = round_of(await hear(proxy, turn), "1.0")
    second = round_of(await hear(proxy, turn), "2.0", failed=True)

    await hear(proxy, wire.turn(tools=(PRICE,), rounds=(first, second)))

    assert wire.server.rejections == []


async def test_rounds_of_another_provider_are_rebuilt(wire: Wire, stream: bool) -> None:
    heard = await hear(wire.proxy(), wire.turn(rounds=(OTHERS_ROUND,), stream=stream))

    assert text_of(heard) == "The tools say 1.0 and Arguments are not JSON.."
    assert wire.server.rejections == []


async def test_usage_tells_what_was_cached_and_thought(wire: Wire, stream: bool) -> None:
    thinking: dict[str, Any] = {"OpenAI": True, "Llama": "Well."}
    more = {"reasoning": thinking[wire.title]} if wire.title in thinking else {}
    wire.server.script(wire.answer("Hm.", **more))

    heard = await hear(wire.proxy(), wire.turn(stream=stream))

    (used,) = (signal for signal in heard if isinstance(signal, Used))
    assert used == Used(input=20, output=10, cached=5, reasoning=4)


async def test_what_is_not_chosen_is_not_sent(wire: Wire) -> None:
    await hear(wire.proxy(), wire.turn())

    sent = str(wire.server.requests[0].body)
    assert not any(name in sent for name in ("None", "temperature", "top", "tools", "instruct"))


async def test_sampling_and_instructions_are_sent(wire: Wire) -> None:
    sampling = Sampling(temperature=0.25, top_p=0.75, max_output_tokens=99)
    turn = wire.turn(sampling=sampling, instructions="Be brief.")

    await hear(wire.proxy(), turn)

    sent = str(wire.server.requests[0].body)
    assert all(part in sent for part in ("0.25", "0.75", "99", "Be brief."))


async def test_messages_without_text_are_left_out(wire: Wire) -> None:
    said = (
        Said(role="user", text="Hello?"),
        Said(role="assistant", text=""),
        Said(role="user", text="Still there?"),
    )

    heard = await hear(wire.proxy(), Turn(model=wire.model, messages=said))

    sent = wire.server.requests[0].body
    assert len(sent.get("input") or sent.get("contents") or sent["messages"]) == 2
    assert "Still there?" in text_of(heard)


async def test_answers_at_the_same_time_do_not_mix(wire: Wire) -> None:
    proxy = wire.proxy()
    texts = [f"This is number {number}." for number in range(30)]

    answers = await asyncio.gather(*(hear(proxy, wire.turn(text)) for text in texts))

    assert [
        text_of(answer)[: len(f"You said: {text}")]
        for answer, text in zip(answers, texts, strict=True)
    ] == [f"You said: {text}" for text in texts]


async def test_the_demand_for_prices_is_met_without_a_script(wire: Wire) -> None:
    heard = await hear(wire.proxy(), wire.turn("What is Apple trading at?", tools=(PRICE,)))

    assert [call.arguments for call in asked_in(heard).calls] == ['{"symbol": "AAPL"}']
