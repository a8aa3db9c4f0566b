"""API keys: how they are made, written in a setting, and told from one another.

A key itself is kept nowhere: its SHA-256 is. That is enough, as keys are long and random.
"""

import hashlib
import re
import secrets
from datetime import UTC, datetime
from typing import Final

from conversation.api_ports import ApiKey
from conversation.ids import new_id
from conversation.records import DEFAULT_PROJECT

SHORTEST: Final = 16
"""How many characters a key has at least."""

_PREFIX: Final = "sk-parley-"
_START: Final = len(_PREFIX) + 4
_FORM: Final = "write name=key, name@project=key or a key alone, separated by commas"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_KEY: Final = re.compile(r"[!-~]+")
_PROJECT: Final = "proj_"


def digest_of(key: str) -> str:
    """Return what is kept of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def new_key(name: str, project: str = "", *, at: datetime) -> tuple[str, ApiKey]:
    """Make a key; return it, to be shown once, and what is kept of it. `ValueError`."""
    check_name(name, "a key")
    key = _PREFIX + secrets.token_urlsafe(32)
    return key, _kept(new_id("key"), name, project, key, at)


def project_id(name: str) -> str:
    """Return the id of the project of this name; the default one's for none. `ValueError`."""
    if name in {"", "default"}:
        return DEFAULT_PROJECT
    bare = name.removeprefix(_PROJECT)
    check_name(bare, "a project")
    return _PROJECT + bare


def check_name(name: str, whose: str) -> None:
    """Refuse what is no name."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"the name of {whose} has at most 64 letters, digits, -, _ and dots")


def read_keys(text: str) -> tuple[ApiKey, ...]:
    """Read the keys of a setting; a `ValueError` says how to write them, and shows none."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    keys = tuple(_read(part, number) for number, part in enumerate(parts, 1))
    if len({key.digest for key in keys}) < len(keys):
        raise ValueError("a key is there twice")
    return keys


def _read(part: str, number: int) -> ApiKey:
    named, _, rest = part.partition("=")
    owner, key = (named.strip(), rest.strip()) if rest else (f"key{number}", part)
    name, _, project = owner.partition("@")
    if not _KEY.fullmatch(key):
        raise ValueError(_FORM)
    if len(key) < SHORTEST:
        raise ValueError(f"a key has at least {SHORTEST} characters; {_FORM}")
    check_name(name, "a key")
    return _kept(f"setting:{name}", name, project, key, datetime.now(UTC))


def _kept(key_id: str, name: str, project: str, key: str, at: datetime) -> ApiKey:
    return ApiKey(
        id=key_id,
        name=name,
        project_id=project_id(project),
        digest=digest_of(key),
        start=key[: _START if key.startswith(_PREFIX) else 4],
        created_at=at,
    )
