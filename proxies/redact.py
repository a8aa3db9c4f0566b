"""Providers' sentences, made fit for people: on one line, not too long, and without secrets."""

import re
from collections.abc import Iterable
from typing import Final

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


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """Return `text` on one line of at most `LONGEST` characters, with `secrets` hidden."""
    for secret in filter(None, secrets):
        text = text.replace(secret, HIDDEN)
    text = _SECRETS.sub(_hide, text)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _hide(found: re.Match[str]) -> str:
    return (found["keep"] or found["name"] or "") + HIDDEN
