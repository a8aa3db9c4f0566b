"""From what a provider says instead of an answer to an error of ours; the same for every provider.

A provider's own code tells more than the HTTP status, so it is asked first.
"""

import math
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

from conversation.errors import (
    BadResponse,
    ConnectionFailed,
    ContextTooLong,
    KeyRejected,
    NotConfigured,
    PromptBlocked,
    ProviderError,
    ProviderTimeout,
    ProviderUnavailable,
    QuotaExceeded,
    RateLimited,
    RequestRejected,
    StreamCut,
    UnknownModel,
)
from proxies.eyes import says_blind
from proxies.too_long import says_too_long, tokens_too_many

Kind = type[ProviderError]

_BY_CODE: Final[Mapping[str, Kind]] = {
    "insufficient_quota": QuotaExceeded,
    "billing_hard_limit_reached": QuotaExceeded,
    "billing_not_active": QuotaExceeded,
    "invalid_api_key": KeyRejected,
    "api_key_invalid": KeyRejected,
    "model_not_found": UnknownModel,
    "deploymentnotfound": UnknownModel,
    "rate_limit_exceeded": RateLimited,
    "context_length_exceeded": ContextTooLong,
    "exceed_context_size_error": ContextTooLong,
    "server_error": ProviderUnavailable,
    "server_is_overloaded": ProviderUnavailable,
    "slow_down": ProviderUnavailable,
    "content_filter": PromptBlocked,
    "content_policy_violation": PromptBlocked,
    "invalid_prompt": PromptBlocked,
    "bio_policy": PromptBlocked,
    "misalignment_policy_violation": PromptBlocked,
}

_BY_STATUS: Final[Mapping[int, Kind]] = {
    401: KeyRejected,
    402: QuotaExceeded,
    403: KeyRejected,
    408: ProviderTimeout,
    429: RateLimited,
    504: ProviderTimeout,
}

_SENTENCES: Final[Mapping[Kind, str]] = {
    KeyRejected: "{} does not accept the API key",
    UnknownModel: "{} does not know this model, or the key may not use it",
    ContextTooLong: "The conversation is too long for this model of {}",
    RequestRejected: "{} did not accept the request",
    QuotaExceeded: "The account at {} has no quota or credit left",
    RateLimited: "{} gets too many requests from this account",
    ProviderUnavailable: "{} has a fault or is overloaded",
    ProviderTimeout: "{} did not answer in time",
    PromptBlocked: "{} will not answer this prompt",
}


_ADDRESS: Final = "Check the provider's address in the settings."
_EYES: Final = "Choose a model that takes pictures, or send the message without them."
_A_MODEL: Final = re.compile(r"model|no endpoints found for", re.IGNORECASE)
_TOO_LARGE: Final = 413
_SOON: Final = 120.0
_AGES: Final = 1e9
_SECONDS: Final = re.compile(r"\d+(\.\d*)?|\.\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What a provider said instead of an answer; `sentence` is its own, already redacted."""

    provider: str
    sentence: str
    status: int = 0
    code: str = ""
    retry_after: float | None = None

    def error(self) -> ProviderError:
        """Return the error to raise."""
        kind = self._kind()
        message = _SENTENCES[kind].format(self.provider)
        if kind is ContextTooLong and (beyond := tokens_too_many(self.sentence)):
            message += f", by {beyond:,} tokens"
        message += f": {self.sentence}" if self.sentence else "."
        return kind(message, hint=self._what_to_do(kind), retry_after=self.retry_after)

    def _what_to_do(self, kind: Kind) -> str:
        """Return what helps, where more is known than of the kind."""
        if kind.retryable:
            return self._when()
        if kind is not RequestRejected:
            return ""
        if says_blind(self.sentence):
            return _EYES
        # No model is spoken of: it is the address that is not known.
        return _ADDRESS if self.status == 404 else ""

    def _when(self) -> str:
        """Return when to send again, where the provider says so."""
        after = self.retry_after or 0.0
        if after < 1:
            return ""
        minutes = math.ceil(after / 60)
        wait = f"{math.ceil(after)} seconds" if after <= _SOON else f"{minutes:,} minutes"
        return f"Send the message again in {wait}: the provider asks for this wait."

    def _kind(self) -> Kind:
        # Some call it too many requests when a single one is larger than they ever take.
        if self.status == _TOO_LARGE or says_too_long(self.sentence):
            return ContextTooLong
        if says_blind(self.sentence):  # which some call a fault of theirs
            return RequestRejected
        if kind := _BY_CODE.get(self.code.lower()) or _BY_STATUS.get(self.status):
            return kind
        # A 404 that speaks of no model comes from a wrong address or a forgotten item.
        if self.status == 404 and _A_MODEL.search(self.sentence):
            return UnknownModel
        return ProviderUnavailable if self.status >= 500 else RequestRejected


def timed_out(provider: str) -> ProviderTimeout:
    """Return the error of a provider that keeps silent."""
    return ProviderTimeout(f"{provider} did not answer in time.")


def unreadable(provider: str) -> BadResponse:
    """Return the error of an answer that is not what the provider's API promises."""
    return BadResponse(f"{provider} sent an answer that can't be read.")


def misdirected(provider: str) -> NotConfigured:
    """Return the error of an address that is none."""
    return NotConfigured(
        f"{provider} can't be reached: its address in the settings is none.",
        hint="Mend the address and start again.",
    )


def cut_off(provider: str) -> StreamCut:
    """Return the error of an answer without an end."""
    return StreamCut(f"The answer of {provider} broke off before its end.")


@contextmanager
def reading_stream(provider: str, begun: Callable[[], bool] = lambda: True) -> Iterator[None]:
    """Once the provider has `begun` to answer, a lost connection has cut the answer."""
    try:
        yield
    except ConnectionFailed as error:
        if begun():
            raise cut_off(provider) from error.__cause__
        raise


def seconds_to_wait(headers: Mapping[str, str]) -> float | None:
    """Read `retry-after-ms` or `retry-after` (seconds or a date); None where there is neither."""
    if (milliseconds := seconds_in(headers.get("retry-after-ms", ""))) is not None:
        return milliseconds / 1000
    after = headers.get("retry-after", "")
    seconds = seconds_in(after)
    return _until(after) if seconds is None else seconds


def seconds_in(text: str) -> float | None:
    """Read a number of seconds; None for what is none, or less than none."""
    return min(float(text), _AGES) if _SECONDS.fullmatch(text.strip()) else None


def _until(date: str) -> float | None:
    try:
        return max(0.0, parsedate_to_datetime(date).timestamp() - time.time())
    except ValueError:
        return None
