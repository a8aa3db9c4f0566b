"""Finding model servers on this computer, at the ports where they usually listen.

Only the loopback address is asked. What does not answer at once with a list of models is none.
"""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from proxies.model_lists import chat_models, listed_in

HOST: Final = "127.0.0.1"
PATIENCE: Final = 0.3

_LONGEST: Final = 4 * 1024 * 1024
_LENGTH: Final = re.compile(rb"^content-length: *(\d{1,9})\r?$", re.IGNORECASE | re.MULTILINE)
_GOOD: Final = re.compile(rb"HTTP/1\.[01] 200\b")
_OURS: Final = re.compile(rb"^server: *parley\r?$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalServer:
    """A server that was found; not `online` when it does not answer any more."""

    models: tuple[str, ...]
    online: bool = True


async def look(
    ports: Mapping[str, int], before: Mapping[str, LocalServer]
) -> dict[str, LocalServer]:
    """Return the servers that answer, and those of `before` that have gone.

    One that only takes too long, under load, say, stays as it was.
    """
    asked = await asyncio.gather(*(_models(port) for port in ports.values()))
    found: dict[str, LocalServer] = {}
    for name, models in zip(ports, asked, strict=True):
        if models:
            found[name] = LocalServer(models=models)
        elif name in before:
            online = before[name].online and models is None
            found[name] = LocalServer(models=before[name].models, online=online)
    return found


async def _models(port: int) -> tuple[str, ...] | None:
    """Return the models of the server at a port; none where there is no such, None if too slow."""
    try:
        async with asyncio.timeout(PATIENCE):
            answer = await _answer(port)
    except TimeoutError:
        return None
    except (OSError, EOFError, ValueError, asyncio.LimitOverrunError):
        return ()
    return chat_models(answer) if isinstance(answer, dict) and listed_in(answer) else ()


async def _answer(port: int) -> object:
    """Return what is at /v1/models, by the plainest HTTP: an SDK takes long to load."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        request = (
            f"GET /v1/models HTTP/1.0\r\nHost: {HOST}:{port}\r\nAccept: application/json\r\n\r\n"
        )
        writer.write(request.encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if not _GOOD.match(head) or _OURS.search(head):
            return None
        length = _LENGTH.search(head)
        body = await reader.readexactly(min(int(length[1]), _LONGEST)) if length else b""
        return json.loads(body or await _rest(reader))
    finally:
        writer.close()


async def _rest(reader: asyncio.StreamReader) -> bytes:
    """Return all that comes until the server closes the connection."""
    body = b""
    while len(body) < _LONGEST and (piece := await reader.read(64 * 1024)):
        body += piece
    return body
