"""A way to PostgreSQL on which the answer to a commit can be lost."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from sqlalchemy import make_url

_COMMITTED: Final = b"COMMIT\x00"


class LossyWay:
    """Passes on what is said; cuts the connection that has said `word` when it hears of its commit.

    So the commit is done, and who asked for it never learns of it. It does that once.
    """

    def __init__(self, server: tuple[str, int]) -> None:
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = [self._listener]
        self.port: int = self._listener.getsockname()[1]
        self.word = b""
        self.lost = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Cut everything."""
        for one in self._open:
            _shut(one)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._server)
                self._open += [client, server]
                said = threading.Event()
                for way in ((client, server, said, True), (server, client, said, False)):
                    threading.Thread(target=self._pass, args=way, daemon=True).start()

    def _pass(
        self, source: socket.socket, target: socket.socket, said: threading.Event, asking: bool
    ) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if asking and self.word and self.word in data:
                    said.set()
                if not asking and said.is_set() and _COMMITTED in data and not self.lost.is_set():
                    self.lost.set()
                    break
                target.sendall(data)
        _shut(source)
        _shut(target)


@contextmanager
def lossy_way(url: str) -> Iterator[tuple[LossyWay, str]]:
    """Open a way to a database; yield it, and the address by which it is gone."""
    named = make_url(url)
    way = LossyWay((named.host or "127.0.0.1", named.port or 5432))
    try:
        through = named.set(host="127.0.0.1", port=way.port)
        yield way, through.render_as_string(hide_password=False)
    finally:
        way.close()


def _shut(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
