"""How long a provider wants us to wait, whatever it writes."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from conversation.errors import RateLimited
from proxies.failures import Complaint, seconds_in, seconds_to_wait


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "12"}, 12.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "Mon, 01 Jan 2001 00:00:00 GMT"}, 0.0),
        ({}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after-ms": "nan"}, None),
        ({"retry-after-ms": "inf"}, None),
        ({"retry-after-ms": "-1"}, None),
    ],
)
def test_wait_is_read_however_it_is_written(headers: dict[str, str], seconds: float | None) -> None:
    assert seconds_to_wait(headers) == seconds


def test_wait_until_a_date_is_counted_from_now() -> None:
    then = format_datetime(datetime.now(UTC) + timedelta(minutes=5), usegmt=True)

    assert seconds_to_wait({"retry-after": then}) == pytest.approx(300, abs=2)


@pytest.mark.parametrize("text", ["9" * 400, "9" * 30])
def test_wait_of_ages_is_still_told(text: str) -> None:
    wait = seconds_to_wait({"retry-after": text})
    error = Complaint(provider="It", sentence="", status=429, retry_after=wait).error()

    assert isinstance(error, RateLimited)
    assert "minutes: the provider asks for this wait." in error.hint


@pytest.mark.parametrize(("text", "seconds"), [("3s", 3.0), ("0.5s", 0.5), ("nans", None)])
def test_durations_of_google_are_read(text: str, seconds: float | None) -> None:
    assert seconds_in(text.removesuffix("s")) == seconds
