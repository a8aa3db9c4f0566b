"""Limits as providers word them, and how much they say is left."""

from datetime import UTC, datetime

import pytest

from conversation.headroom import Allowance, Headroom
from proxies.headroom import headroom_in
from ui.chat.headroom import headroom_text, waiting_time

NOW = datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)


def read(**headers: str) -> Headroom | None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return headroom_in(named, now=NOW.timestamp())


def after(seconds: float) -> datetime:
    return datetime.fromtimestamp(NOW.timestamp() + seconds, UTC)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("12", 12), ("0.5", 0.5), ("12ms", 0.012), ("7.66s", 7.66), ("6m0s", 360),
        ("2m59.56s", 179.56), ("1h2m3s", 3723), ("1d", 86_400),
        ("2027-01-02T03:05:05Z", 60), ("2027-01-02T03:05:05", 60),
        (str(int(NOW.timestamp()) + 60), 60), (str((int(NOW.timestamp()) + 60) * 1000), 60),
    ],
)  # fmt: skip
def test_reset_is_read_however_it_is_written(written: str, seconds: float) -> None:
    told = read(x_ratelimit_remaining_requests="1", x_ratelimit_reset_requests=written)

    assert told is not None
    assert told.requests is not None
    assert told.requests.full_at is not None
    assert (told.requests.full_at - NOW).total_seconds() == pytest.approx(seconds, abs=0.001)


@pytest.mark.parametrize("written", ["soon", "-1", "", "1x", "9" * 40, "99999999999d", "NaN"])
def test_reset_that_is_none_is_left_out(written: str) -> None:
    told = read(x_ratelimit_remaining_requests="1", x_ratelimit_reset_requests=written)

    assert told is not None
    assert told.requests is not None
    assert told.requests.full_at is None or told.requests.full_at.year > 2050


@pytest.mark.parametrize("written", ["many", "-1", "", "inf"])
def test_count_that_is_none_tells_nothing(written: str) -> None:
    assert read(x_ratelimit_remaining_requests=written, x_ratelimit_limit_requests="60") is None


def test_tightest_of_several_spans_counts() -> None:
    told = read(
        x_ratelimit_limit_req_minute="60",
        x_ratelimit_remaining_req_minute="59",
        x_ratelimit_limit_requests_day="1000",
        x_ratelimit_remaining_requests_day="10",
    )

    assert told == Headroom(at=NOW, requests=Allowance(left=10, limit=1000))


def test_other_headers_tell_nothing() -> None:
    assert read(content_type="text/plain", x_ratelimit_model="x", authorization="Bearer k") is None


# in words


@pytest.mark.parametrize(
    ("headroom", "said"),
    [
        (
            Headroom(at=NOW, requests=Allowance(left=37, limit=60, full_at=after(12))),
            "37 of 60 requests left, full again in 12 s",
        ),
        (Headroom(at=NOW, requests=Allowance(left=37)), "37 requests left"),
        (
            Headroom(
                at=NOW,
                requests=Allowance(left=59, limit=60, full_at=after(1)),
                tokens=Allowance(left=1200, limit=6000, full_at=after(600)),
            ),
            "1,200 of 6,000 tokens left, full again in 10 min",
        ),
        (Headroom(at=NOW, requests=Allowance(left=60, limit=60, full_at=after(9))), ""),
        (Headroom(at=NOW, requests=Allowance(left=1, limit=60, full_at=after(-1))), ""),
        (Headroom(at=after(-61), requests=Allowance(left=1, limit=60)), ""),
        (Headroom(at=NOW, again_at=after(30)), "The provider asks to wait for 30 s"),
        (Headroom(at=NOW, again_at=after(-1)), ""),
    ],
)
def test_what_is_left_is_told_while_it_holds(headroom: Headroom, said: str) -> None:
    assert headroom_text(headroom, NOW) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.2, "1 s"), (12, "12 s"), (120, "120 s"), (121, "3 min"), (9000, "3 h")]
)
def test_waits_are_told_in_few_figures(seconds: float, said: str) -> None:
    assert waiting_time(seconds) == said
