"""A model without eyes: one that is shown a picture says so, and the conversation goes on."""

from typing import Any

import pytest

from conversation.errors import RequestRejected
from conversation.signals import Finished
from conversation.turns import Image, Said, Turn
from proxies.eyes import says_blind
from tests.wire.wires import Wire, hear, hear_until_failure

CAT = Image(url="https://example.com/cat.png")
BLIND = "This model does not support image input."
SAID = [
    (400, BLIND),
    (400, "Invalid content type. image_url is only supported by certain models."),
    (400, "Image input modality is not enabled for models/gemini-test"),
    (400, "llama is not a multimodal model None"),
    (400, "At most 0 image(s) may be provided in one prompt."),
    (400, "messages[1]: unknown variant `image_url`, expected `text` at line 1 column 80"),
    (404, "No endpoints found that support image input"),
    (500, "image input is not supported - hint: you may need to provide the mmproj"),
    (500, "Failed to process inputs: this model is missing data required for image input"),
    (500, 'Failed to parse messages: Unsupported content part type: "image_url"; messages = []'),
]


def shown(wire: Wire, *more: Said) -> Turn:
    picture = Said(role="user", text="What is this?", images=(CAT,))
    return Turn(model=wire.model, messages=(picture, *more))


def pictures(body: dict[str, Any]) -> int:
    """Count what is shown rather than mentioned."""
    return sum(str(body).count(kind) for kind in ("'image_url': ", "'file_uri': "))


@pytest.mark.parametrize(("status", "said"), SAID)
async def test_who_shows_a_picture_is_told_at_once(wire: Wire, status: int, said: str) -> None:
    wire.server.script(wire.fail(status, "server_error", said))

    _, error = await hear_until_failure(wire.proxy(), shown(wire))

    assert type(error) is RequestRejected
    assert said[:20] in error.message
    assert "a model that takes pictures" in error.hint
    assert len(wire.server.requests) == 1


@pytest.mark.parametrize("stream", [True, False])
async def test_earlier_pictures_are_mentioned_from_then_on(wire: Wire, stream: bool) -> None:
    wire.server.script(wire.fail(400, "odd", BLIND), wire.answer("I see."))
    proxy = wire.proxy()
    answered = (Said(role="assistant", text="A cat."), Said(role="user", text="Sure?"))
    turn = Turn(model=wire.model, messages=shown(wire, *answered).messages, stream=stream)

    first, second = await hear(proxy, turn), await hear(proxy, turn)

    assert first[-1] == second[-1] == Finished("stop")
    bodies = [request.body for request in wire.server.requests]
    assert [min(pictures(body), 1) for body in bodies] == [1, 0, 0]
    assert "[a picture: https://example.com/cat.png]" in str(bodies[1])


async def test_a_picture_of_now_is_never_left_out(wire: Wire) -> None:
    wire.server.script(wire.fail(400, "odd", BLIND), wire.fail(400, "odd", BLIND))
    proxy = wire.proxy()

    for _ in range(2):
        _, error = await hear_until_failure(proxy, shown(wire, Said(role="user", text="Well?")))
        assert type(error) is RequestRejected

    assert all(pictures(request.body) for request in wire.server.requests)


@pytest.mark.parametrize(
    "said",
    [
        "You uploaded an unsupported image. Please make sure it is of a supported format.",
        "The model does not support image format image/svg+xml.",
        "Invalid image_url: not a valid address.",
    ],
)
def test_a_wrong_picture_is_another_matter(said: str) -> None:
    assert not says_blind(said)
