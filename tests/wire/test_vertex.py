"""Gemini through Vertex AI: another address, and credentials in the place of a key."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
from google.auth.credentials import AnonymousCredentials
from google.oauth2.credentials import Credentials

from conversation.errors import KeyRejected
from conversation.ports import AssistantProxy
from proxies import gemini
from setup.settings import ROOT
from tests.wire.gemini_server import GeminiServer
from tests.wire.token_server import TOKEN, TokenServer
from tests.wire.wires import PRICE, QUICK, Wire, hear, hear_until_failure, round_of, text_of

PROGRAM: Final = """
import asyncio
from conversation import start_conversation

async def main():
    proxy = start_conversation("gemini")
    proxy.send_user_message("Hello.")
    print(await proxy.get_assistant_message())

asyncio.run(main())
"""


@pytest.fixture
async def vertex(gemini_: Wire) -> AsyncIterator[AssistantProxy]:
    proxy = gemini.connect(
        base_url=gemini_.server.base_url,
        vertexai=True,
        project="a-project",
        location="global",
        credentials=Credentials(token="ya29.token"),  # type: ignore[no-untyped-call]  # noqa: S106
        retry=QUICK,
    )
    yield proxy
    await proxy.aclose()


@pytest.mark.parametrize("stream", [True, False])
async def test_a_project_goes_to_vertex(
    gemini_: Wire, vertex: AssistantProxy, stream: bool
) -> None:
    heard = await hear(vertex, gemini_.turn("Hello.", stream=stream))

    (request,) = gemini_.server.requests
    assert request.path.startswith(
        "/v1beta1/projects/a-project/locations/global/publishers/google/models/gemini-test:"
    )
    assert request.headers["authorization"] == "Bearer ya29.token"
    assert "You said: Hello." in text_of(heard)


async def test_tools_work_through_vertex(gemini_: Wire, vertex: AssistantProxy) -> None:
    first = round_of(await hear(vertex, gemini_.turn(tools=(PRICE,))), "1.0")

    heard = await hear(vertex, gemini_.turn(tools=(PRICE,), rounds=(first,)))

    assert text_of(heard) == "The tools say 1.0."
    assert gemini_.server.rejections == []


async def test_credentials_that_are_none_are_told(gemini_: Wire) -> None:
    proxy = gemini_.proxy(
        api_key=None,
        vertexai=True,
        project="a-project",
        location="global",
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
    )

    _, error = await hear_until_failure(proxy, gemini_.turn())

    assert type(error) is KeyRejected
    assert "Google does not accept the credentials" in str(error)


@pytest.mark.parametrize("whose", ["machine", "service account"])
def test_googles_own_credentials_are_found(
    gemini_thread: GeminiServer, tmp_path: Path, whose: str
) -> None:
    gemini_thread.forget()
    with TokenServer() as tokens:
        machine = {"GCE_METADATA_HOST": tokens.host, "GCE_METADATA_IP": tokens.host}
        account = {"GOOGLE_APPLICATION_CREDENTIALS": str(tokens.service_account(tmp_path))}
        told = program(tmp_path, gemini_thread, **(machine if whose == "machine" else account))

    assert "You said: Hello." in told.stdout, told.stderr
    assert set(tokens.granted) == {whose}
    request = gemini_thread.requests[0]
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert "/projects/a-project/locations/global/" in request.path


def test_missing_credentials_of_google_are_told(
    gemini_thread: GeminiServer, tmp_path: Path
) -> None:
    gemini_thread.forget()

    told = program(tmp_path, gemini_thread, NO_GCE_CHECK="true")

    assert "Google does not accept the credentials" in told.stderr
    assert "default credentials were not found" in told.stderr
    assert gemini_thread.requests == []


def program(
    folder: Path, server: GeminiServer, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Have a program ask Gemini through Vertex AI, with nothing of this machine's settings."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        "PARLEY_ENV_FILE": "",
        "DATABASE_URL": f"sqlite:///{folder / 'parley.db'}",
        "LOCAL_SERVERS": "off",
        "THREAD_TITLES": "words",
        "GOOGLE_GENAI_USE_VERTEXAI": "true",
        "GOOGLE_CLOUD_PROJECT": "a-project",
        "GOOGLE_CLOUD_LOCATION": "global",
        "GOOGLE_VERTEX_BASE_URL": server.base_url,
        **settings,
    }
    return subprocess.run(  # noqa: S603 - its arguments are ours
        [sys.executable, "-c", PROGRAM],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
