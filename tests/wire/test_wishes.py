"""Formats, forced calls and pictures go over each provider's wire."""

import base64
from dataclasses import replace
from typing import Any

import pytest

from conversation.errors import RequestRejected
from conversation.turns import AnswerFormat, Image, Said, Sampling, ToolChoice, ToolSpec, Turn
from tests.wire.chat_server import Answer, failure
from tests.wire.gemini_server import Answer as GeminiAnswer
from tests.wire.gemini_server import Call
from tests.wire.wires import (
    PRICE,
    Wire,
    asked_in,
    hear,
    hear_until_failure,
    round_of,
    text_of,
)

SCHEMA = {"type": "object", "properties": {"price": {"type": "number"}}, "required": ["price"]}
PRICED = AnswerFormat(kind="json_schema", name="priced", schema=SCHEMA, strict=True)
OBJECT = AnswerFormat(kind="json_object")
URL = "https://example.com/cat.png"
DATA = "data:image/png;base64," + base64.b64encode(b"\x89PNG").decode()
CAT = Image(url=URL, detail="high")
CALL = '<tool_call>{"name": "get_stock_price", "arguments": {"symbol": "AAPL"}}</tool_call>'


async def sent(wire: Wire, **parts: Any) -> dict[str, Any]:
    """Return the body of the request for a turn that says hello."""
    await hear(wire.proxy(), wire.turn("Hello", **parts))
    assert wire.server.rejections == []
    body: dict[str, Any] = wire.server.requests[-1].body
    return body


async def shown(wire: Wire, said: Said, **parts: Any) -> dict[str, Any]:
    """Return the body of the request for a turn with this message before the newest."""
    turn = Turn(model=wire.model, messages=(said, Said(role="user", text="And?")), **parts)
    await hear(wire.proxy(), turn)
    assert wire.server.rejections == []
    body: dict[str, Any] = wire.server.requests[-1].body
    return body


def instructions(body: dict[str, Any]) -> str:
    """Return what a chat request has before the thread's messages."""
    first = body["messages"][0]
    return str(first["content"]) if first["role"] == "system" else ""


async def test_nothing_is_asked_for_unless_somebody_wishes(wire: Wire) -> None:
    body = await sent(wire, tools=(PRICE,))

    names = {"text", "response_format", "tool_choice", "toolConfig"}
    assert not names & body.keys()
    assert "responseMimeType" not in body.get("generationConfig", {})


# formats


async def test_openai_is_told_the_schema(openai: Wire) -> None:
    body = await sent(openai, answer=replace(PRICED, description="A price."))

    assert body["text"] == {
        "format": {
            "type": "json_schema",
            "name": "priced",
            "description": "A price.",
            "schema": SCHEMA,
            "strict": True,
        }
    }
    assert (await sent(openai, answer=OBJECT))["text"] == {"format": {"type": "json_object"}}


async def test_chat_servers_are_told_the_schema(compatible: Wire) -> None:
    body = await sent(compatible, answer=replace(PRICED, description="A price."))

    assert body["response_format"] == {
        "type": "json_schema",
        "json_schema": {
            "name": "priced",
            "description": "A price.",
            "schema": SCHEMA,
            "strict": True,
        },
    }
    body = await sent(compatible, answer=OBJECT)
    assert body["response_format"] == {"type": "json_object"}


async def test_gemini_is_told_the_schema(gemini_: Wire) -> None:
    config = (await sent(gemini_, answer=PRICED, tools=(PRICE,)))["generationConfig"]

    assert config["responseMimeType"] == "application/json"
    assert config["responseJsonSchema"] == SCHEMA
    config = (await sent(gemini_, answer=OBJECT))["generationConfig"]
    assert config == {"responseMimeType": "application/json"}


async def test_older_gemini_models_are_told_in_words_beside_functions(gemini_: Wire) -> None:
    turn = gemini_.turn("Hello", answer=PRICED, tools=(PRICE,), instructions="Be brief.")

    await hear(gemini_.proxy(), replace(turn, model="gemini-2.5-flash"))

    body = gemini_.server.requests[0].body
    told = body["systemInstruction"]["parts"][0]["text"]
    assert gemini_.server.rejections == []
    assert told.startswith("Be brief.\n\nUnless you call a function, write your answer as JSON")
    assert '"price": {"type": "number"}' in told


async def test_format_a_server_does_not_know_is_asked_for_in_words(compatible: Wire) -> None:
    unavailable = "This response_format type is unavailable now"
    compatible.server.script(failure(400, "invalid_request_error", unavailable))
    proxy = compatible.proxy()

    await hear(proxy, compatible.turn("Hello", answer=PRICED))
    await hear(proxy, compatible.turn("Hello", answer=OBJECT))

    bodies = [request.body for request in compatible.server.requests]
    assert ["response_format" in body for body in bodies] == [True, False, False]
    assert '"price"' in instructions(bodies[1])
    assert instructions(bodies[2]).startswith("Write your answer as a JSON object")


async def test_bad_schema_is_the_askers_to_mend(compatible: Wire) -> None:
    bad = "Invalid schema for response_format 'priced': 'uniqueItems' is not permitted."
    compatible.server.script(failure(400, "invalid_request_error", bad))

    _, error = await hear_until_failure(compatible.proxy(), compatible.turn(answer=PRICED))

    assert isinstance(error, RequestRejected)
    assert len(compatible.server.requests) == 1


async def test_format_goes_into_words_with_the_functions(compatible: Wire) -> None:
    compatible.server.script(Answer(text=CALL), Answer(text='{"price": 1.0}'))
    proxy = compatible.proxy(tools="prompted")
    heard = await hear(proxy, compatible.turn(tools=(PRICE,), answer=PRICED))
    rounds = (round_of(heard, "1.0"),)

    answer = await hear(proxy, compatible.turn(tools=(PRICE,), answer=PRICED, rounds=rounds))

    assert text_of(answer) == '{"price": 1.0}'
    for request in compatible.server.requests:
        assert "response_format" not in request.body
        assert "Unless you call a function, write your answer as JSON" in instructions(request.body)


# forced and forbidden calls


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        (ToolChoice(mode="none"), "none"),
        (ToolChoice(mode="required"), "required"),
        (ToolChoice(name="get_stock_price"), {"type": "function", "name": "get_stock_price"}),
    ],
)
async def test_openai_is_told_what_may_be_called(
    openai: Wire, choice: ToolChoice, told: object
) -> None:
    assert (await sent(openai, tools=(PRICE,), tool_choice=choice))["tool_choice"] == told


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        (ToolChoice(mode="none"), "none"),
        (ToolChoice(mode="required"), "required"),
        (
            ToolChoice(name="get_stock_price"),
            {"type": "function", "function": {"name": "get_stock_price"}},
        ),
    ],
)
async def test_chat_servers_are_told_what_may_be_called(
    compatible: Wire, choice: ToolChoice, told: object
) -> None:
    assert (await sent(compatible, tools=(PRICE,), tool_choice=choice))["tool_choice"] == told


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        (ToolChoice(mode="none"), {"mode": "NONE"}),
        (ToolChoice(mode="required"), {"mode": "ANY"}),
        (
            ToolChoice(name="get_stock_price"),
            {"mode": "ANY", "allowedFunctionNames": ["get_stock_price"]},
        ),
    ],
)
async def test_gemini_is_told_what_may_be_called(
    gemini_: Wire, choice: ToolChoice, told: object
) -> None:
    body = await sent(gemini_, tools=(PRICE,), tool_choice=choice)

    assert body["toolConfig"] == {"functionCallingConfig": told}


async def test_choice_without_functions_is_not_sent(wire: Wire) -> None:
    body = await sent(wire, tool_choice=ToolChoice(mode="required"))

    assert not {"tool_choice", "toolConfig"} & body.keys()


async def test_choice_a_server_does_not_know_is_put_into_words(compatible: Wire) -> None:
    refused = "deepseek-reasoner does not support this tool_choice"
    compatible.server.script(failure(400, "invalid_request_error", refused))
    proxy = compatible.proxy()
    required, named = ToolChoice(mode="required"), ToolChoice(name="get_stock_price")

    await hear(proxy, compatible.turn("Hello", tools=(PRICE,), tool_choice=required))
    await hear(proxy, compatible.turn("Hello", tools=(PRICE,), tool_choice=named))

    bodies = [request.body for request in compatible.server.requests]
    assert ["tool_choice" in body for body in bodies] == [True, False, False]
    assert all("tools" in body for body in bodies)
    assert "must call at least one function" in instructions(bodies[1])
    assert "must call the function `get_stock_price`" in instructions(bodies[2])


async def test_forced_call_goes_into_words_with_the_functions(compatible: Wire) -> None:
    compatible.server.script(Answer(text=CALL))
    choice = ToolChoice(name="get_stock_price")
    turn = compatible.turn(tools=(PRICE,), tool_choice=choice)

    heard = await hear(compatible.proxy(tools="prompted"), turn)

    body = compatible.server.requests[0].body
    assert len(asked_in(heard).calls) == 1
    assert "tool_choice" not in body
    assert instructions(body).endswith("you must call the function `get_stock_price` now.")


async def test_functions_in_words_are_not_told_where_none_may_be_called(compatible: Wire) -> None:
    compatible.server.script(Answer(text=CALL))
    turn = compatible.turn(tools=(PRICE,), tool_choice=ToolChoice(mode="none"), answer=OBJECT)

    heard = await hear(compatible.proxy(tools="prompted"), turn)

    body = compatible.server.requests[0].body
    assert instructions(body) == ""
    assert body["response_format"] == {"type": "json_object"}
    assert text_of(heard) == CALL


async def test_strict_functions_are_told_as_such(openai: Wire, compatible: Wire) -> None:
    tools = (replace(PRICE, strict=True), ToolSpec(name="other"))

    flat = (await sent(openai, tools=tools))["tools"]
    nested = (await sent(compatible, tools=tools))["tools"]

    assert [tool["strict"] for tool in flat] == [True, False]
    assert [tool["function"].get("strict") for tool in nested] == [True, None]


async def test_wish_for_single_calls_a_server_does_not_know_is_dropped(compatible: Wire) -> None:
    refused = "Unsupported parameter: 'parallel_tool_calls'"
    compatible.server.script(failure(400, "invalid_request_error", refused))
    alone = Sampling(parallel_tool_calls=False)

    await hear(compatible.proxy(), compatible.turn("Hello", tools=(PRICE,), sampling=alone))

    bodies = [request.body for request in compatible.server.requests]
    assert ["parallel_tool_calls" in body for body in bodies] == [True, False]


@pytest.mark.parametrize("stream", [True, False])
async def test_gemini_keeps_the_first_signed_call_where_one_is_wanted(
    gemini_: Wire, stream: bool
) -> None:
    both = (Call("get_stock_price", {"symbol": "A"}), Call("get_stock_price", {"symbol": "B"}))
    gemini_.server.script(GeminiAnswer(text="Let me see.", calls=both))
    proxy, alone = gemini_.proxy(), Sampling(parallel_tool_calls=False)
    turn = gemini_.turn(tools=(PRICE,), sampling=alone, stream=stream)
    heard = await hear(proxy, turn)

    await hear(proxy, replace(turn, rounds=(round_of(heard, "1"),)))

    asked, told = gemini_.server.requests[1].body["contents"][-2:]
    assert text_of(heard) == "Let me see."
    assert len(asked_in(heard).calls) == 1
    assert "thoughtSignature" in asked["parts"][-1]
    assert len(told["parts"]) == 1
    assert gemini_.server.rejections == []


# pictures


async def test_openai_is_shown_pictures(openai: Wire) -> None:
    body = await shown(openai, Said(role="user", text="What is this?", images=(CAT,)))

    assert body["input"][0]["content"] == [
        {"type": "input_text", "text": "What is this?"},
        {"type": "input_image", "image_url": URL, "detail": "high"},
    ]


async def test_chat_servers_are_shown_pictures(compatible: Wire) -> None:
    pictures = (CAT, Image(url=DATA))

    body = await shown(compatible, Said(role="user", text="What is this?", images=pictures))

    assert body["messages"][0]["content"] == [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": URL, "detail": "high"}},
        {"type": "image_url", "image_url": {"url": DATA}},
    ]


async def test_gemini_is_shown_pictures(gemini_: Wire) -> None:
    pictures = (CAT, Image(url=DATA))

    body = await shown(gemini_, Said(role="user", text="What is this?", images=pictures))

    text, cat, data = body["contents"][0]["parts"]
    assert text == {"text": "What is this?"}
    assert cat == {"fileData": {"file_uri": URL, "mime_type": "image/png"}}
    assert data["inlineData"]["mime_type"] == "image/png"
    assert base64.urlsafe_b64decode(data["inlineData"]["data"]) == b"\x89PNG"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://example.com/latest", "[a picture: https://example.com/latest]"),
        ("ftp://example.com/cat.png", "[a picture: ftp://example.com/cat.png]"),
        ("https://example.com/cat.pdf", "[a picture: https://example.com/cat.pdf]"),
        ("http://[broken/cat.png", "[a picture: http://[broken/cat.png]"),
        ("data:image/png;base64,?", "[a picture that can't be shown]"),
    ],
)
async def test_gemini_is_told_of_pictures_it_cannot_take(
    gemini_: Wire, url: str, said: str
) -> None:
    body = await shown(gemini_, Said(role="user", text="Look:", images=(Image(url=url),)))

    assert body["contents"][0]["parts"] == [{"text": f"Look:\n\n{said}"}]


async def test_picture_alone_is_a_message(wire: Wire) -> None:
    body = await shown(wire, Said(role="user", text="", images=(CAT,)))

    messages = body.get("input") or body.get("messages") or body["contents"]
    (part,) = messages[0].get("content") or messages[0]["parts"]
    assert URL in str(part)


async def test_pictures_of_the_model_are_told_in_words(openai: Wire, compatible: Wire) -> None:
    said = Said(role="assistant", text="Here:", images=(CAT,))

    asked = await shown(openai, said)
    chatted = await shown(compatible, said)

    words = f"Here:\n\n[a picture: {URL}]"
    assert asked["input"][0]["content"] == chatted["messages"][0]["content"] == words
