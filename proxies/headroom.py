"""What a provider's responses say of its limits, kept by model; no secrets are in it.

x-ratelimit-limit-requests: 60          OpenAI, Azure, Groq and others
x-ratelimit-remaining-requests: 59
x-ratelimit-reset-requests: 1m2.5s      or seconds, or a time
x-ratelimit-limit-req-minute: 60        Mistral, Cerebras: with the span it holds for
x-ratelimit-remaining: 59               OpenRouter and others: of requests
retry-after: 12
"""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from conversation.headroom import Allowance, Headroom
from proxies.failures import seconds_to_wait

_MODELS: Final = 100
_HEADER: Final = re.compile(
    r"x-ratelimit-(?P<what>limit|remaining|reset)(?:-(?P<kind>requests|req|tokens))?"
    r"(?:-(?P<span>second|minute|hour|day|month))?"
)
_UNITS: Final = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 1e-6, "ns": 0}
_PART: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|us|ns|d|h|m|s)")
_DURATION: Final = re.compile(rf"(?:{_PART.pattern})+")
_NUMBER: Final = re.compile(r"\d{1,15}(?:\.\d+)?")
_AN_EPOCH: Final = 1e9
"""From here on a number is no count of seconds but the time since 1970, or that in milliseconds."""

Told = dict[str, str]


class HttpResponse(Protocol):
    """What is read of a response."""

    @property
    def headers(self) -> Mapping[str, str]: ...  # noqa: D102


class Meter:
    """The limits of one provider, as its last responses told them; any thread may look."""

    def __init__(self) -> None:
        self._last: dict[str, Headroom] = {}

    def read(self, model: str, response: HttpResponse) -> None:
        """Take note of what a response to a request for `model` says."""
        told = headroom_in(response.headers, now=time.time())
        if told is None:
            return
        last = dict(self._last)
        last.pop(model, None)
        last[model] = told
        self._last = dict(list(last.items())[-_MODELS:])

    @property
    def last(self) -> Mapping[str, Headroom]:
        """What was said last, by model."""
        return self._last


def headroom_in(headers: Mapping[str, str], *, now: float) -> Headroom | None:
    """Return what headers say of limits; None when they say nothing. `now` is the time."""
    wait = seconds_to_wait(headers)
    said = _sorted(headers)
    requests, tokens = _tightest(said["requests"], now), _tightest(said["tokens"], now)
    if wait is None and requests is None and tokens is None:
        return None
    again = None if wait is None else _time(now + min(wait, _AN_EPOCH))
    at = datetime.fromtimestamp(now, UTC)
    return Headroom(at=at, requests=requests, tokens=tokens, again_at=again)


def _sorted(headers: Mapping[str, str]) -> dict[str, dict[str, Told]]:
    """Return the values by kind, by span and by what they say."""
    said: dict[str, dict[str, Told]] = {"requests": {}, "tokens": {}}
    for name, value in headers.items():
        if found := _HEADER.fullmatch(name.lower()):
            kind = "tokens" if found["kind"] == "tokens" else "requests"
            said[kind].setdefault(found["span"] or "", {})[found["what"]] = value.strip()
    return said


def _tightest(spans: dict[str, Told], now: float) -> Allowance | None:
    """Return the one of a kind's limits that is nearest to its end."""
    return min(_allowances(spans, now), key=lambda one: one.share, default=None)


def _allowances(spans: dict[str, Told], now: float) -> Iterator[Allowance]:
    for told in spans.values():
        left, limit = _count(told.get("remaining")), _count(told.get("limit"))
        if left is not None:
            full_at = _moment(told.get("reset", ""), now)
            yield Allowance(left=left, limit=limit or None, full_at=full_at)


def _count(text: str | None) -> int | None:
    return int(float(text)) if text and _NUMBER.fullmatch(text) else None


def _moment(text: str, now: float) -> datetime | None:
    """Return when a limit is full again, however a provider writes it."""
    if _NUMBER.fullmatch(text):
        number = float(text)
        since_1970 = number / 1000 if number >= _AN_EPOCH * 1000 else number
        return _time(since_1970 if number >= _AN_EPOCH else now + number)
    if _DURATION.fullmatch(text):
        seconds = sum(float(count) * _UNITS[unit] for count, unit in _PART.findall(text))
        return _time(now + min(seconds, _AN_EPOCH))
    with suppress(ValueError):
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


def _time(seconds: float) -> datetime | None:
    with suppress(OverflowError, ValueError, OSError):
        return datetime.fromtimestamp(0, UTC) + timedelta(seconds=seconds)
    return None
