"""Real HTTP to the API: uvicorn in a thread, over a real core or any ASGI app."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import uvicorn
from openai import OpenAI
from starlette.types import ASGIApp

from conversation.ports import Store
from server.app import create_app
from server.protection import protection
from setup.core import ParleyCore
from setup.settings import Settings
from tests.contract.cores import running

KEY = "sk-test-0123456789abcdef"
OTHER_KEY = "sk-other-0123456789abcdef"


@contextmanager
def served(app: ASGIApp, host: str = "127.0.0.1") -> Iterator[str]:
    """Serve an app at a free port; yield its address."""
    with socket.socket() as listening:
        listening.bind((host, 0))
        listening.listen()
        config = uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=5)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://{host}:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@dataclass(frozen=True)
class Api:
    """The API over a core, as programs see it."""

    url: str
    core: ParleyCore
    http: httpx2.Client
    clients: ExitStack

    @property
    def store(self) -> Store:
        return self.core.store

    def openai(self, key: str = "none", **options: Any) -> OpenAI:
        """Return a client of OpenAI's for this server."""
        client = OpenAI(base_url=f"{self.url}/v1", api_key=key, **options)
        return self.clients.enter_context(client)


@contextmanager
def api(database: str, *, demo_delay_seconds: float = 0.0, **settings: Any) -> Iterator[Api]:
    """Serve the API, guarded as these settings want it."""
    wanted = Settings.model_validate({"database_url": database, **settings})
    with running(database, demo_delay_seconds=demo_delay_seconds) as core:
        app = create_app(core, root=True, middleware=protection(core.store, wanted))
        with served(app) as url, ExitStack() as clients:
            http = clients.enter_context(httpx2.Client(base_url=url, timeout=30))
            yield Api(url, core, http, clients)


def said(answer: httpx2.Response) -> dict[str, Any]:
    """Return the error of an answer, which is in OpenAI's shape."""
    error: dict[str, Any] = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert answer.headers["x-request-id"].startswith("req_")
    return error


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}
