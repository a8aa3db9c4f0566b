"""What is kept of each request is what went over the wire, at both providers."""

import asyncio
import json
from typing import Any

import pytest

from conversation.ports import AssistantProxy
from conversation.records import ModelCall, Run
from conversation.script import State
from conversation.signals import Responded, Saying
from mediator.mediator_basic import MediatorBasic
from proxies.retry import RetryPolicy
from tests.stage import Stage
from tests.wire.server import Break, Reply, broken
from tests.wire.wires import SECRET, Wire
from tools.registry import Tools

ONCE = RetryPolicy(attempts=1)
PAGE = b"<html>Down for maintenance</html>"


def get_stock_price(symbol: str) -> str:
    """Return the latest price.

    Args:
        symbol: A ticker.
    """
    return f"{symbol} 1.0"


@pytest.fixture(params=[True, False], ids=["streamed", "whole"])
def stream(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def stage() -> Stage:
    return Stage(MediatorBasic, Tools(get_stock_price))


async def exchange(
    stage: Stage, wire: Wire, text: str = "Hello.", proxy: AssistantProxy | None = None, **spec: Any
) -> Run:
    """Have an exchange with the provider; return its run as it ended."""
    provider = wire.title.lower()
    run = await stage.begin(text, provider=provider, model=wire.model, **spec)
    return await stage.conduct(run.id, proxy or wire.proxy())


def calls_of(stage: Stage, run: Run) -> list[ModelCall]:
    return stage.store.model_calls(run.id)


def requests_of(stage: Stage, run: Run) -> list[dict[str, Any]]:
    return [json.loads(call.request) for call in calls_of(stage, run)]


def responses_of(stage: Stage, run: Run) -> list[Any]:
    return [json.loads(call.response or "null") for call in calls_of(stage, run)]


def sent_to(wire: Wire) -> list[dict[str, Any]]:
    """Return what the server received, in the words in which it is kept."""
    origin = wire.server.base_url.removesuffix(wire.server.path)
    return [
        {"method": "POST", "url": origin + request.path, "body": request.body}
        for request in wire.server.requests
    ]


async def test_request_is_kept_as_it_arrived(stage: Stage, wire: Wire, stream: bool) -> None:
    run = await exchange(stage, wire, stream=stream, instructions='Say "häagen" 😀.')

    assert run.state is State.COMPLETED
    assert requests_of(stage, run) == sent_to(wire)
    (call,) = calls_of(stage, run)
    assert (call.provider, call.number, call.attempt) == (wire.title.lower(), 1, 1)


async def test_answer_is_kept_with_its_usage(stage: Stage, wire: Wire, stream: bool) -> None:
    wire.server.script(wire.answer("It is a fine day."))

    run = await exchange(stage, wire, stream=stream)

    (told,) = responses_of(stage, run)
    assert told["status"] == 200
    assert "It is a fine day." in str(told["body"])
    usage = told["body"].get("usage") or told["body"]["usageMetadata"]
    assert 20 in usage.values()
    assert ("pieces" in told) == stream


async def test_streamed_answer_is_kept_as_one(stage: Stage, wire: Wire) -> None:
    """What is streamed and what comes at once look the same, but for what is made anew."""
    answer = wire.answer("Let me see. ", "AAPL")
    wire.server.script(answer, wire.answer("Done."), answer, wire.answer("Done."))
    one = await exchange(stage, wire, "Price of AAPL?", stream=True)
    other = await exchange(stage, wire, "Price of AAPL?", stream=False)

    for streamed, whole in zip(responses_of(stage, one), responses_of(stage, other), strict=True):
        assert _shape(streamed["body"]) == _shape(whole["body"])


async def test_rounds_are_kept_one_by_one(stage: Stage, wire: Wire, stream: bool) -> None:
    run = await exchange(stage, wire, "Prices of AAPL and MSFT?", stream=stream)

    assert [(call.number, call.attempt) for call in calls_of(stage, run)] == [(1, 1), (2, 1)]
    assert requests_of(stage, run) == sent_to(wire)
    assert "MSFT 1.0" in str(requests_of(stage, run)[1]["body"])
    assert "get_stock_price" in str(responses_of(stage, run)[0]["body"])


async def test_attempts_are_kept_one_by_one(stage: Stage, wire: Wire, stream: bool) -> None:
    wire.server.script(wire.faults["rate"], broken(Break.RESET), wire.answer("Here I am."))

    run = await exchange(stage, wire, stream=stream)

    assert [(call.number, call.attempt) for call in calls_of(stage, run)] == [
        (1, 1),
        (1, 2),
        (1, 3),
    ]
    assert requests_of(stage, run) == sent_to(wire)
    limited, lost, answered = responses_of(stage, run)
    assert limited["status"] == 429
    assert limited["body"] == json.loads(_bytes(wire.faults["rate"]))
    assert lost is None
    assert answered["status"] == 200
    assert all(call.ended_at for call in calls_of(stage, run))


@pytest.mark.parametrize("fault", ["request", "model", "fault"])
async def test_error_is_kept_as_it_came(stage: Stage, wire: Wire, fault: str, stream: bool) -> None:
    wire.server.script(wire.faults[fault])

    run = await exchange(stage, wire, proxy=wire.proxy(retry=ONCE), stream=stream)

    assert run.state is State.ERROR
    (told,) = responses_of(stage, run)
    came = wire.faults[fault]
    body = json.loads(_bytes(came).replace(f"Bearer {SECRET}".encode(), b"Bearer [hidden]"))
    assert told == {"status": came.status, "body": body}


@pytest.mark.parametrize("status", [400, 500])
async def test_page_instead_of_json_is_kept_as_text(
    stage: Stage, wire: Wire, status: int, stream: bool
) -> None:
    wire.server.script(Reply(pieces=(PAGE,), status=status, kind="text/html"))

    run = await exchange(stage, wire, proxy=wire.proxy(retry=ONCE), stream=stream)

    assert responses_of(stage, run) == [{"status": status, "body": PAGE.decode()}]


async def test_endless_error_page_is_kept_in_part(stage: Stage, wire: Wire) -> None:
    wire.server.script(Reply(pieces=(b"<p>" + b"x y " * 100_000,), status=500, kind="text/html"))

    run = await exchange(stage, wire, proxy=wire.proxy(retry=ONCE))

    (call,) = calls_of(stage, run)
    assert 1000 < len(call.response or "") <= 64 * 1024
    assert "characters left out" in responses_of(stage, run)[0]["body"]


async def test_answer_that_is_no_json_is_kept_as_text(stage: Stage, wire: Wire) -> None:
    wire.server.script(Reply(pieces=(PAGE,)))

    run = await exchange(stage, wire, stream=False)

    assert run.state is State.ERROR
    assert responses_of(stage, run) == [{"status": 200, "body": PAGE.decode()}]


@pytest.mark.parametrize("how", [Break.CUT, Break.RESET])
async def test_cut_stream_is_kept_as_far_as_it_came(stage: Stage, wire: Wire, how: Break) -> None:
    wire.server.script(wire.broken("Well, you see", how))

    run = await exchange(stage, wire)

    assert run.state is State.ERROR
    assert requests_of(stage, run) == sent_to(wire)
    (told,) = responses_of(stage, run)
    assert told["status"] == 200
    assert told["pieces"] >= 3
    assert told["body"]


async def test_piece_that_is_no_json_is_kept_beside_the_rest(stage: Stage, wire: Wire) -> None:
    wire.server.script(wire.broken("Well, ", b"data: {oh no\n\n"))

    run = await exchange(stage, wire)

    (told,) = responses_of(stage, run)
    assert "oh no" in told["error"]
    assert told["body"]


async def test_answer_that_never_came_is_none(stage: Stage, wire: Wire, stream: bool) -> None:
    wire.server.script(broken(Break.STALL))
    proxy = wire.proxy(timeout=0.2, answer_timeout=0.2, retry=ONCE)

    run = await exchange(stage, wire, proxy=proxy, stream=stream)

    (call,) = calls_of(stage, run)
    assert run.state is State.ERROR
    assert json.loads(call.request) == sent_to(wire)[0]
    assert call.response is None
    assert call.ended_at is not None


@pytest.mark.parametrize("said", ["", "Well, "])
async def test_stopped_request_is_kept_without_a_response(
    stage: Stage, wire: Wire, said: str
) -> None:
    wire.server.script(wire.broken(said, Break.STALL) if said else broken(Break.STALL))
    run = await stage.begin(provider=wire.title.lower(), model=wire.model)
    mediator = stage.restore(run.id)
    task = asyncio.create_task(stage.conduct_by(mediator, wire.proxy()))
    request = await asyncio.to_thread(wire.server.await_request)
    if said:
        async with asyncio.timeout(5):
            await stage.log.spoken.wait()

    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await stage.restore(run.id, fenced=False).cancel()
    mediator.moved(State.CANCELLING)
    await mediator.cancelled()

    assert await asyncio.to_thread(request.client_left.wait, 1.0)
    (call,) = calls_of(stage, run)
    assert json.loads(call.request) == sent_to(wire)[0]
    assert call.response is None
    assert call.ended_at is not None


async def test_request_is_told_while_the_answer_is_awaited(wire: Wire, stream: bool) -> None:
    wire.server.script(broken(Break.STALL))
    signals = wire.proxy().respond(wire.turn(stream=stream))

    heard = [await anext(signals), await anext(signals)]

    assert [type(signal).__name__ for signal in heard] == ["Sent", "Requested"]
    await signals.aclose()


async def test_response_is_told_before_the_end(wire: Wire, stream: bool) -> None:
    told = [type(signal) async for signal in wire.proxy().respond(wire.turn(stream=stream))]

    assert [kind.__name__ for kind in told[-3:]] == ["Responded", "Used", "Finished"]
    assert told.index(Responded) > told.index(Saying)


async def test_requests_at_the_same_time_do_not_mix(wire: Wire) -> None:
    proxy = wire.proxy()

    async def kept(text: str) -> str:
        signals = [signal async for signal in proxy.respond(wire.turn(text))]
        return "".join(s.response or "" for s in signals if isinstance(s, Responded))

    texts = [f"This is number {number}." for number in range(20)]
    answers = await asyncio.gather(*map(kept, texts))

    assert all(f"You said: {text}" in answer for text, answer in zip(texts, answers, strict=True))


async def test_request_that_reached_nobody_is_kept(stage: Stage, wire: Wire) -> None:
    proxy = wire.proxy(base_url="http://127.0.0.1:9/v1", retry=ONCE)

    run = await exchange(stage, wire, proxy=proxy)

    (call,) = calls_of(stage, run)
    assert json.loads(call.request)["url"].startswith("http://127.0.0.1:9/v1")
    assert call.response is None
    assert call.ended_at is not None


def _bytes(reply: Reply) -> bytes:
    return b"".join(piece for piece in reply.pieces if isinstance(piece, bytes))


def _shape(body: Any) -> Any:
    """Return a body without ids and signatures, which differ from answer to answer."""
    if isinstance(body, dict):
        changing = {"id", "call_id", "thoughtSignature"}
        return {name: _shape(body[name]) for name in body if name not in changing}
    if isinstance(body, list):
        return [_shape(part) for part in body]
    return body
