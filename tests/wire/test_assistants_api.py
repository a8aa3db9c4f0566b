"""What a remote run is asked and says, streamed and polled."""

from typing import Any

import pytest

from conversation.signals import (
    Alive,
    Finished,
    Item,
    Refusing,
    Requested,
    Responded,
    Saying,
    Sent,
    Used,
)
from conversation.turns import (
    AnswerFormat,
    Image,
    ProviderItem,
    Round,
    Said,
    Sampling,
    ToolCall,
    ToolChoice,
    ToolResult,
    ToolSpec,
    Turn,
)
from proxies.headroom import Meter
from tests.wire.assistants import POLL, RUN, SUBMIT, RemoteWire, first_round, prices, turn
from tests.wire.assistants_events import Answer
from tests.wire.wires import PRICE, SECRET, asked_in, hear, round_of, text_of

ASSISTANT = "asst_" + "a" * 24

# How the SDK calls its methods for assistants.
pytestmark = pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")


@pytest.fixture(params=[True, False], ids=["streamed", "polled"])
def stream(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def with_assistant(remote: RemoteWire, **more: Any) -> None:
    remote.server.assistants[ASSISTANT] = {"id": ASSISTANT, "object": "assistant", **more}


async def test_text_arrives_in_order(remote: RemoteWire, stream: bool) -> None:
    remote.server.script(Answer(text="It is a fine day."))

    heard = await hear(remote.proxy(), turn(stream=stream))

    assert heard[0] == Sent()
    assert Alive("in_progress") in heard
    assert text_of(heard) == "It is a fine day."
    assert heard[-2:] == [Used(input=20, output=10, cached=5, reasoning=4), Finished("stop")]
    assert remote.server.rejections == []


async def test_streamed_text_comes_token_by_token(remote: RemoteWire) -> None:
    remote.server.script(Answer(text="one two three"))

    heard = await hear(remote.proxy(), turn())

    said = [signal for signal in heard if isinstance(signal, Saying)]
    assert said == [Saying("one "), Saying("two "), Saying("three")]
    assert remote.server.asked(POLL) == []


async def test_polling_goes_on_until_the_run_is_over(remote: RemoteWire) -> None:
    remote.server.script(Answer(text="At last.", polls=5))

    heard = await hear(remote.proxy(), turn(stream=False))

    assert text_of(heard) == "At last."
    assert len(remote.server.asked(POLL)) == 6


async def test_several_messages_are_kept_apart(remote: RemoteWire, stream: bool) -> None:
    remote.server.script(Answer(text="Let me search.", more="Here it is."))

    heard = await hear(remote.proxy(), turn(stream=stream))

    assert text_of(heard) == "Let me search.\n\nHere it is."


async def test_refusal_is_told_as_such(remote: RemoteWire, stream: bool) -> None:
    remote.server.script(Answer(refusal="I can't do that."))

    heard = await hear(remote.proxy(), turn(stream=stream))

    assert "".join(s.text for s in heard if isinstance(s, Refusing)) == "I can't do that."
    assert (text_of(heard), heard[-1]) == ("", Finished("stop"))


@pytest.mark.parametrize(
    ("code", "finished"),
    [
        ("max_completion_tokens", Finished("max_tokens", "max_completion_tokens")),
        ("max_prompt_tokens", Finished("max_tokens", "max_prompt_tokens")),
        ("content_filter", Finished("content_filter", "content_filter")),
    ],
)
async def test_cut_answer_keeps_text_and_usage(
    remote: RemoteWire, stream: bool, code: str, finished: Finished
) -> None:
    remote.server.script(Answer(text="Once upon", end="incomplete", code=code))

    heard = await hear(remote.proxy(), turn(stream=stream))

    assert text_of(heard) == "Once upon"
    assert isinstance(heard[-2], Used)
    assert heard[-1] == finished


# functions


async def test_parallel_calls_come_in_one_asking(remote: RemoteWire, stream: bool) -> None:
    remote.server.script(prices("AAPL", "MSFT", text="Let me see."))

    heard = await hear(remote.proxy(), turn(tools=(PRICE,), stream=stream))

    calls = asked_in(heard).calls
    assert [(call.name, call.arguments) for call in calls] == [
        ("get_stock_price", '{"symbol": "AAPL"}'),
        ("get_stock_price", '{"symbol": "MSFT"}'),
    ]
    assert len({call.call_id for call in calls} | {call.ref for call in calls}) == 4
    assert text_of(heard) == "Let me see."
    assert isinstance(heard[-3], Item)
    assert heard[-1] == Finished("tool_calls")


@pytest.mark.parametrize("outputs", [("1.0",), ("1.0", "2.0")], ids=["single", "parallel"])
async def test_outputs_go_to_the_run_that_waits(
    remote: RemoteWire, stream: bool, outputs: tuple[str, ...]
) -> None:
    remote.server.script(prices(*("AAPL", "MSFT")[: len(outputs)], text="Let me see."))
    proxy = remote.proxy()
    asked = turn(tools=(PRICE,), stream=stream)

    heard = await hear(proxy, await first_round(proxy, *outputs, asked=asked))

    assert text_of(heard) == f"The tools say {' and '.join(outputs)}."
    assert isinstance(heard[-2], Used)
    assert (len(remote.server.runs), len(remote.server.asked(SUBMIT))) == (1, 1)
    assert remote.server.rejections == []


async def test_run_may_ask_again_and_again(remote: RemoteWire, stream: bool) -> None:
    remote.server.script(
        prices("A", text="First A."), prices("B", text="Then B."), Answer(text="Both.")
    )
    proxy = remote.proxy()
    second = await first_round(proxy, "1", asked=turn(tools=(PRICE,), stream=stream))
    third = await first_round(proxy, "2", asked=second, before=second.rounds)

    heard = await hear(proxy, third)

    assert [round_.text for round_ in third.rounds] == ["First A.", "Then B."]
    assert text_of(heard) == "Both."
    given = [request.body["tool_outputs"] for request in remote.server.asked(SUBMIT)]
    assert [[output["output"] for output in outputs] for outputs in given] == [["1"], ["2"]]
    assert remote.server.rejections == []


async def test_outputs_may_come_from_another_process(remote: RemoteWire, stream: bool) -> None:
    following = await first_round(remote.proxy(), "1.0", asked=turn(tools=(PRICE,), stream=stream))
    await remote.close()

    heard = await hear(remote.proxy(), following)

    assert text_of(heard) == "The tools say 1.0."
    assert len(remote.server.runs) == 1


async def test_rounds_of_another_provider_are_told_in_words(
    remote: RemoteWire, stream: bool
) -> None:
    done = Round(
        text="Let me look.",
        calls=(ToolCall(call_id="call_a", name="get_stock_price", arguments='{"symbol": "A"}'),),
        results=(ToolResult(call_id="call_a", output="1.0"),),
        items=(ProviderItem(provider="somebody else", body={"strange": True}),),
    )

    await hear(remote.proxy(), turn(rounds=(done,), stream=stream))

    _, said, gave = remote.server.asked("POST /threads")[0].body["messages"]
    assert said == {"role": "assistant", "content": "Let me look."}
    assert gave["role"] == "user"
    assert gave["content"].endswith('get_stock_price({"symbol": "A"}):\n1.0')


# what is asked


async def test_run_is_asked_as_the_turn_says(remote: RemoteWire) -> None:
    asked = turn(
        instructions="Be brief.",
        tools=(PRICE, ToolSpec(name="exact", strict=True)),
        sampling=Sampling(
            temperature=0.25,
            top_p=0.75,
            max_output_tokens=99,
            reasoning_effort="low",
            parallel_tool_calls=False,
        ),
        tool_choice=ToolChoice(name="exact"),
        answer=AnswerFormat(kind="json_schema", name="it", schema={"type": "object"}, strict=True),
    )

    await hear(remote.proxy(), asked)

    body = remote.server.asked(RUN)[0].body
    exact = {"name": "exact", "description": "", "strict": True}
    assert body.pop("assistant_id") in {made["id"] for made in remote.server.assistants.values()}
    assert [tool["function"]["name"] for tool in body["tools"]] == ["get_stock_price", "exact"]
    assert body.pop("tools")[1]["function"].items() >= exact.items()
    assert body == {
        "model": "gpt-test",
        "instructions": "Be brief.",
        "temperature": 0.25,
        "top_p": 0.75,
        "max_completion_tokens": 256,
        "reasoning_effort": "low",
        "parallel_tool_calls": False,
        "tool_choice": {"type": "function", "function": {"name": "exact"}},
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "it", "schema": {"type": "object"}, "strict": True},
        },
        "stream": True,
    }


async def test_what_is_not_chosen_is_not_sent(remote: RemoteWire) -> None:
    await hear(remote.proxy(), turn(stream=False))

    assert set(remote.server.asked(RUN)[0].body) == {"assistant_id", "model"}


async def test_thread_has_the_whole_conversation(remote: RemoteWire) -> None:
    said = (
        Said(role="user", text="Hello?"),
        Said(role="assistant", text=""),
        Said(role="user", text="What is it?", images=(Image(url="https://x/y.png"),)),
    )

    await hear(remote.proxy(), Turn(model="gpt-test", messages=said))

    assert remote.server.asked("POST /threads")[0].body["messages"] == [
        {"role": "user", "content": "Hello?"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is it?"},
                {"type": "image_url", "image_url": {"url": "https://x/y.png", "detail": "auto"}},
            ],
        },
    ]


async def test_one_assistant_is_enough_for_a_model(remote: RemoteWire) -> None:
    proxy = remote.proxy()

    await hear(proxy, turn(instructions="Be brief."))
    await hear(proxy, turn(instructions="Be long."))

    assert len(remote.server.asked("POST /assistants")) == 1
    told = [request.body["instructions"] for request in remote.server.asked(RUN)]
    assert told == ["Be brief.", "Be long."]


async def test_assistant_that_got_lost_is_made_again(remote: RemoteWire) -> None:
    proxy = remote.proxy()
    await hear(proxy, turn())
    remote.server.assistants.clear()

    heard = await hear(proxy, turn())

    assert heard[-1] == Finished("stop")
    assert len(remote.server.assistants) == 1


@pytest.mark.parametrize("by", ["setting", "model"])
async def test_named_assistant_stays_who_it_is(remote: RemoteWire, by: str) -> None:
    search = {"type": "file_search"}
    with_assistant(remote, tools=[search])
    proxy = remote.proxy(assistant_id=ASSISTANT if by == "setting" else None)
    said = (Said(role="user", text="Hello"),)

    await hear(
        proxy, Turn(model=ASSISTANT, messages=said, instructions="Be brief.", tools=(PRICE,))
    )
    await remote.close()

    body = remote.server.asked(RUN)[0].body
    assert body["additional_instructions"] == "Be brief."
    assert [tool["type"] for tool in body["tools"]] == ["file_search", "function"]
    assert not {"model", "instructions"} & set(body)
    assert remote.left == [ASSISTANT]


async def test_named_assistant_may_use_another_model(remote: RemoteWire) -> None:
    has = {"type": "function", "function": {"name": PRICE.name, "parameters": {}}}
    with_assistant(remote, tools=[has])

    await hear(remote.proxy(assistant_id=ASSISTANT), turn(tools=(PRICE,)))

    body = remote.server.asked(RUN)[0].body
    assert body["model"] == "gpt-test"
    assert "tools" not in body


# what is kept, and who is asked


async def test_request_is_kept_with_the_messages(remote: RemoteWire, stream: bool) -> None:
    asked = turn(f"My key is {SECRET}.", instructions="Be brief.", stream=stream)

    heard = [signal async for signal in remote.proxy().respond(asked)]

    (request,) = (signal.request for signal in heard if isinstance(signal, Requested))
    (response,) = (signal.response for signal in heard if isinstance(signal, Responded))
    assert all(part in request for part in ("/runs", "Be brief.", "My key is", "gpt-test"))
    assert '"status": "completed"' in str(response)
    assert "I have nothing to add" in str(response)
    assert isinstance(heard[-3], Responded)


async def test_key_is_in_no_signal(remote: RemoteWire, stream: bool) -> None:
    remote.server.script(prices("A"), Answer(text="Fine."))
    proxy = remote.proxy()
    asked = turn(tools=(PRICE,), stream=stream)
    heard = [signal async for signal in proxy.respond(asked)]
    following = turn(tools=(PRICE,), stream=stream, rounds=(round_of(heard, "1"),))
    heard += [signal async for signal in proxy.respond(following)]

    assert remote.server.requests[0].headers["authorization"] == f"Bearer {SECRET}"
    assert heard[-1] == Finished("stop")
    assert SECRET not in str(heard)


async def test_server_without_keys_sees_none(
    remote: RemoteWire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "of somebody else")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-somebody-else")

    await hear(remote.proxy(api_key=None), turn(stream=False))
    await remote.close()

    sent = [request.headers for request in (*remote.server.requests, *remote.server.listings)]
    assert not any({"authorization", "openai-organization"} & set(headers) for headers in sent)


async def test_limits_that_the_server_tells_are_taken_note_of(remote: RemoteWire) -> None:
    remote.server.headers = {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "59",
    }
    meter = Meter()

    await hear(remote.proxy(meter=meter), turn())

    told = meter.last["gpt-test"].requests
    assert told is not None
    assert (told.left, told.limit) == (59, 60)


async def test_models_are_those_the_server_lists(remote: RemoteWire) -> None:
    assert await remote.proxy().models() == ()

    remote.server.offers({"data": [{"id": "gpt-test"}, {"id": "text-embedding-x"}]})

    assert await remote.proxy().models() == ("gpt-test",)
