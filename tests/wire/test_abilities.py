"""What a model does not take is left out and remembered, at whichever API."""

import logging
from dataclasses import replace
from typing import Any

import pytest

from conversation.errors import RequestRejected
from conversation.signals import Finished, Retrying
from conversation.turns import AnswerFormat, Sampling
from tests.wire.openai_server import failure
from tests.wire.server import Reply, json_reply
from tests.wire.wires import Wire, hear, hear_until_failure

WARM = Sampling(temperature=0.3, top_p=0.9)


def unsupported(name: str, more: str = "is not supported with this model.") -> Reply:
    return failure(400, "unsupported_parameter", f"Unsupported parameter: '{name}' {more}")


@pytest.fixture(params=["openai", "compatible"])
def speaker(request: pytest.FixtureRequest) -> Wire:
    chosen: Wire = request.getfixturevalue(request.param)
    return chosen


def bodies(wire: Wire) -> list[dict[str, Any]]:
    return [request.body for request in wire.server.requests]


@pytest.mark.parametrize("stream", [True, False])
async def test_rejected_parameters_are_left_out_from_then_on(speaker: Wire, stream: bool) -> None:
    speaker.server.script(unsupported("temperature"), unsupported("top_p"))
    proxy = speaker.proxy()
    turn = speaker.turn("Hello.", sampling=WARM, stream=stream)

    first, second = await hear(proxy, turn), await hear(proxy, turn)

    sent = [sorted({"temperature", "top_p"} & body.keys()) for body in bodies(speaker)]
    assert sent == [["temperature", "top_p"], ["top_p"], [], []]
    assert first[-1] == second[-1] == Finished("stop")
    assert not any(isinstance(signal, Retrying) for signal in first)


async def test_what_is_minded_may_be_named_by_its_place(compatible: Wire) -> None:
    detail = {"detail": [{"loc": ["body", "top_p"], "msg": "Extra inputs are not permitted"}]}
    as_mistral = {"object": "error", "message": detail}
    compatible.server.script(json_reply(detail, status=422))
    proxy = compatible.proxy()
    await hear(proxy, compatible.turn("Hello.", sampling=WARM))
    compatible.server.script(json_reply(as_mistral, status=422))
    await hear(proxy, replace(compatible.turn("Hello.", sampling=WARM), model="mistral"))

    assert ["top_p" in body for body in bodies(compatible)] == [True, False, True, False]


async def test_another_model_is_still_asked_with_them(speaker: Wire) -> None:
    speaker.server.script(unsupported("temperature"))
    proxy = speaker.proxy()
    await hear(proxy, speaker.turn("Hello.", sampling=WARM))

    await hear(proxy, replace(speaker.turn("Hello.", sampling=WARM), model="another"))

    assert "temperature" in bodies(speaker)[-1]


async def test_another_effort_is_still_asked_with_them(openai: Wire) -> None:
    proxy = openai.proxy()
    thinking = Sampling(temperature=0.3, reasoning_effort="high")
    await hear(proxy, openai.turn("Hello.", sampling=thinking))  # this server rejects it itself

    await hear(proxy, openai.turn("Hello.", sampling=Sampling(temperature=0.3)))

    assert ["temperature" in body for body in bodies(openai)] == [True, False, True]
    assert bodies(openai)[1]["reasoning"] == {"effort": "high"}


async def test_only_value_of_a_reasoning_model_counts_too(speaker: Wire) -> None:
    said = (
        "Unsupported value: 'temperature' does not support 0.3 with this model. "
        "Only the default (1) value is supported."
    )
    speaker.server.script(failure(400, "unsupported_value", said))

    await hear(speaker.proxy(), speaker.turn("Hello.", sampling=WARM))

    assert ["temperature" in body for body in bodies(speaker)] == [True, False]


@pytest.mark.parametrize(
    "said",
    [
        "Invalid 'temperature': decimal above maximum value.",
        "Unsupported value: 'reasoning_effort' is not 'tiny'. Supported values are: 'low'.",
        "Unsupported parameter: 'seed' is not supported with this model.",
    ],
)
async def test_what_is_somebodys_to_mend_is_told(speaker: Wire, said: str) -> None:
    speaker.server.script(failure(400, "invalid_request_error", said))
    sampling = Sampling(temperature=9.0, reasoning_effort="none")

    _, error = await hear_until_failure(speaker.proxy(), speaker.turn(sampling=sampling))

    assert type(error) is RequestRejected
    assert len(speaker.server.requests) == 1


async def test_model_without_reasoning_is_asked_without_an_effort(openai: Wire) -> None:
    openai.server.script(unsupported("reasoning.effort"))

    await hear(openai.proxy(), openai.turn("Hello.", sampling=Sampling(reasoning_effort="low")))

    sent = [sorted({"reasoning", "include"} & body.keys()) for body in bodies(openai)]
    assert sent == [["include", "reasoning"], []]


async def test_model_that_encrypts_nothing_keeps_its_effort(openai: Wire) -> None:
    said = "Encrypted content is not supported with this model."
    openai.server.script(failure(400, "invalid_request_error", said))

    await hear(openai.proxy(), openai.turn("Hello.", sampling=Sampling(reasoning_effort="low")))

    sent = [sorted({"reasoning", "include"} & body.keys()) for body in bodies(openai)]
    assert sent == [["include", "reasoning"], ["reasoning"]]


@pytest.mark.parametrize("stream", [True, False])
async def test_gemini_without_levels_of_thinking_is_asked_without(
    gemini_: Wire, stream: bool, caplog: pytest.LogCaptureFixture
) -> None:
    said = "Thinking level is not supported for this model."
    gemini_.server.script(gemini_.fail(400, "INVALID_ARGUMENT", said))
    proxy = gemini_.proxy()
    turn = gemini_.turn("Hello.", sampling=Sampling(reasoning_effort="low"), stream=stream)

    with caplog.at_level(logging.WARNING, "proxies"):
        first, second = await hear(proxy, turn), await hear(proxy, turn)

    sent = ["thinkingConfig" in body.get("generationConfig", {}) for body in bodies(gemini_)]
    assert sent == [True, False, False]
    assert first[-1] == second[-1] == Finished("stop")
    assert "does not take 'thinking_config'" in caplog.text


async def test_gemini_that_writes_no_json_gets_the_format_in_words(gemini_: Wire) -> None:
    said = "JSON mode is not enabled for this model."
    gemini_.server.script(gemini_.fail(400, "INVALID_ARGUMENT", said))
    answer = AnswerFormat(kind="json_object")

    await hear(gemini_.proxy(), gemini_.turn("Hello.", answer=answer))

    first, second = bodies(gemini_)
    assert first["generationConfig"]["responseMimeType"] == "application/json"
    assert "responseMimeType" not in second.get("generationConfig", {})
    assert "JSON" in str(second["systemInstruction"])


@pytest.mark.parametrize(
    "said",
    [
        "Thinking level MINIMAL is not supported for this model. Please retry with other thinking "
        "level.",
        "Budget 0 is invalid. This model only works in thinking mode.",
        "Request contains an invalid argument.",
    ],
)
async def test_what_another_effort_would_mend_is_told_of_gemini(gemini_: Wire, said: str) -> None:
    gemini_.server.script(gemini_.fail(400, "INVALID_ARGUMENT", said))
    turn = gemini_.turn(sampling=Sampling(reasoning_effort="none"))

    _, error = await hear_until_failure(gemini_.proxy(), turn)

    assert type(error) is RequestRejected
    assert len(gemini_.server.requests) == 1


async def test_newer_models_get_the_newer_limit(compatible: Wire) -> None:
    more = "is not supported with this model. Use 'max_completion_tokens' instead."
    compatible.server.script(unsupported("max_tokens", more))

    await hear(
        compatible.proxy(), compatible.turn("Hello.", sampling=Sampling(max_output_tokens=50))
    )

    assert [body.get("max_tokens") for body in bodies(compatible)] == [50, None]
    assert bodies(compatible)[1]["max_completion_tokens"] == 50


async def test_log_says_what_is_left_out(speaker: Wire, caplog: pytest.LogCaptureFixture) -> None:
    speaker.server.script(unsupported("temperature"))

    with caplog.at_level(logging.WARNING, "proxies"):
        await hear(speaker.proxy(), speaker.turn("Hello.", sampling=WARM))

    assert f"{speaker.model} does not take 'temperature'" in caplog.text
