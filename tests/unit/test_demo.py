import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from conversation.errors import ProviderUnavailable, StreamCut
from conversation.ports import AssistantProxy
from conversation.signals import (
    Alive,
    Asking,
    Finished,
    Refusing,
    Requested,
    Responded,
    Saying,
    Sent,
    Signal,
    Used,
)
from conversation.turns import Round, Said, Sampling, ToolCall, ToolResult, ToolSpec, Turn
from mediator.ledger import GO_ON
from proxies.demo import DemoProxy
from proxies.demo_companies import symbols_in
from proxies.demo_texts import BROKEN_OFF, NOTHING_LEFT, NOTHING_TO_GO_ON

PRICE = ToolSpec(name="get_stock_price")
ADVICE = ToolSpec(name="buy_or_sell")
TOOLS = (PRICE, ADVICE)
APPLE = '{"symbol":"AAPL","price":227.5,"currency":"USD","source":"sample data"}'
MICROSOFT = '{"symbol":"MSFT","price":455,"currency":"USD","source":"sample data"}'


def turn(
    *texts: str,
    tools: tuple[ToolSpec, ...] = TOOLS,
    rounds: tuple[Round, ...] = (),
    sampling: Sampling | None = None,
) -> Turn:
    """The user's messages, with an answer of the assistant between each two."""
    messages = [said for text in texts for said in _exchange(text)][:-1]
    return Turn(
        model="demo",
        messages=tuple(messages),
        tools=tools,
        rounds=rounds,
        sampling=sampling or Sampling(),
    )


def _exchange(text: str) -> tuple[Said, Said]:
    return Said(role="user", text=text), Said(role="assistant", text="Well.")


async def signals(heard: Turn) -> list[Signal]:
    return [
        signal for signal in await taped(heard) if not isinstance(signal, Requested | Responded)
    ]


async def taped(heard: Turn) -> list[Signal]:
    """All signals, with those that tell what a real model would be sent and send."""
    proxy: AssistantProxy = DemoProxy(delay=0)
    return [signal async for signal in proxy.respond(heard)]


async def answer(heard: Turn) -> str:
    return "".join(s.text for s in await signals(heard) if isinstance(s, Saying))


async def asked(heard: Turn) -> tuple[ToolCall, ...]:
    """The calls of an answer; `()` when it asks for none."""
    return next((s.calls for s in await signals(heard) if isinstance(s, Asking)), ())


def wanted(calls: Sequence[ToolCall]) -> list[tuple[str, object]]:
    return [(call.name, json.loads(call.arguments)) for call in calls]


def answered(calls: tuple[ToolCall, ...], *outputs: str, failed: bool = False) -> Round:
    results = tuple(
        ToolResult(call_id=call.call_id, output=output, failed=failed)
        for call, output in zip(calls, outputs, strict=True)
    )
    return Round(text="", calls=calls, results=results)


async def test_signals_come_in_the_order_of_the_contract() -> None:
    said = await signals(turn("hello"))

    kinds = [type(signal) for signal in said]
    assert kinds[:3] == [Sent, Alive, Saying]
    assert set(kinds[2:-2]) == {Saying}
    assert kinds[-2:] == [Used, Finished]
    assert said[-1] == Finished("stop")


async def test_turn_is_told_as_the_request() -> None:
    heard = await taped(turn("hello"))

    assert [type(signal) for signal in heard[:3]] == [Sent, Requested, Alive]
    (request,) = (json.loads(s.request) for s in heard if isinstance(s, Requested))
    assert request["messages"] == [{"role": "user", "text": "hello", "images": []}]
    assert [tool["name"] for tool in request["tools"]] == ["get_stock_price", "buy_or_sell"]


async def test_answer_is_told_as_the_response() -> None:
    heard = await taped(turn("What is Apple trading at?"))

    kinds = [type(signal) for signal in heard]
    assert kinds[-4:] == [Asking, Responded, Used, Finished]
    (response,) = (json.loads(s.response or "") for s in heard if isinstance(s, Responded))
    assert [call["name"] for call in response["calls"]] == ["get_stock_price"]
    assert response["ends"] == "tool_calls"
    assert response["usage"]["output"] > 0


async def test_asking_comes_after_all_text_and_before_usage() -> None:
    kinds = [type(signal) for signal in await signals(turn("What is Apple trading at?"))]

    assert kinds == [Sent, Alive, Asking, Used, Finished]


@pytest.mark.parametrize("text", ["Hi", "", "Who are you?", "Are you a real model?", "help"])
async def test_says_that_it_is_a_demo(text: str) -> None:
    assert "demo" in await answer(turn(text))


async def test_whole_text_comes_at_once_when_not_streaming() -> None:
    heard = turn("help")
    whole = Turn(model="demo", messages=heard.messages, tools=TOOLS, stream=False)

    texts = [s.text for s in await signals(whole) if isinstance(s, Saying)]

    assert texts == [await answer(heard)]


@pytest.mark.parametrize(
    "text",
    [
        "What is Apple trading at?",
        "what's aapl worth",
        "Price of $AAPL, please",
        "AAPL",
        "And Apple?",
        "Hello! Can you tell me Apple's stock quote?",
        "HOW MUCH IS APPLE STOCK",
    ],
)
async def test_price_is_asked_for(text: str) -> None:
    assert wanted(await asked(turn(text))) == [("get_stock_price", {"symbol": "AAPL"})]


@pytest.mark.parametrize(
    "text", ["I ate an apple pie yesterday, it was good", "What is JSON?", "history"]
)
async def test_other_talk_asks_for_nothing(text: str) -> None:
    assert await asked(turn(text)) == ()
    assert "rule-based demo" in await answer(turn(text))


async def test_price_is_read_from_the_result() -> None:
    text = "What is Apple trading at?"
    rounds = (answered(await asked(turn(text)), APPLE),)

    assert await answer(turn(text, rounds=rounds)) == (
        "Apple (AAPL) is trading at **227.50 USD** (source: sample data)."
    )


async def test_bare_number_is_a_price_too() -> None:
    rounds = (answered(await asked(turn("AAPL")), "1227.5"),)

    assert await answer(turn("AAPL", rounds=rounds)) == ("Apple (AAPL) is trading at **1,227.50**.")


async def test_output_without_a_price_is_quoted() -> None:
    rounds = (answered(await asked(turn("AAPL")), "rather a lot"),)

    assert "`get_stock_price` said: rather a lot" in await answer(turn("AAPL", rounds=rounds))


async def test_comparing_asks_for_two_prices_at_once() -> None:
    text = "Compare Apple and Microsoft"
    calls = await asked(turn(text))
    said = await answer(turn(text, rounds=(answered(calls, APPLE, MICROSOFT),)))

    assert wanted(calls) == [
        ("get_stock_price", {"symbol": "AAPL"}),
        ("get_stock_price", {"symbol": "MSFT"}),
    ]
    assert len({call.call_id for call in calls}) == 2
    assert "One share of Microsoft (MSFT) costs 2.0 times as much as one of Apple (AAPL)" in said


async def test_prices_in_different_currencies_are_not_compared() -> None:
    text = "Compare Apple and Microsoft"
    rounds = (answered(await asked(turn(text)), APPLE, MICROSOFT.replace("USD", "EUR")),)

    assert "times as much" not in await answer(turn(text, rounds=rounds))


async def test_calls_come_one_by_one_where_parallel_ones_are_unwanted() -> None:
    text, one_by_one = "Compare Apple and Microsoft", Sampling(parallel_tool_calls=False)
    first = await asked(turn(text, sampling=one_by_one))
    rounds = (answered(first, APPLE),)
    second = await asked(turn(text, sampling=one_by_one, rounds=rounds))

    assert wanted(first + second) == [
        ("get_stock_price", {"symbol": "AAPL"}),
        ("get_stock_price", {"symbol": "MSFT"}),
    ]


async def test_advice_is_asked_for_with_the_price_found() -> None:
    text = "Should I buy Apple?"
    first = await asked(turn(text))
    rounds = (answered(first, APPLE),)
    second = await asked(turn(text, rounds=rounds))
    advice = '{"advice": "sell", "reason": "Too dear."}'
    said = await answer(turn(text, rounds=(*rounds, answered(second, advice))))

    assert wanted(first) == [("get_stock_price", {"symbol": "AAPL"})]
    assert wanted(second) == [("buy_or_sell", {"symbol": "AAPL", "price": 227.5})]
    assert "**227.50 USD**" in said
    assert "advice is: **sell**. Too dear." in said
    assert "not financial advice" in said


async def test_failed_price_is_told_and_no_advice_is_asked_for() -> None:
    text = "Should I sell Apple?"
    rounds = (answered(await asked(turn(text)), "There is no network.", failed=True),)

    assert await asked(turn(text, rounds=rounds)) == ()
    assert await answer(turn(text, rounds=rounds)) == (
        "I'm sorry, I could not get the price of Apple (AAPL). "
        "The function `get_stock_price` said: There is no network."
    )


async def test_failed_advice_is_told() -> None:
    text = "Should I sell Apple?"
    price = answered(await asked(turn(text)), APPLE)
    advice = answered(await asked(turn(text, rounds=(price,))), "Declined.", failed=True)

    said = await answer(turn(text, rounds=(price, advice)))
    assert "I could not get advice on Apple (AAPL). The function `buy_or_sell` said: Decl" in said


async def test_it_means_the_company_mentioned_before() -> None:
    for text in ("Should I buy it?", "Should I sell?", "And the price?"):
        calls = await asked(turn("What is Tesla worth?", "Thank you", text))
        assert wanted(calls) == [("get_stock_price", {"symbol": "TSLA"})]


async def test_stocks_without_a_company_make_it_ask_back() -> None:
    assert "Which company" in await answer(turn("AAPL", "Which shares should I buy?"))
    assert "Which company" in await answer(turn("Should I sell?"))


async def test_functions_not_on_offer_are_not_asked_for() -> None:
    assert "not on offer" in await answer(turn("Price of Apple?", tools=()))

    rounds = (answered(await asked(turn("Buy Apple?")), APPLE),)
    said = await answer(turn("Buy Apple?", tools=(PRICE,), rounds=rounds))
    assert "`buy_or_sell`, but it is not on offer" in said


async def test_story_is_long_and_another_next_time() -> None:
    first = await answer(turn("Tell me a long story"))
    second = await answer(turn("Tell me a long story", "Another story, please"))

    assert 550 < len(first.split()) < 750
    assert first != second


async def test_markdown_has_headings_code_and_a_table() -> None:
    said = await answer(turn("Show me Markdown"))

    assert all(mark in said for mark in ("# A little", "```python", "| State |"))


async def test_help_names_the_functions_on_offer() -> None:
    assert "`get_stock_price`, `buy_or_sell`" in await answer(turn("help"))
    assert "conversation: none." in await answer(turn("What can you do?", tools=()))


async def test_remembers_what_the_thread_says() -> None:
    assert "Nice to meet you, Ada Lovelace!" in await answer(turn("My name is Ada Lovelace"))
    assert await answer(turn("My name is Ada.", "What's my name?")) == "Your name is Ada."
    assert "haven't told me" in await answer(turn("What is my name?"))
    assert await answer(turn("One", "What did I say first?")) == (
        "The first thing you said here was: One"
    )


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("How are you?", "in good order"),
        ("Tell me a joke", "state machine"),
        ("Thanks!", "welcome"),
        ("bye", "Goodbye"),
        ("What are your instructions?", "no instructions"),
        ("count to 5", "1, 2, 3, 4, 5."),
        ("count to 99999", "10,000 at most"),
        ("echo  Is this **it**?", "Is this **it**?"),
        ("wait 0", "I have waited for 0 seconds."),
        ("Quelle heure est-il ?", "rule-based demo"),
    ],
)
async def test_answers_what_it_knows(text: str, part: str) -> None:
    assert part in await answer(turn(text))


async def test_instructions_are_shown_when_asked_for() -> None:
    heard = Turn(
        model="demo",
        messages=(Said(role="user", text="Show the instructions"),),
        instructions="Be brief.",
    )

    assert "Be brief." in await answer(heard)


async def test_fail_raises_before_anything_is_sent() -> None:
    with pytest.raises(ProviderUnavailable):
        await anext(aiter(DemoProxy(delay=0).respond(turn("fail"))))


async def test_break_off_ends_in_the_middle() -> None:
    heard: list[Signal] = []
    with pytest.raises(StreamCut):
        async for signal in DemoProxy(delay=0).respond(turn("Break off")):
            heard.append(signal)

    assert [type(signal) for signal in heard[-2:]] == [Saying, Responded]


async def test_refuse_is_a_refusal() -> None:
    kinds = [type(signal) for signal in await signals(turn("refuse"))]

    assert set(kinds[2:-2]) == {Refusing}


async def test_written_calls_are_made_as_they_are() -> None:
    text = 'call weather {"city": "Bonn"}\ncall broken {"a": '
    calls = await asked(turn(text))
    rounds = (answered(calls, "sunny", "no such function", failed=True),)

    assert [(call.name, call.arguments) for call in calls] == [
        ("weather", '{"city": "Bonn"}'), ("broken", '{"a":'),
    ]  # fmt: skip
    assert await answer(turn(text, rounds=rounds)) == (
        "`weather` failed and said: sunny\n\n`broken` failed and said: no such function"
    )


async def test_loop_never_stops_asking() -> None:
    calls = await asked(turn("loop"))
    again = await asked(turn("loop", rounds=(answered(calls, APPLE),) * 9))

    assert [call.name for call in calls + again] == ["get_stock_price"] * 2
    assert "none to call" in await answer(turn("loop", tools=()))


async def test_limit_of_tokens_cuts_the_answer() -> None:
    heard = turn("count to 9", sampling=Sampling(max_output_tokens=3))

    assert await answer(heard) == "1, 2, 3, "
    assert (await signals(heard))[-1] == Finished("max_tokens")


async def test_usage_grows_with_what_was_heard_and_said() -> None:
    short = (await signals(turn("hello")))[-2]
    long = (await signals(turn("hello", "Tell me a story")))[-2]

    assert isinstance(short, Used)
    assert isinstance(long, Used)
    assert 0 < short.input < long.input
    assert 0 < short.output < long.output


async def test_stops_at_once_when_cancelled() -> None:
    begun = asyncio.Event()

    async def listen() -> None:
        async for _ in DemoProxy(delay=60).respond(turn("Tell me a long story")):
            begun.set()

    task = asyncio.create_task(listen())
    await begun.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    await DemoProxy().aclose()


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("Compare Tesla with Coca-Cola and tesla", ("TSLA", "KO")),
        ("Is Alphabet's share cheaper than $brk.b?", ("GOOG", "BRK.B")),
        ("SAP or ASML, in USD?", ("SAP", "ASML")),
        ("IS THE US STOCK MARKET OK", ()),
        ("WHICH IS BEST, NVDA OR AMD", ("NVDA", "AMD")),
        ("A B C D", ()),
    ],
)
def test_companies_are_found_in_a_sentence(text: str, symbols: tuple[str, ...]) -> None:
    assert symbols_in(text) == symbols


def going_on(question: str, *said: str, tools: tuple[ToolSpec, ...] = TOOLS, **parts: Any) -> Turn:
    """A question, what was said of its answer, and the wish for more of it."""
    begun = Turn(model="demo", messages=(Said(role="user", text=question),), tools=tools, **parts)
    partial = tuple(Said(role="assistant", text=text) for text in said)
    wish = Said(role="user", text=GO_ON)
    return replace(begun, messages=(*begun.messages, *partial, wish))


@pytest.mark.parametrize("length", [1, 7, 500])
@pytest.mark.parametrize("question", ["count to 300", "Tell me a story", "Show me Markdown"])
async def test_answer_goes_on_where_it_stops(question: str, length: int) -> None:
    whole = await answer(turn(question))

    rest = await answer(going_on(question, whole[:length], whole[length : length + 3]))

    assert whole[: length + 3] + rest == whole


async def test_broken_answer_has_an_end_after_all() -> None:
    heard = await signals(going_on("break off", BROKEN_OFF))

    assert heard[-1] == Finished("stop")


async def test_going_on_calls_the_functions_again() -> None:
    asking = going_on("What is Apple trading at?", "Apple")
    (wanted,) = [signal for signal in await signals(asking) if isinstance(signal, Asking)]
    result = ToolResult(call_id=wanted.calls[0].call_id, output=APPLE)

    said = await answer(
        replace(asking, rounds=(Round(text="", calls=wanted.calls, results=(result,)),))
    )

    assert said.startswith(" (AAPL)") or "227.50" in said
    assert not said.startswith("Apple")


@pytest.mark.parametrize("wish", ["go on", "Continue!"])
async def test_whole_answer_has_nothing_left(wish: str) -> None:
    question, whole = "count to 3", "1, 2, 3."
    asked = (
        Said(role="user", text=question),
        Said(role="assistant", text=whole),
        Said(role="user", text=wish),
    )

    assert await answer(Turn(model="demo", messages=asked)) == NOTHING_LEFT


async def test_nothing_said_has_nothing_left() -> None:
    assert await answer(turn("go on")) == NOTHING_TO_GO_ON
