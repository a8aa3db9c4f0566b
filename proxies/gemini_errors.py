"""From what google-genai raises, and what leaks past it, to errors of ours.

Beside the SDK's own tree there come out of it: errors of the HTTP client and of google-auth as
they are, and `ValueError`s of several kinds for bodies and chunks that can't be read.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
from google.auth.exceptions import GoogleAuthError, TransportError
from google.genai.errors import APIError, UnknownApiResponseError

from conversation.errors import KeyRejected, ProviderError
from proxies.error_bodies import words_in
from proxies.failures import (
    Complaint,
    misdirected,
    seconds_in,
    seconds_to_wait,
    timed_out,
    unreadable,
)
from proxies.gemini_signals import NAME
from proxies.redact import redacted
from proxies.unreached import unreachable

# `AttributeError` and `TypeError`: good JSON of another shape than the API's.
_UNREADABLE = (ValueError, RuntimeError, AttributeError, TypeError)


@contextmanager
def provider_errors(secrets: tuple[str, ...] = ()) -> Iterator[None]:
    """Turn the SDK's exceptions into ours; the cause is kept."""
    try:
        yield
    except httpx.TimeoutException as error:
        raise timed_out(NAME) from error
    except httpx.InvalidURL as error:
        raise misdirected(NAME) from error
    except httpx.DecodingError as error:
        raise unreadable(NAME) from error
    except (httpx.RequestError, TransportError) as error:
        raise unreachable(NAME, error) from error
    except GoogleAuthError as error:
        sentence = redacted(str(error), secrets)
        raise KeyRejected(f"Google does not accept the credentials: {sentence}") from error
    except APIError as error:
        raise _refused(error, secrets) from error
    except _UNREADABLE as error:
        raise unreadable(NAME) from error


def said_in(error: ProviderError) -> object:
    """Return what Gemini said instead of an answer, or what of it can't be read."""
    match error.__cause__:
        case APIError() as cause:
            return cause.details
        case UnknownApiResponseError() as cause:
            return str(cause)
        case _:
            return None


def _refused(error: APIError, secrets: tuple[str, ...]) -> ProviderError:
    details = _details(error)
    return Complaint(
        provider=NAME,
        status=error.code or 0,
        code=_code(details),
        sentence=redacted(words_in(error.message), secrets),
        retry_after=_retry_after(error, details),
    ).error()


def _details(error: APIError) -> list[Mapping[str, Any]]:
    """Return the structured details that Google puts beside its message."""
    body = error.details
    inner = body.get("error", body) if isinstance(body, dict) else {}
    details = inner.get("details") if isinstance(inner, dict) else None
    return [detail for detail in details or () if isinstance(detail, dict)]


def _code(details: list[Mapping[str, Any]]) -> str:
    quotas = [quota for detail in details for quota in detail.get("violations") or ()]
    # A day's quota does not come back within any wait that makes sense.
    if any("PerDay" in str(quota.get("quotaId")) for quota in quotas):
        return "insufficient_quota"
    return next((str(detail["reason"]) for detail in details if "reason" in detail), "")


def _retry_after(error: APIError, details: list[Mapping[str, Any]]) -> float | None:
    for detail in details:
        delay = seconds_in(str(detail.get("retryDelay", "")).removesuffix("s"))
        if delay is not None:
            return delay
    headers = getattr(error.response, "headers", None)
    return seconds_to_wait(headers) if headers else None
