"""What providers' responses say of their limits, as it comes through the real SDKs."""

from datetime import UTC, datetime, timedelta

import pytest

from conversation.headroom import Allowance, Headroom
from proxies.headroom import Meter
from proxies.retry import RetryPolicy
from tests.wire.wires import Wire, hear, hear_until_failure

ONCE = RetryPolicy(attempts=1)
TOLD = {
    "x-ratelimit-limit-requests": "60",
    "x-ratelimit-remaining-requests": "37",
    "x-ratelimit-reset-requests": "12s",
    "x-ratelimit-limit-tokens": "6000",
    "x-ratelimit-remaining-tokens": "5900",
    "x-ratelimit-reset-tokens": "1m0.5s",
}


@pytest.fixture
def meter() -> Meter:
    return Meter()


def seconds(until: datetime | None) -> float:
    assert until is not None
    return (until - datetime.now(UTC)).total_seconds()


@pytest.mark.parametrize("stream", [True, False])
async def test_answers_headers_are_kept_by_model(wire: Wire, meter: Meter, stream: bool) -> None:
    wire.server.headers = TOLD

    await hear(wire.proxy(meter=meter), wire.turn("Hello.", stream=stream))

    told = meter.last[wire.model]
    assert told.requests is not None
    assert (told.requests.left, told.requests.limit) == (37, 60)
    assert 8 < seconds(told.requests.full_at) <= 12
    assert told.tokens is not None
    assert (told.tokens.left, told.tokens.limit) == (5900, 6000)
    assert 55 < seconds(told.tokens.full_at) <= 60.5
    assert told.again_at is None


async def test_answers_without_such_headers_tell_nothing(wire: Wire, meter: Meter) -> None:
    await hear(wire.proxy(meter=meter), wire.turn("Hello."))

    assert meter.last == {}


async def test_refused_request_tells_when_to_come_again(compatible: Wire, meter: Meter) -> None:
    compatible.server.script(compatible.faults["late"])

    await hear_until_failure(compatible.proxy(meter=meter, retry=ONCE), compatible.turn("Hello."))

    told = meter.last[compatible.model]
    assert 115 < seconds(told.again_at) <= 121
    assert told == Headroom(at=told.at, again_at=told.at + timedelta(seconds=121))


async def test_newest_answer_counts(compatible: Wire, meter: Meter) -> None:
    proxy = compatible.proxy(meter=meter)
    compatible.server.headers = TOLD
    await hear(proxy, compatible.turn("Hello."))
    compatible.server.headers = {"x-ratelimit-remaining": "5"}

    await hear(proxy, compatible.turn("Hello."))

    told = meter.last[compatible.model]
    assert (told.requests, told.tokens) == (Allowance(left=5), None)
