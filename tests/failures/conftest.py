import logging
import socketserver
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import certifi
import pytest

from proxies.retry import RetryPolicy
from setup.core import ParleyCore
from tests.contract.cores import threads_of_ours
from tests.failures.certificates import self_signed
from tests.failures.stage import COMPATIBLE, GEMINI, OPENAI, Servers, Stage, opened
from tests.wire.chat_server import ChatServer
from tests.wire.gemini_server import GeminiServer
from tests.wire.openai_server import OpenAIServer


@pytest.fixture(scope="module", autouse=True)
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Trust one authority only, which is quicker, know no proxy, and try again at once."""
    first, end, _ = Path(certifi.where()).read_text().partition("-----END CERTIFICATE-----\n")
    file = tmp_path_factory.mktemp("certificates") / "one.pem"
    file.write_text(first + end)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(file))
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            patch.delenv(name, raising=False)
            patch.delenv(name.upper(), raising=False)
        quick = partial(RetryPolicy, first_delay=0.0, longest_delay=0.0, jitter=0.0)
        patch.setattr("proxies.retry.RetryPolicy", quick)
        yield


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with OpenAIServer() as openai, GeminiServer() as gemini, ChatServer() as chat:
        yield {OPENAI: openai, GEMINI: gemini, COMPATIBLE: chat}


@pytest.fixture(scope="module")
def shared(
    surroundings: None, servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ParleyCore]:
    """A core for all failures that need no settings of their own; it leaves nothing behind."""
    before = threads_of_ours()
    with opened(servers, tmp_path_factory.mktemp("shared")) as core:
        yield core
    assert threads_of_ours() == before


class _Plain(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.recv(1)
        self.request.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")


class _Untrusted(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        with suppress(OSError):  # who does not trust it goes away
            self.request.do_handshake()


@contextmanager
def _listening(handler: type[socketserver.BaseRequestHandler]) -> Iterator[Any]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=partial(server.serve_forever, 0.01))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """Servers: one that knows no TLS, and one whose certificate nobody has signed."""
    context = self_signed(tmp_path_factory.mktemp("untrusted"))
    with _listening(_Plain) as plain, _listening(_Untrusted) as untrusted:
        untrusted.socket = context.wrap_socket(
            untrusted.socket, server_side=True, do_handshake_on_connect=False
        )
        yield {"plain": plain.server_address[1], "untrusted": untrusted.server_address[1]}


@pytest.fixture
def stage(
    servers: Servers, ports: dict[str, int], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> Iterator[Stage]:
    """A stage without a core; what a failure has to put right again is, at the latest now."""
    caplog.set_level(logging.INFO)
    for server in servers.values():
        server.forget()
    with ExitStack() as undo:
        yield Stage(servers=servers, folder=tmp_path, ports=ports, undo=undo)
