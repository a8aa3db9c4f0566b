"""Gemini through Vertex AI: another address, and credentials in the place of a key."""

from collections.abc import AsyncIterator

import pytest
from google.auth.credentials import AnonymousCredentials
from google.oauth2.credentials import Credentials

from conversation.errors import KeyRejected
from conversation.ports import AssistantProxy
from proxies import gemini
from tests.wire.wires import PRICE, QUICK, Wire, hear, hear_until_failure, round_of, text_of


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
