"""What providers are told and say, made fit to be kept and shown: without secrets."""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit, urlunsplit

LONGEST: Final = 500
HIDDEN: Final = "[hidden]"

# The looks of keys and tokens; a provider may quote one that is not ours (a proxy's, an old one's).
_SECRETS: Final = re.compile(
    r"(?P<keep>\bBearer\s+)\S+"
    r"|\bsk-[\w*.-]{4,}"
    r"|\bAIza[\w*-]{4,}"
    r"|\bya29\.[\w.*-]+"
    r"|(?P<name>\b(?:api[-_]?key|key|token)=)[^\s&\"']+",
    re.IGNORECASE,
)
# People write of keys and tokens too: what they wrote stays unless it can be nothing else.
_KEYS: Final = re.compile(
    r"\bsk-(?=[\w*.-]*[\d*])[\w*.-]{8,}|\bAIza[\w*-]{8,}|\bya29\.[\w.*-]{8,}"
    r"|(?P<keep>\bBearer\s+)[\w.~+/*=-]{16,}"
)
_MARKS: Final = ("sk-", "AIza", "ya29.", "Bearer")
_REAL: Final = 8
_PLAIN: Final = re.compile(r"alt=\w{1,8}|api-version=[\w.-]{1,24}")


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a sentence on one line of at most `LONGEST` characters, with `secrets` hidden."""
    for secret in filter(None, secrets):
        text = text.replace(secret, HIDDEN)
    text = _SECRETS.sub(_hide, text)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def address(url: str) -> str:
    """Return an address without its user, and without what its query tells nobody else."""
    parts = urlsplit(url)
    query = "&".join(
        f"{name}={value if plain else HIDDEN}" for name, value, plain in _query(parts.query)
    )
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, ""))


def secrets_in(url: str) -> list[str]:
    """Return what `address` leaves out."""
    parts = urlsplit(url)
    asked = [value for _, value, plain in _query(parts.query) if not plain]
    # An address with a query of its own may have got a second one.
    inner = [word for value in asked for word in re.split("[?&=]", value) if len(word) >= _REAL]
    user = [unquote(part) for part in (parts.username, parts.password) if part]
    return [*user, *filter(None, asked), *inner]


class Secrets:
    """Known secrets, hidden wherever they are; so is what looks like a key and nothing else."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        given = {form for secret in known if secret for form in (secret, quote(secret, safe=""))}
        # The longest first: one may be the beginning of another.
        self._known = sorted(given, key=len, reverse=True)

    def hidden(self, text: str) -> str:
        """Return `text` without them, and otherwise as it is."""
        # To look for a word is far quicker than to look for a pattern.
        for secret in self._known:
            if secret in text:
                text = re.sub(_pattern(secret), HIDDEN, text)
        if any(mark in text for mark in _MARKS):
            text = _KEYS.sub(_hide_key, text)
        return text


def _pattern(secret: str) -> str:
    # Servers that want no key are given any word, which may be one of a language.
    return re.escape(secret) if len(secret) >= _REAL else rf"(?<!\w){re.escape(secret)}(?!\w)"


def _query(query: str) -> list[tuple[str, str, bool]]:
    """Return names and values, and whether anybody may see the value."""
    pairs = parse_qsl(query, keep_blank_values=True)
    return [(name, value, bool(_PLAIN.fullmatch(f"{name}={value}"))) for name, value in pairs]


def _hide(found: re.Match[str]) -> str:
    return (found["keep"] or found["name"] or "") + HIDDEN


def _hide_key(found: re.Match[str]) -> str:
    return (found["keep"] or "") + HIDDEN
