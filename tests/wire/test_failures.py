"""What holds for the failures of both providers."""

from dataclasses import replace
from typing import Any

import pytest

from conversation.errors import (
    BadResponse,
    ConnectionFailed,
    KeyRejected,
    NotConfigured,
    ProviderError,
    ProviderTimeout,
    ProviderUnavailable,
    QuotaExceeded,
    RateLimited,
    RequestRejected,
    StreamCut,
    UnknownModel,
)
from conversation.signals import Item, Saying, Sent, Signal, Used
from proxies.retry import RetryPolicy
from tests.wire.server import Break, Reply, broken, json_reply
from tests.wire.wires import (
    QUICK,
    SECRET,
    Wire,
    hear,
    hear_until_failure,
    retries_in,
    text_of,
)

ONCE = RetryPolicy(attempts=1)
TWICE = replace(QUICK, attempts=2)
_THINKING: dict[str, dict[str, Any]] = {
    "OpenAI": {"reasoning": True},
    "Gemini": {"thought": "Hm."},
}
NOT_JSON = Reply(pieces=(b"<html>Please log in</html>",))


@pytest.mark.parametrize(
    ("fault", "kind", "says"),
    [
        ("key", KeyRejected, "does not accept the API key"),
        ("forbidden", KeyRejected, "No access."),
        ("model", UnknownModel, "-test"),
        ("address", RequestRejected, "Nothing here."),
        ("request", RequestRejected, "Bad"),
        ("quota", QuotaExceeded, "no quota or credit left"),
    ],
)
async def test_what_no_retry_can_mend_is_told_at_once(
    wire: Wire, fault: str, kind: type[ProviderError], says: str
) -> None:
    wire.server.script(wire.faults[fault])

    heard, error = await hear_until_failure(wire.proxy(), wire.turn())

    assert heard == [Sent()]
    assert type(error) is kind
    assert says in str(error)
    assert wire.title in str(error)
    assert error.__cause__ is not None
    assert len(wire.server.requests) == 1


@pytest.mark.parametrize("fault", ["key", "request"])
async def test_no_secret_is_in_any_message(wire: Wire, fault: str) -> None:
    wire.server.script(wire.faults[fault])

    _, error = await hear_until_failure(wire.proxy(), wire.turn())

    assert SECRET not in str(error)
    assert "[hidden]" in str(error)


@pytest.mark.parametrize("fault", ["rate", "soon", "fault"])
async def test_what_passes_is_tried_again(wire: Wire, fault: str) -> None:
    wire.server.script(wire.faults[fault], wire.answer("Here I am."))

    heard = await hear(wire.proxy(), wire.turn())

    (retry,) = retries_in(heard)
    assert retry.attempt == 1
    assert retry.code in ("rate_limited", "provider_unavailable")
    assert wire.title in retry.reason
    assert heard.index(retry) == 1
    assert text_of(heard) == "Here I am."


async def test_the_providers_wish_for_a_wait_is_honoured(wire: Wire) -> None:
    wire.server.script(wire.faults["soon"], wire.faults["rate"], wire.answer("Yes?"))

    heard = await hear(wire.proxy(), wire.turn())

    assert [retry.delay for retry in retries_in(heard)] == [0.01, 0.0]


@pytest.mark.parametrize(("seconds", "waits"), [("0.01", [0.01]), ("300", [])])
async def test_a_fault_may_come_with_a_wish_for_a_wait(
    wire: Wire, seconds: str, waits: list[float]
) -> None:
    wire.server.always(replace(wire.fail(503, "overloaded"), headers={"retry-after": seconds}))

    heard, error = await hear_until_failure(wire.proxy(retry=TWICE), wire.turn())

    assert [retry.delay for retry in retries_in(heard)] == waits
    assert isinstance(error, ProviderUnavailable)
    assert ("in 5 minutes" in error.hint) is (not waits)


async def test_too_long_a_wait_is_not_waited_for(wire: Wire) -> None:
    wire.server.script(wire.faults["late"])

    heard, error = await hear_until_failure(wire.proxy(), wire.turn())

    assert heard == [Sent()]
    assert isinstance(error, RateLimited)
    assert error.retry_after == 121


@pytest.mark.parametrize(("fault", "kind"), [("rate", RateLimited), ("fault", ProviderUnavailable)])
async def test_attempts_are_bounded(wire: Wire, fault: str, kind: type[ProviderError]) -> None:
    wire.server.always(wire.faults[fault])

    heard, error = await hear_until_failure(wire.proxy(), wire.turn())

    assert type(error) is kind
    assert [retry.attempt for retry in retries_in(heard)] == [1, 2, 3]
    assert len(wire.server.requests) == QUICK.attempts == 4


@pytest.mark.parametrize("how", [Break.CUT, Break.RESET])
@pytest.mark.parametrize("stream", [True, False])
async def test_a_lost_connection_is_tried_again(wire: Wire, how: Break, stream: bool) -> None:
    wire.server.script(broken(how), wire.answer("Back again."))

    heard = await hear(wire.proxy(), wire.turn(stream=stream))

    assert [retry.code for retry in retries_in(heard)] == ["connection_failed"]
    assert text_of(heard) == "Back again."


async def test_an_address_where_nobody_listens_is_told(wire: Wire) -> None:
    proxy = wire.proxy(base_url="http://127.0.0.1:9/v1", retry=ONCE)

    _, error = await hear_until_failure(proxy, wire.turn())

    assert type(error) is ConnectionFailed
    assert wire.title in str(error)


@pytest.mark.parametrize("stream", [True, False])
async def test_silence_before_the_first_byte_times_out(wire: Wire, stream: bool) -> None:
    wire.server.script(broken(Break.STALL), wire.answer("At last."))
    proxy = wire.proxy(timeout=0.2, answer_timeout=0.2)

    heard = await hear(proxy, wire.turn(stream=stream))

    assert [retry.code for retry in retries_in(heard)] == ["provider_timeout"]
    assert text_of(heard) == "At last."


async def test_silence_inside_a_stream_times_out(wire: Wire) -> None:
    wire.server.script(wire.broken("Well, ", Break.STALL))

    heard, error = await hear_until_failure(wire.proxy(timeout=0.2), wire.turn())

    assert heard[-1] == Saying("Well, ")
    assert type(error) is ProviderTimeout
    assert wire.title in str(error)


async def test_a_slow_stream_does_not_time_out(wire: Wire) -> None:
    wire.server.script(wire.answer("a b c d e f g h"))
    wire.server.token_delay = 0.05
    try:
        heard = await hear(wire.proxy(timeout=0.3), wire.turn())
    finally:
        wire.server.token_delay = 0.0

    assert text_of(heard) == "a b c d e f g h"


@pytest.mark.parametrize("how", [Break.CUT, Break.RESET])
async def test_nothing_is_repeated_after_the_first_token(wire: Wire, how: Break) -> None:
    wire.server.script(wire.broken("Well, ", how))

    heard, error = await hear_until_failure(wire.proxy(), wire.turn())

    assert text_of(heard) == "Well, "
    assert retries_in(heard) == []
    assert type(error) is StreamCut
    assert wire.title in str(error)
    assert len(wire.server.requests) == 1


async def test_a_body_that_is_not_json_is_told(wire: Wire) -> None:
    wire.server.script(NOT_JSON)

    _, error = await hear_until_failure(wire.proxy(), wire.turn(stream=False))

    assert type(error) is BadResponse
    assert wire.title in str(error)


async def test_a_page_instead_of_an_answer_is_told(wire: Wire) -> None:
    wire.server.script(Reply(pieces=NOT_JSON.pieces, kind="text/html"))

    _, error = await hear_until_failure(wire.proxy(), wire.turn(stream=False))

    assert type(error) is BadResponse


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"42",
        b'{"candidates": 5}',
        b'{"output": "x", "status": "completed"}',
        b'{"choices": 5}',
        b'{"choices": [null]}',
        b'{"choices": [{"delta": "x", "message": "x"}]}',
        b'{"choices": [{"delta": {"tool_calls": [null]}, "message": {"tool_calls": 5}}]}',
        b'{"choices": [{"delta": {"content": [5]}, "message": {"content": [{"type": "text", '
        b'"text": 5}]}}]}',
        b'{"choices": [{"delta": {}, "message": {}, "finish_reason": {"a": 1}}]}',
    ],
)
async def test_json_of_another_shape_is_no_answer(wire: Wire, body: bytes, stream: bool) -> None:
    piece = b"data: " + body + b"\n\n" if stream else body
    wire.server.script(Reply(pieces=(piece,)))

    _, error = await hear_until_failure(wire.proxy(retry=ONCE), wire.turn(stream=stream))

    assert isinstance(error, (BadResponse, StreamCut))
    assert wire.title in str(error)


async def test_a_chunk_that_is_not_json_is_told(wire: Wire) -> None:
    wire.server.script(wire.broken("Well, ", b"data: {oh no\n\n"))

    heard, error = await hear_until_failure(wire.proxy(), wire.turn())

    assert text_of(heard) == "Well, "
    assert type(error) is BadResponse


@pytest.mark.parametrize("stream", [True, False])
async def test_a_body_that_cannot_be_unpacked_is_told(wire: Wire, stream: bool) -> None:
    wire.server.script(Reply(pieces=(b"no gzip",), headers={"content-encoding": "gzip"}))

    _, error = await hear_until_failure(wire.proxy(retry=ONCE), wire.turn(stream=stream))

    assert isinstance(error, BadResponse | ConnectionFailed | StreamCut)
    assert wire.title in str(error)


async def test_an_address_that_leads_in_circles_is_told(wire: Wire) -> None:
    where = f"{wire.server.base_url}/again"
    wire.server.always(Reply(pieces=(b"",), status=307, headers={"location": where}))

    _, error = await hear_until_failure(wire.proxy(retry=ONCE), wire.turn())

    assert isinstance(error, ProviderError)
    assert wire.title in str(error)


async def test_an_address_that_is_none_is_told(wire: Wire) -> None:
    with pytest.raises(NotConfigured, match=wire.title):
        await hear(wire.proxy(base_url="http://127.0.0.1:port/v1"), wire.turn())


@pytest.mark.parametrize(
    "body",
    [
        {"error": "It is too hot."},
        {"detail": "It is too hot."},
        {"object": "error", "message": "It is too hot.", "code": 400},
        {"error": {"message": "It is too hot.", "code": 400}},
        [{"error": {"message": "It is too hot.", "status": "INVALID_ARGUMENT"}}],
    ],
)
@pytest.mark.parametrize("wire", ["openai", "compatible"], indirect=True)
async def test_words_of_an_error_are_found_wherever_they_are(wire: Wire, body: object) -> None:
    wire.server.script(json_reply(body, status=400))

    _, error = await hear_until_failure(wire.proxy(), wire.turn())

    assert str(error) == f"{wire.title} did not accept the request: It is too hot."


async def test_an_error_page_does_not_become_the_message(wire: Wire) -> None:
    page = b"<html>" + b"x" * 5000
    wire.server.script(Reply(pieces=(page,), status=502, kind="text/html"))

    _, error = await hear_until_failure(wire.proxy(retry=ONCE), wire.turn())

    assert type(error) is ProviderUnavailable
    assert len(str(error)) < 600
    assert "<html>" not in str(error)


@pytest.mark.parametrize("wire", ["openai", "gemini_"], indirect=True)
async def test_a_missing_key_is_told_at_once(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "GOOGLE_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.delenv(name, raising=False)

    with pytest.raises(NotConfigured, match=wire.title):
        wire.proxy(api_key="")


async def test_an_attempt_that_fails_leaves_no_items(wire: Wire) -> None:
    more: dict[str, Any] = _THINKING.get(wire.title, {})
    first = wire.answer("", "AAPL", **more, **_failing(wire))
    wire.server.script(first, wire.answer("", "MSFT"))

    heard = await hear(wire.proxy(), wire.turn())

    assert len(retries_in(heard)) == 1
    assert len([signal for signal in heard if isinstance(signal, Item)]) == 1


async def test_tokens_of_an_attempt_that_fails_are_counted(wire: Wire) -> None:
    first = wire.answer("", "AAPL", **_failing(wire))
    wire.server.script(wire.answer("Here."), first, wire.answer("Here."))
    (used,) = used_in(await hear(wire.proxy(), wire.turn()))

    heard = await hear(wire.proxy(), wire.turn())

    assert used_in(heard) == [used + used]
    assert used.input > 0


async def test_tokens_are_counted_where_no_attempt_succeeds(wire: Wire) -> None:
    wire.server.script(wire.answer("", "AAPL", **_failing(wire)))

    heard, _ = await hear_until_failure(wire.proxy(retry=ONCE), wire.turn())

    assert len(used_in(heard)) == 1


def used_in(signals: list[Signal]) -> list[Used]:
    return [signal for signal in signals if isinstance(signal, Used)]


def _failing(wire: Wire) -> dict[str, str]:
    if wire.title == "OpenAI":
        return {"end": "failed", "code": "server_error"}
    if wire.title == "Llama":
        return {"finish": "error"}
    return {"finish": "MALFORMED_FUNCTION_CALL"}
