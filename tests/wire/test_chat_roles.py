"""Models whose template knows two roles, which take turns, are told the same in those."""

from typing import Any

import pytest

from conversation.errors import RequestRejected
from conversation.signals import Finished
from conversation.turns import Image, Said, Turn
from tests.wire.chat_server import Answer, failure
from tests.wire.wires import PRICE, Wire, hear, hear_until_failure, round_of

SAID = [
    (400, "System role not supported"),
    (400, "Conversation roles must alternate user/assistant/user/assistant/..."),
    (
        400,
        "Error rendering prompt with jinja: Only user and assistant roles are supported!",
    ),
    (400, "Unsupported value: 'messages[0].role' does not support 'system' with this model."),
    (500, "After the optional system message, conversation roles must alternate user/assistant"),
]


def turn(wire: Wire, *said: Said, **parts: Any) -> Turn:
    messages = (Said(role="user", text="One."), Said(role="user", text="Two."), *said)
    return Turn(model=wire.model, instructions="Be brief.", messages=messages, **parts)


def sent(wire: Wire) -> list[list[dict[str, Any]]]:
    return [request.body["messages"] for request in wire.server.requests]


@pytest.mark.parametrize(("status", "said"), SAID)
async def test_instructions_and_neighbours_go_together_from_then_on(
    compatible: Wire, status: int, said: str
) -> None:
    compatible.server.script(failure(status, "odd", said))
    proxy = compatible.proxy()

    first, second = [await hear(proxy, turn(compatible)) for _ in range(2)]

    before, *after = sent(compatible)
    assert [message["role"] for message in before] == ["system", "user", "user"]
    assert after == [[{"role": "user", "content": "Be brief.\n\nOne.\n\nTwo."}]] * 2
    assert first[-1] == second[-1] == Finished("stop")


async def test_pictures_and_calls_stay_what_they_are(compatible: Wire) -> None:
    compatible.server.script(failure(400, "odd", SAID[0][1]), compatible.answer("", "AAPL"))
    picture = Said(role="user", text="", images=(Image(url="https://example.com/cat.png"),))
    proxy = compatible.proxy()
    asked = turn(compatible, picture, tools=(PRICE,))
    rounds = (round_of(await hear(proxy, asked), "1.0"),)

    await hear(proxy, turn(compatible, picture, tools=(PRICE,), rounds=rounds))

    said, called, result = sent(compatible)[-1]
    assert [part["type"] for part in said["content"]] == ["text", "image_url"]
    assert said["content"][0]["text"] == "Be brief.\n\nOne.\n\nTwo."
    assert (called["role"], result["role"]) == ("assistant", "tool")
    assert compatible.server.rejections == []


async def test_functions_in_words_go_together_too(compatible: Wire) -> None:
    compatible.server.script(failure(400, "odd", SAID[0][1]), Answer(text="Well."))

    await hear(compatible.proxy(tools="prompted"), turn(compatible, tools=(PRICE,)))

    [message] = sent(compatible)[-1]
    assert message["content"].startswith("Be brief.")
    assert "get_stock_price" in message["content"]


async def test_who_still_complains_is_told_on(compatible: Wire) -> None:
    compatible.server.always(failure(400, "odd", SAID[0][1]))

    _, error = await hear_until_failure(compatible.proxy(), turn(compatible))

    assert type(error) is RequestRejected
    assert len(compatible.server.requests) == 2
