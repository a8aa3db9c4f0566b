"""From what the openai SDK raises, and what leaks past it, to errors of ours.

Beside the SDK's own tree there come out of it: `JSONDecodeError` for bodies and events that are
not JSON, `RuntimeError` of its helpers, and errors of the HTTP client underneath.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from json import JSONDecodeError
from typing import Any

import httpx2
import openai

from conversation.errors import ProviderError
from proxies.error_bodies import words_in
from proxies.failures import (
    Complaint,
    misdirected,
    seconds_to_wait,
    timed_out,
    unreadable,
)
from proxies.openai_request import OPENAI
from proxies.openai_signals import failure_in
from proxies.redact import redacted
from proxies.unreached import unreachable

# `AttributeError` and `TypeError`: good JSON of another shape than the API's.
_UNREADABLE = (
    ValueError,
    RuntimeError,
    AttributeError,
    TypeError,
    httpx2.DecodingError,
    openai.APIResponseValidationError,
)


@contextmanager
def provider_errors(secrets: tuple[str, ...] = (), name: str = OPENAI.label) -> Iterator[None]:
    """Turn the SDK's exceptions into ours, in the provider's name; the cause is kept."""
    try:
        yield
    except (openai.APITimeoutError, httpx2.TimeoutException) as error:
        raise timed_out(name) from error
    except httpx2.InvalidURL as error:
        raise misdirected(name) from error
    except (openai.APIConnectionError, httpx2.TransportError, httpx2.TooManyRedirects) as error:
        raise unreachable(name, error) from error
    except _UNREADABLE as error:
        raise unreadable(name) from error
    except openai.APIStatusError as error:
        raise _refused(error, secrets, name) from error
    except openai.APIError as error:
        raise _reported(error, secrets, name) from error


def answered(body: dict[str, Any], secrets: tuple[str, ...], name: str) -> dict[str, Any]:
    """Return an answer's body; raise what it says instead, as some do with a good status."""
    said = body.get("error")
    if said and not body.get("choices"):
        code = said.get("code") if isinstance(said, dict) else None
        raise failure_in({"code": code, "message": words_in(said)}, secrets, name)
    return body


def said_in(error: ProviderError) -> object:
    """Return what OpenAI said instead of an answer, or what of it can't be read."""
    match error.__cause__:
        case openai.APIError() as cause:
            return cause.body
        case JSONDecodeError() as cause:
            return cause.doc
        case _:
            return None


def _refused(error: openai.APIStatusError, secrets: tuple[str, ...], name: str) -> ProviderError:
    """Return the error for an HTTP status that is not a success."""
    return Complaint(
        provider=name,
        status=error.status_code,
        code=error.code or error.type or "",
        sentence=redacted(words_in(error.body), secrets),
        retry_after=seconds_to_wait(error.response.headers),
    ).error()


def _reported(error: openai.APIError, secrets: tuple[str, ...], name: str) -> ProviderError:
    """Return the error for a failure that the SDK found inside a stream."""
    message = words_in(error.body) or error.message
    return failure_in({"code": error.code, "message": message}, secrets, name)
