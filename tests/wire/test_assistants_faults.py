"""Remote runs that fail, get lost, break off or are locked."""

import json

import pytest

from conversation.errors import (
    BadResponse,
    ConnectionFailed,
    ContextTooLong,
    KeyRejected,
    PromptBlocked,
    ProviderError,
    ProviderTimeout,
    ProviderUnavailable,
    RateLimited,
    RequestRejected,
    StreamCut,
    UnknownModel,
)
from conversation.signals import Finished, Requested, Responded, Used
from proxies.retry import RetryPolicy
from tests.wire.assistants import (
    MESSAGES,
    POLL,
    RUN,
    SUBMIT,
    RemoteWire,
    first_round,
    prices,
    turn,
)
from tests.wire.assistants_events import Answer, End
from tests.wire.assistants_server import failure
from tests.wire.server import Break, Reply, broken
from tests.wire.wires import PRICE, SECRET, hear, hear_until_failure, retries_in, text_of

ONCE = RetryPolicy(attempts=1)
REFUSALS: list[tuple[Reply, type[ProviderError]]] = [
    (failure(401, "invalid_api_key", f"Incorrect API key provided: {SECRET}."), KeyRejected),
    (failure(403, "forbidden"), KeyRejected),
    (failure(400, "model_not_found", "The requested model 'x' does not exist."), UnknownModel),
    (failure(404, "not_found", "Nothing here."), RequestRejected),
    (failure(400, "invalid_request_error", "Bad."), RequestRejected),
    (failure(400, "context_length_exceeded"), ContextTooLong),
    (failure(429, "rate_limit_exceeded"), RateLimited),
    (failure(500, "server_error"), ProviderUnavailable),
    (broken(Break.CUT), ConnectionFailed),
    (Reply(pieces=(b"<html>",)), BadResponse),
    (Reply(pieces=(b"[]",)), BadResponse),
]

pytestmark = pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")


@pytest.fixture(params=[True, False], ids=["streamed", "polled"])
def stream(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.mark.parametrize(("reply", "kind"), REFUSALS)
@pytest.mark.parametrize("what", ["POST /assistants", "POST /threads", RUN])
async def test_refusals_are_errors_of_ours(
    remote: RemoteWire, what: str, reply: Reply, kind: type[ProviderError]
) -> None:
    remote.server.refuse(what, reply, reply)

    heard, error = await hear_until_failure(remote.proxy(retry=ONCE), turn(stream=False))
    await remote.close()

    assert type(error) is kind
    assert SECRET not in str((heard, error))
    assert remote.left == []


@pytest.mark.parametrize("what", ["POST /assistants", "POST /threads", RUN])
async def test_what_may_pass_is_tried_again(remote: RemoteWire, what: str, stream: bool) -> None:
    remote.server.refuse(what, failure(429, "rate_limit_exceeded"), failure(500, "server_error"))

    heard = await hear(remote.proxy(), turn("Hello", stream=stream))

    assert [retry.code for retry in retries_in(heard)] == ["rate_limited", "provider_unavailable"]
    assert heard[-1] == Finished("stop")
    assert (len(remote.server.runs), len(remote.server.assistants)) == (1, 1)


@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "polled"])
@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"id": 5, "status": "queued"},
        {"id": "run_1", "status": 7},
        {"id": "run_1", "status": "unheard of"},
        {"id": "run_1", "status": "requires_action", "required_action": "what?"},
        {"id": "run_1", "status": "requires_action", "required_action": {"tool_calls": []}},
        {"id": "run_1", "status": "failed", "last_error": "odd", "usage": {"prompt_tokens": ""}},
        {"id": "run_1", "status": "cancelled", "usage": ["odd"], "incomplete_details": 1},
    ],
)
async def test_odd_runs_are_errors_of_ours(
    remote: RemoteWire, streamed: bool, odd: dict[str, object]
) -> None:
    run = json.dumps({"object": "thread.run", **odd}).encode()
    event = b"event: thread.run.created\ndata: " + run + b"\n\n"
    remote.server.script(Reply(pieces=(event if streamed else run,)))
    remote.server.refuse(POLL, *[Reply(pieces=(run,))] * 3)

    _, error = await hear_until_failure(
        remote.proxy(retry=ONCE, answer_timeout=0.05), turn(stream=streamed)
    )

    assert isinstance(error, ProviderError)


# runs that end badly


@pytest.mark.parametrize(
    ("end", "code", "kind"),
    [
        ("failed", "server_error", ProviderUnavailable),
        ("failed", "rate_limit_exceeded", RateLimited),
        ("failed", "invalid_prompt", PromptBlocked),
        ("cancelled", "", StreamCut),
        ("expired", "", ProviderTimeout),
    ],
)
async def test_failed_runs_are_errors_of_ours(
    remote: RemoteWire, stream: bool, end: End, code: str, kind: type[ProviderError]
) -> None:
    remote.server.script(Answer(end=end, code=code))

    heard, error = await hear_until_failure(remote.proxy(retry=ONCE), turn(stream=stream))
    await remote.close()

    assert type(error) is kind
    assert any(isinstance(signal, Used) for signal in heard)
    assert remote.left == []


@pytest.mark.parametrize("event", ["wrapped", "bare"])
async def test_error_events_are_errors_of_ours(remote: RemoteWire, event: str) -> None:
    bare = b'event: error\ndata: {"code": "rate_limit_exceeded", "message": "Slow down."}\n\n'
    remote.server.script(
        Answer(text="Well, ", end="error", code="rate_limit_exceeded")
        if event == "wrapped"
        else Answer(text="Well, ", breaks=bare)
    )

    heard, error = await hear_until_failure(remote.proxy(), turn())
    await remote.close()

    assert text_of(heard) == "Well, "
    assert type(error) is RateLimited
    assert remote.left == []


async def test_run_that_failed_before_a_word_is_begun_again(
    remote: RemoteWire, stream: bool
) -> None:
    remote.server.script(Answer(end="failed", code="server_error"), Answer(text="Now."))

    heard = await hear(remote.proxy(), turn(stream=stream))
    await remote.close()

    assert [retry.code for retry in retries_in(heard)] == ["provider_unavailable"]
    assert text_of(heard) == "Now."
    assert (remote.statuses(), remote.left) == (["failed", "completed"], [])


async def test_run_that_failed_after_a_word_is_not(remote: RemoteWire) -> None:
    remote.server.script(Answer(text="Well, ", end="failed", code="server_error"))

    heard, error = await hear_until_failure(remote.proxy(), turn())

    assert (text_of(heard), retries_in(heard)) == ("Well, ", [])
    assert type(error) is ProviderUnavailable


async def test_run_without_an_end_is_given_up(remote: RemoteWire) -> None:
    remote.server.script(Answer(text="Never.", polls=1_000_000))

    _, error = await hear_until_failure(
        remote.proxy(retry=ONCE, answer_timeout=0.05), turn(stream=False)
    )
    await remote.close()

    assert type(error) is ProviderTimeout
    assert (remote.statuses(), remote.left) == (["cancelled"], [])


# streams that break off


@pytest.mark.parametrize("how", [Break.CUT, Break.RESET, b"data: {nonsense\n\n"])
@pytest.mark.parametrize("after", [0, 2, 3, 1_000])
async def test_cut_stream_is_gone_on_with_by_polling(
    remote: RemoteWire, how: Break | bytes, after: int
) -> None:
    remote.server.script(
        Answer(text="one two three", more="four five", breaks=how, after=after, polls=2)
    )

    heard = await hear(remote.proxy(), turn())
    await remote.close()

    assert text_of(heard) == "one two three\n\nfour five"
    assert heard[-1] == Finished("stop")
    assert retries_in(heard) == []
    assert (len(remote.server.asked(RUN)), remote.left) == (1, [])


async def test_silent_stream_is_gone_on_with_by_polling(remote: RemoteWire) -> None:
    remote.server.script(Answer(text="one two three", breaks=Break.STALL, after=2))

    heard = await hear(remote.proxy(timeout=0.2), turn())

    assert text_of(heard) == "one two three"


async def test_cut_stream_may_end_in_calls(remote: RemoteWire) -> None:
    remote.server.script(prices("A", text="Let me see.", breaks=Break.CUT, after=2))
    proxy = remote.proxy()

    following = await first_round(proxy, "1.0", asked=turn(tools=(PRICE,)))

    assert following.rounds[0].text == "Let me see."
    assert text_of(await hear(proxy, following)) == "The tools say 1.0."


async def test_other_text_than_was_said_is_a_cut(remote: RemoteWire) -> None:
    remote.server.script(
        Answer(text="one two three", instead="uno due tre", breaks=Break.CUT, after=2)
    )

    heard, error = await hear_until_failure(remote.proxy(), turn())
    await remote.close()

    assert text_of(heard) == "one "
    assert type(error) is StreamCut
    assert remote.left == []


async def test_run_whose_beginning_got_lost_is_found(remote: RemoteWire, stream: bool) -> None:
    remote.server.script(Answer(text="Here I am.", lost=Break.CUT))

    heard = await hear(remote.proxy(), turn(stream=stream))

    assert [retry.code for retry in retries_in(heard)] == ["connection_failed"]
    assert text_of(heard) == "Here I am."
    assert len(remote.server.asked(RUN)) == 1


async def test_lost_request_and_what_came_of_it_are_both_kept(
    remote: RemoteWire, stream: bool
) -> None:
    remote.server.script(Answer(text="Here I am.", lost=Break.CUT))

    heard = [signal async for signal in remote.proxy().respond(turn(stream=stream))]

    kept = [signal for signal in heard if isinstance(signal, Requested | Responded)]
    assert [type(signal) for signal in kept] == [Requested, Responded] * 2
    assert kept[1] == Responded(None)
    assert "Here I am." in str(kept[3])


async def test_locked_thread_has_the_run_that_was_begun(remote: RemoteWire, stream: bool) -> None:
    remote.server.script(Answer(text="Here I am.", lost=Break.CUT))
    remote.server.refuse(r"GET /threads/\w+/runs", _empty_page())

    heard = await hear(remote.proxy(), turn(stream=stream))

    assert text_of(heard) == "Here I am."
    assert remote.server.rejections[0].endswith(f"active run {next(iter(remote.server.runs))}.")
    assert len(remote.server.runs) == 1


async def test_polls_may_miss_now_and_then(remote: RemoteWire) -> None:
    remote.server.script(Answer(text="one two", breaks=Break.CUT, after=2))
    remote.server.refuse(POLL, failure(500, "server_error"), broken(Break.CUT))
    remote.server.refuse(MESSAGES, failure(503, "server_error"))

    heard = await hear(remote.proxy(), turn())

    assert text_of(heard) == "one two"
    assert retries_in(heard) == []


# outputs that the run does not take


async def test_outputs_that_got_lost_are_given_once(remote: RemoteWire, stream: bool) -> None:
    remote.server.script(prices("A"), Answer(text="It is 1.0.", lost=Break.CUT))
    proxy = remote.proxy()
    following = await first_round(proxy, "1.0", asked=turn(tools=(PRICE,), stream=stream))

    heard = await hear(proxy, following)

    assert text_of(heard) == "It is 1.0."
    assert len(remote.server.asked(SUBMIT)) == 1
    assert remote.server.rejections == []


async def test_outputs_that_did_not_arrive_are_given_again(
    remote: RemoteWire, stream: bool
) -> None:
    proxy = remote.proxy()
    following = await first_round(proxy, "1.0", asked=turn(tools=(PRICE,), stream=stream))
    remote.server.refuse(SUBMIT, broken(Break.CUT))

    heard = await hear(proxy, following)

    assert [retry.code for retry in retries_in(heard)] == ["connection_failed"]
    assert text_of(heard) == "The tools say 1.0."
    assert (len(remote.server.asked(SUBMIT)), len(remote.server.runs)) == (2, 1)


@pytest.mark.parametrize("gone", ["expired", "cancelled", "failed", "thread", "run"])
async def test_run_that_is_gone_is_begun_anew_in_words(
    remote: RemoteWire, stream: bool, gone: str
) -> None:
    proxy = remote.proxy()
    asked = turn(tools=(PRICE,), stream=stream)
    following = await first_round(proxy, "1.0", asked=asked)
    run = next(iter(remote.server.runs.values()))
    match gone:
        case "thread":
            remote.server.threads.clear()
        case "run":
            remote.server.runs.clear()
        case status:
            run.status = status
    remote.server.script(Answer(text="It is 1.0."))

    heard = await hear(proxy, following)
    await remote.close()

    assert text_of(heard) == "It is 1.0."
    assert heard[-1] == Finished("stop")
    assert retries_in(heard) == []
    told = remote.server.asked("POST /threads")[1].body["messages"]
    assert told[-1]["content"].endswith('get_stock_price({"symbol": "AAPL"}):\n1.0')
    assert remote.left == []


async def test_what_was_rejected_and_what_came_of_it_are_both_kept(
    remote: RemoteWire, stream: bool
) -> None:
    proxy = remote.proxy()
    following = await first_round(proxy, "1.0", asked=turn(tools=(PRICE,), stream=stream))
    next(iter(remote.server.runs.values())).status = "expired"

    heard = [signal async for signal in proxy.respond(following)]

    kept = [str(signal) for signal in heard if isinstance(signal, Requested | Responded)]
    submitted, rejected, asked, _ = kept
    assert "submit_tool_outputs" in submitted
    assert "do not accept tool outputs" in rejected
    assert "1.0" in asked


async def test_outputs_that_are_rejected_are_an_error(remote: RemoteWire) -> None:
    proxy = remote.proxy()
    following = await first_round(proxy, "1.0", asked=turn(tools=(PRICE,)))
    remote.server.refuse(SUBMIT, failure(400, "string_above_max_length", "Too long."))

    _, error = await hear_until_failure(proxy, following)
    await remote.close()

    assert type(error) is RequestRejected
    assert (remote.statuses(), remote.left) == (["cancelled"], [])


def _empty_page() -> Reply:
    return Reply(pieces=(b'{"object": "list", "data": [], "has_more": false}',))
