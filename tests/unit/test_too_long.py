"""How providers say that a conversation is too long, and by how much."""

import pytest

from conversation.errors import ContextTooLong, ProviderError, RequestRejected
from proxies.failures import Complaint

SAID = [
    (
        "This model's maximum context length is 128000 tokens. However, your messages resulted in "
        "130000 tokens. Please reduce the length of the messages.",
        2_000,
    ),
    (
        "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens "
        "(4000 in the messages, 1000 in the completion).",
        904,
    ),
    ("The decoder prompt (length 5001) is longer than the maximum model length of 4096.", 905),
    (
        "The input token count (1,200,000) exceeds the maximum number of tokens allowed "
        "(1,048,576).",
        151_424,
    ),
    ("request (5000 tokens) exceeds the available context size (4096 tokens), try increasing", 904),
    ("the request exceeds the available context size. try increasing the context size", 0),
    ("prompt too long; exceeded max context length by 123 tokens", 123),
    ("input length exceeds the context length", 0),
    ("Prompt contains 40000 tokens, too large for model with 32768 maximum context length", 7_232),
    ("prompt is too long: 210000 tokens > 200000 maximum", 10_000),
    (
        "Trying to keep the first 5000 tokens when context the overflows. However, the model is "
        "loaded with context length of only 4096 tokens.",
        904,
    ),
    (
        "Request too large for model `llama` on tokens per minute (TPM): Limit 6000, Requested "
        "7000, please reduce your message size and try again.",
        1_000,
    ),
    ("Your input exceeds the context window of this model. Please adjust your input.", 0),
]
OTHERS = [
    "Unknown parameter: 'max_tokens'.",
    "Invalid 'input': the string is too long.",
    "max_tokens must be at least 1.",
    "The model does not support tools.",
]


def error(sentence: str, *, status: int = 400, code: str = "") -> ProviderError:
    return Complaint(provider="Llama", sentence=sentence, status=status, code=code).error()


@pytest.mark.parametrize(("sentence", "beyond"), SAID)
@pytest.mark.parametrize("status", [400, 413, 500])
def test_too_long_is_told_from_other_failures(sentence: str, beyond: int, status: int) -> None:
    told = error(sentence, status=status)

    assert type(told) is ContextTooLong
    assert sentence in told.message
    assert (f", by {beyond:,} tokens:" in told.message) is (beyond > 0)
    assert "last messages" in told.hint


def test_provider_code_alone_says_too_long() -> None:
    told = error("", status=500, code="context_length_exceeded")

    assert told.message == "The conversation is too long for this model of Llama."


def test_request_that_never_fits_is_not_tried_again() -> None:
    sentence = "Request too large for model `llama`: Limit 6000, Requested 7000."

    told = error(sentence, status=429, code="rate_limit_exceeded")

    assert type(told) is ContextTooLong
    assert not told.retryable


@pytest.mark.parametrize("sentence", OTHERS)
def test_other_rejections_stay_what_they_are(sentence: str) -> None:
    assert type(error(sentence)) is RequestRejected
