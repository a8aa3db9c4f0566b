"""How settings are written that have a form of their own.

What is wrong is a `ValueError` whose sentence says how to write it, and never what was written:
that may be a key.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any, Final, Literal, get_args
from urllib.parse import urlsplit

from pydantic import SecretStr

ToolMode = Literal["auto", "native", "prompted"]

ONE_SERVER: Final = "compatible"
"""The name of the server that has none of its own."""

LOCAL_SERVERS: Final[Mapping[str, int]] = {
    "ollama": 11434,
    "lmstudio": 1234,
    "llamacpp": 8080,
    "vllm": 8000,
}
"""The servers that are looked for on this computer, and the ports where they usually are."""

_TAKEN: Final = (
    "openai", "gpt", "azure", "gemini", "demo", "remote", ONE_SERVER, "all",
)  # fmt: skip
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_KEY: Final = re.compile(r"[!-~]*")
_HOST: Final = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\]")


def pairs(value: Any, form: str) -> Any:
    """Read `a=b, c=d`, of the given form; what is no text is left as it is."""
    if not isinstance(value, str):
        return value
    found = [pair.strip().partition("=") for pair in value.split(",") if pair.strip()]
    read = [(name.strip(), rest.strip()) for name, _, rest in found]
    if not all(name and rest for name, rest in read):
        raise ValueError(f"write it as {form}, pairs separated by commas")
    if len(dict(read)) < len(read):
        raise ValueError("a name is there twice")
    return dict(read)


def listed(value: Any) -> Any:
    """Read `a, b, c`; what is no text is left as it is."""
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


def host(name: str) -> str:
    """Return the name of a host as it is compared; one has neither scheme nor port."""
    if not _HOST.fullmatch(name.lower()):
        raise ValueError("write names of hosts alone, as in chat.example.org, 10.0.0.7, [fd00::7]")
    return name.lower()


def origin(address: str) -> str:
    """Return an origin as browsers send it; `*` is all of them."""
    parts = urlsplit(address)
    if address != "*" and (address != f"{parts.scheme}://{parts.netloc}" or not parts.netloc):
        raise ValueError("write origins as in https://app.example.org, without a path, or *")
    if address != "*":
        check_address(address)
    return address.lower()


def check_name(name: str) -> None:
    """Refuse a server's name that can't be the prefix of its models, or is another's."""
    if not _NAME.fullmatch(name):
        raise ValueError("a name has at most 32 of a-z, 0-9, - and _, and a letter first")
    if name in _TAKEN:
        raise ValueError(f"a server can't be called {name}: choose another name")


def check_address(address: str) -> None:
    """Refuse what can't be the address of an API."""
    if not address.startswith(("http://", "https://")):
        raise ValueError("an address starts with http:// or https://")
    try:
        parts = urlsplit(address)
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or re.search(r"\s", address):
        raise ValueError("this is no address: write http://host:port/v1, or the like")


def key(value: SecretStr) -> SecretStr:
    """Return a provider's key, of what can go into a header; a line's end does not belong to it."""
    text = value.get_secret_value().strip()
    if not _KEY.fullmatch(text):
        raise ValueError("a key has no spaces, and only letters, digits and signs of ASCII")
    return SecretStr(text)


def check_names(named: Any, servers: Any, more: Collection[str] = ()) -> None:
    """Refuse names of servers there are not; without `servers` these are wrong themselves."""
    if isinstance(servers, dict) and not set(named) <= {*servers, *more}:
        others = ", ".join(sorted(filter(None, more)))
        raise ValueError(
            "each name must be one of COMPATIBLE_SERVERS" + (f", or {others}" if others else "")
        )


def tool_modes(text: str) -> dict[str, ToolMode]:
    """Read `auto`, `native` or `prompted`, for all servers or for one, as in `ollama=prompted`."""
    modes: dict[str, ToolMode] = {"": "auto"}
    for part in filter(None, map(str.strip, text.split(","))):
        name, _, mode = part.rpartition("=")
        known = next((one for one in get_args(ToolMode) if one == mode.strip()), None)
        if known is None:
            raise ValueError("write auto, native or prompted, for one server as in ollama=prompted")
        modes[name.strip()] = known
    return modes
