"""Why a provider can't be reached, as far as what the HTTP client raised tells."""

import socket
import ssl
from collections.abc import Iterator
from typing import Final

from conversation.errors import ConnectionFailed

_NO_NAME: Final = "its name can't be resolved."
_NOBODY: Final = "nobody listens at its address."
_NO_TLS: Final = "no encrypted connection (TLS) could be made."
_UNTRUSTED: Final = "its certificate is not trusted ({why})."
_START_IT: Final = (
    "If it is a server of yours, start it; else check the provider's address in the settings."
)
_SCHEME: Final = "Check whether the provider's address in the settings has to begin with http://."
_TRUST_IT: Final = (
    "If you trust it, name a file with the certificate of who issued it in the environment "
    "variable SSL_CERT_FILE and start again."
)


class Untrusted(ConnectionFailed):
    """A certificate that does not get better by trying again."""

    retryable = False


def unreachable(provider: str, error: BaseException) -> ConnectionFailed:
    """Return the error of a connection that could not be made or held."""
    for cause in _causes(error):
        match cause:
            case ssl.SSLCertVerificationError():
                why = _UNTRUSTED.format(why=cause.verify_message)
                return Untrusted(f"{provider} can't be reached: {why}", hint=_TRUST_IT)
            case ssl.SSLError():
                return ConnectionFailed(f"{provider} can't be reached: {_NO_TLS}", hint=_SCHEME)
            case socket.gaierror():
                return ConnectionFailed(f"{provider} can't be reached: {_NO_NAME}")
            case ConnectionRefusedError():
                return ConnectionFailed(f"{provider} can't be reached: {_NOBODY}", hint=_START_IT)
            case _:
                continue
    return ConnectionFailed(f"{provider} can't be reached, or closed the connection.")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what has led to it."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        if isinstance(error, BaseExceptionGroup):  # of several addresses, each with its own
            yield from error.exceptions
        error = error.__cause__ or error.__context__
