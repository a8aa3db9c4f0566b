"""The demo model calls what it must, and writes JSON where it has to."""

import json
from collections.abc import Sequence
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversation.signals import Asking, Finished, Refusing, Saying, Signal
from conversation.turns import (
    AnswerFormat,
    Image,
    Round,
    Said,
    Sampling,
    ToolCall,
    ToolChoice,
    ToolResult,
    ToolSpec,
    Turn,
)
from proxies.demo import DemoProxy
from proxies.demo_json import fitting
from proxies.demo_texts import NO_CALLS_NOW

PRICE = ToolSpec(
    name="get_stock_price",
    parameters={"type": "object", "properties": {"symbol": {"type": "string"}}},
)
WEATHER = ToolSpec(
    name="get_weather",
    parameters={
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
            "days": {"type": "integer", "minimum": 1},
        },
        "required": ["city"],
    },
)
EVENT = {
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "on": {"type": "string", "format": "date"},
        "kind": {"enum": ["party", "meeting"]},
        "guests": {"type": "array", "items": {"$ref": "#/$defs/guest"}, "minItems": 2},
        "public": {"type": "boolean"},
        "cost": {"type": ["null", "number"], "maximum": 99.5},
        "notes": {"anyOf": [{"type": "null"}, {"type": "string", "maxLength": 8}]},
    },
    "required": ["title", "on", "kind", "guests", "public", "cost", "notes"],
    "additionalProperties": False,
    "$defs": {
        "guest": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 18}},
            "required": ["name", "age"],
            "additionalProperties": False,
        }
    },
}
JSON = AnswerFormat(kind="json_object")


def turn(text: str, *tools: ToolSpec, images: Sequence[Image] = (), **parts: Any) -> Turn:
    said = Said(role="user", text=text, images=tuple(images))
    return Turn(model="demo", messages=(said,), tools=tools, **parts)


async def signals(heard: Turn) -> list[Signal]:
    return [signal async for signal in DemoProxy(delay=0).respond(heard)]


async def answer(heard: Turn) -> str:
    return "".join(s.text for s in await signals(heard) if isinstance(s, Saying))


async def calls(heard: Turn) -> list[tuple[str, Any]]:
    asked = next((s.calls for s in await signals(heard) if isinstance(s, Asking)), ())
    return [(call.name, json.loads(call.arguments)) for call in asked]


def answered(name: str, output: str) -> Round:
    call = ToolCall(call_id="call_1", name=name, arguments="{}")
    return Round(text="", calls=(call,), results=(ToolResult(call_id="call_1", output=output),))


# formats


async def test_answer_fits_the_schema_and_says_what_it_would() -> None:
    format_ = AnswerFormat(kind="json_schema", name="event", schema=EVENT)

    told = json.loads(await answer(turn("echo A meeting of 42", answer=format_)))

    jsonschema.validate(told, EVENT)
    assert (told["title"], told["kind"], told["public"]) == ("A meeting of 42", "meeting", True)
    assert told["cost"] == 42
    assert [guest["name"] for guest in told["guests"]] == ["sample name", "sample name"]


async def test_json_object_has_the_answer_in_it() -> None:
    assert json.loads(await answer(turn("echo Hello", answer=JSON))) == {"answer": "Hello"}


async def test_echoed_object_is_json_already() -> None:
    assert await answer(turn('echo {"a": [1]}', answer=JSON)) == '{"a": [1]}'


async def test_format_does_not_keep_from_calling() -> None:
    heard = turn("What is Apple trading at?", PRICE, answer=JSON)

    assert await calls(heard) == [("get_stock_price", {"symbol": "AAPL"})]


async def test_refusal_is_no_json() -> None:
    said = await signals(turn("refuse", answer=JSON))

    assert any(isinstance(signal, Refusing) for signal in said)
    assert not any(isinstance(signal, Saying) for signal in said)


async def test_json_is_cut_at_the_limit_of_tokens() -> None:
    sampling = Sampling(max_output_tokens=3)
    said = await signals(turn("count to 20", answer=JSON, sampling=sampling))

    assert said[-1] == Finished("max_tokens")


BOUNDS = st.fixed_dictionaries(
    {},
    optional={
        "minimum": st.integers(-9, 9),
        "maximum": st.integers(10, 30),
        "multipleOf": st.integers(1, 9),
    },
)
LENGTHS = st.fixed_dictionaries(
    {}, optional={"minLength": st.integers(0, 5), "maxLength": st.integers(5, 9)}
)
SIMPLE: st.SearchStrategy[Any] = st.one_of(
    BOUNDS.flatmap(
        lambda b: st.sampled_from(["integer", "number"]).map(lambda t: {"type": t, **b})
    ),
    LENGTHS.map(lambda lengths: {"type": "string", **lengths}),
    st.sampled_from([{"type": "boolean"}, {"type": "null"}, {"const": 7}, {}]),
    st.lists(st.integers() | st.text(max_size=3), min_size=1, max_size=3).map(
        lambda options: {"enum": options}
    ),
)
SCHEMAS: st.SearchStrategy[dict[str, Any]] = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        st.dictionaries(st.sampled_from("abcd"), inner, max_size=3).map(
            lambda properties: {
                "type": "object",
                "properties": properties,
                "required": sorted(properties),
                "additionalProperties": False,
            }
        ),
        st.tuples(inner, st.integers(0, 2)).map(
            lambda one: {"type": "array", "items": one[0], "minItems": one[1], "maxItems": 2}
        ),
        st.lists(inner, min_size=1, max_size=2).map(lambda choices: {"anyOf": choices}),
    ),
    max_leaves=8,
)


@given(SCHEMAS, st.text(max_size=20), st.text(max_size=20))
def test_whatever_the_schema_its_value_fits(schema: dict[str, Any], asked: str, said: str) -> None:
    jsonschema.validate(fitting(schema, asked=asked, said=said), schema)


def test_schema_that_holds_itself_comes_to_an_end() -> None:
    tree = {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "children": {"type": "array", "items": {"$ref": "#"}},
            "parent": {"anyOf": [{"$ref": "#"}, {"type": "null"}]},
        },
        "required": ["name", "children", "parent"],
    }

    jsonschema.validate(fitting(tree, asked="", said="A tree"), tree)


@pytest.mark.parametrize(
    "schema",
    [{"$ref": "#"}, {"$ref": "#/nowhere"}, {"type": "object", "required": ["a"]}, {"type": 7}],
)
def test_odd_schema_is_answered_somehow(schema: dict[str, Any]) -> None:
    json.dumps(fitting(schema, asked="", said="Well."))


# calls


async def test_named_function_is_called_whatever_is_said() -> None:
    choice = ToolChoice(name="get_weather")
    heard = turn("In 3 days, in fahrenheit", PRICE, WEATHER, tool_choice=choice)

    arguments = {"city": "In 3 days, in fahrenheit", "unit": "fahrenheit", "days": 3}
    assert await calls(heard) == [("get_weather", arguments)]


async def test_named_function_is_called_as_the_user_wrote_it() -> None:
    text = 'call get_stock_price {"symbol": "X"}\ncall get_weather {"city": "Rome"}'
    heard = turn(text, PRICE, WEATHER, tool_choice=ToolChoice(name="get_weather"))

    assert await calls(heard) == [("get_weather", {"city": "Rome"})]


async def test_some_function_is_called_where_one_is_required() -> None:
    required = ToolChoice(mode="required")

    assert await calls(turn("Hello", PRICE, tool_choice=required)) == [
        ("get_stock_price", {"symbol": "Hello"})
    ]
    heard = turn("What is Apple trading at?", WEATHER, PRICE, tool_choice=required)
    assert await calls(heard) == [("get_stock_price", {"symbol": "AAPL"})]


async def test_answer_to_a_forced_call_tells_what_came_of_it() -> None:
    rounds = (answered("get_weather", "Sunny."),)

    assert await answer(turn("Hello", WEATHER, rounds=rounds)) == "`get_weather` said: Sunny."


async def test_nothing_is_called_where_nothing_may_be() -> None:
    never = ToolChoice(mode="none")
    heard = turn("What is Apple trading at?", PRICE, tool_choice=never)

    assert await calls(heard) == []
    assert await answer(heard) == NO_CALLS_NOW
    assert "demo assistant" in await answer(turn("Hello", PRICE, tool_choice=never))


async def test_calls_come_one_by_one_where_wished() -> None:
    alone = Sampling(parallel_tool_calls=False)
    heard = turn("call one {}\ncall two {}", PRICE, sampling=alone)

    assert await calls(heard) == [("one", {})]


async def test_pictures_alone_are_acknowledged() -> None:
    heard = turn("", images=[Image(url="https://example.com/a.png")])

    assert "You have shown me 1." in await answer(heard)
