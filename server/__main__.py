"""Serve the API alone: `python -m server`, or `make server`.

It is there under `/v1` and at the root path, for clients that were told an address without `/v1`.
"""

import argparse
import asyncio
import gc
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import uvicorn
from fastapi import FastAPI

from conversation.errors import ParleyError
from server.app import create_app
from server.guards import is_loopback
from server.keys import Keys
from server.leaving import leaving
from server.protection import protection
from setup import bootstrap
from setup.scripts import exit_code
from setup.settings import Settings, settings

_PARTING: Final = 5
"""For how many seconds answers may outlast the core's end."""


class Unprotected(ParleyError):
    """The server would be open to everybody."""

    code = "unprotected"
    advice = (
        "Make a key with `python -m setup.api_keys create NAME`, set PARLEY_API_KEYS, or leave "
        "SERVER_HOST at 127.0.0.1."
    )


class NoPlace(ParleyError):
    """The server's address can't be had."""

    code = "no_place"
    advice = "End the program that is there, or set another SERVER_PORT or SERVER_HOST."


class Server(uvicorn.Server):
    """Says where it is to be found once it is."""

    def __init__(self, config: uvicorn.Config, note: str) -> None:
        super().__init__(config)
        self._note = note

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the port, and say so."""
        try:
            await super().startup(sockets)
        except SystemExit as end:  # it has said why
            place = f"{self.config.host}:{self.config.port}"
            raise NoPlace(f"The API can't be served at {place}.") from end
        if self.started:
            host, port, *_ = self.servers[0].sockets[0].getsockname()
            name = f"[{host}]" if ":" in host else host
            sys.stdout.write(f"Parley's API is at http://{name}:{port}/v1 ({self._note}).\n")
            sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until told to end."""
    _parser().parse_args(arguments)
    asyncio.run(serve(settings()))


async def serve(wanted: Settings) -> None:
    """Serve the API over this process's core."""
    core = await asyncio.to_thread(bootstrap.core)  # signals are the server's, not the core's
    keys = Keys(core.store, wanted.api_keys)
    keyed = await keys.wanted()
    if not keyed and not is_loopback(wanted.server_host):
        raise Unprotected(
            f"SERVER_HOST={wanted.server_host} would let every computer that can reach this one "
            "use the API, as there are no API keys."
        )
    app = create_app(
        core,
        root=True,
        model_map=wanted.model_map,
        middleware=protection(core.store, wanted, keys),
        lifespan=_lifespan,
    )
    gc.freeze()  # what is there by now stays; going through it takes 80 ms each time
    await Server(_config(app, wanted), _note(keyed)).serve()


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with leaving(bootstrap.opened):
        yield


def _config(app: FastAPI, wanted: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=wanted.server_host,
        port=wanted.server_port,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        headers=[("server", "parley")],  # who looks for model servers passes it by
        timeout_graceful_shutdown=int(wanted.drain_seconds) + _PARTING,
    )


def _note(keyed: bool) -> str:
    return "with API keys" if keyed else "no API keys: for programs on this computer"


def _parser() -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog="python -m server",
        description="Serve the API alone. SERVER_HOST and SERVER_PORT say where.",
        epilog="docs/server.md has the rest: keys, limits, and who may use the API without keys.",
    )


if __name__ == "__main__":
    sys.exit(exit_code(main))
