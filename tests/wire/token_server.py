"""A pretended Google that hands out tokens: to a service account, and as a machine's own metadata.

with TokenServer() as server:
    server.service_account(folder)   # a file for GOOGLE_APPLICATION_CREDENTIALS
    server.host                      # for GCE_METADATA_HOST and GCE_METADATA_IP
    server.granted                   # what was asked for each token
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import parse_qs

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

TOKEN: Final = "ya29.made-up-token"  # noqa: S105
EMAIL: Final = "robot@a-project.iam.gserviceaccount.com"
_JWT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_METADATA: Final = "/computeMetadata/v1/instance/service-accounts/"


class TokenServer:
    """Listens at a port of its own, from `with` to its end."""

    def __init__(self) -> None:
        self.granted: list[str] = []
        handler = type("Handler", (_Handler,), {"owner": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def host(self) -> str:
        """The address, without a scheme."""
        return f"127.0.0.1:{self._server.server_port}"

    def service_account(self, folder: Path) -> Path:
        """Write the file of a service account whose tokens come from here; its key is new."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        file = folder / "service-account.json"
        account = {
            "type": "service_account",
            "project_id": "a-project",
            "private_key_id": "1",
            "private_key": pem.decode(),
            "client_email": EMAIL,
            "token_uri": f"http://{self.host}/token",
        }
        file.write_text(json.dumps(account))
        return file

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    owner: TokenServer

    def do_GET(self) -> None:
        """Answer as the metadata server of a machine at Google."""
        path = self.path.partition("?")[0]
        if self.headers.get("Metadata-Flavor") != "Google":
            self._send(403, "{}")
        elif path.endswith("/token"):
            self.owner.granted.append("machine")
            self._send_token()
        elif path.startswith(_METADATA):
            self._send(200, json.dumps({"email": EMAIL, "scopes": ["all"], "aliases": ["default"]}))
        elif path.endswith("universe_domain"):
            self._send(200, "googleapis.com", kind="text/plain")
        else:
            self._send(200, "a-project", kind="text/plain")

    def do_POST(self) -> None:
        """Give a token for a signed request."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        asked = {name: values[0] for name, values in parse_qs(body).items()}
        if asked.get("grant_type") != _JWT or asked.get("assertion", "").count(".") != 2:
            self._send(400, json.dumps({"error": "invalid_grant"}))
            return
        self.owner.granted.append("service account")
        self._send_token()

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def _send_token(self) -> None:
        token = {"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"}
        self._send(200, json.dumps(token))

    def _send(self, status: int, body: str, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Metadata-Flavor", "Google")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())
