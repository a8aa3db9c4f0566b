from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import certifi
import pytest

from proxies import assistants_api, gemini, openai_chat, openai_responses
from tests.wire import chat_server, gemini_server, openai_server
from tests.wire.assistants import RemoteWire
from tests.wire.assistants_server import AssistantsServer
from tests.wire.chat_server import ChatServer
from tests.wire.gemini_server import GeminiServer
from tests.wire.openai_server import OpenAIServer
from tests.wire.wires import SECRET, Wire


@pytest.fixture(scope="module", autouse=True)
def one_certificate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Trust one authority only: reading them all takes longer than most of these tests."""
    first, end, _ = Path(certifi.where()).read_text().partition("-----END CERTIFICATE-----\n")
    file = tmp_path_factory.mktemp("certificates") / "one.pem"
    file.write_text(first + end)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(file))
        yield


@pytest.fixture(scope="session")
def openai_thread() -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        yield server


@pytest.fixture(scope="session")
def gemini_thread() -> Iterator[GeminiServer]:
    with GeminiServer() as server:
        yield server


@pytest.fixture(scope="session")
def chat_thread() -> Iterator[ChatServer]:
    with ChatServer() as server:
        yield server


@pytest.fixture(scope="session")
def assistants_thread() -> Iterator[AssistantsServer]:
    with AssistantsServer() as server:
        yield server


@pytest.fixture
async def openai(openai_thread: OpenAIServer) -> AsyncIterator[Wire]:
    openai_thread.forget()
    fail = openai_server.failure
    wire = Wire(
        title="OpenAI",
        server=openai_thread,
        connect=openai_responses.connect,
        model="gpt-test",
        fail=fail,
        faults={
            "key": fail(401, "invalid_api_key", f"Incorrect API key provided: {SECRET}."),
            "forbidden": fail(403, "forbidden", "No access."),
            "model": fail(404, "model_not_found", "The model 'gpt-test' does not exist."),
            "request": fail(400, "invalid_request_error", f"Bad Bearer {SECRET} in 'input'."),
            "address": fail(404, "not_found", "Nothing here."),
            "quota": fail(429, "insufficient_quota", "You exceeded your current quota."),
            "rate": fail(429, "rate_limit_exceeded", "Slow down."),
            "soon": fail(429, "rate_limit_exceeded", "Slow down.", retry_after="0.01"),
            "late": fail(429, "rate_limit_exceeded", "Slow down.", retry_after="121"),
            "fault": fail(500, "server_error", "The server had an error."),
        },
    )
    yield wire
    for proxy in wire.opened:
        await proxy.aclose()


@pytest.fixture
async def gemini_(gemini_thread: GeminiServer) -> AsyncIterator[Wire]:
    gemini_thread.forget()
    fail = gemini_server.failure
    wire = Wire(
        title="Gemini",
        server=gemini_thread,
        connect=gemini.connect,
        model="gemini-test",
        fail=fail,
        faults={
            "key": fail(
                400, "INVALID_ARGUMENT", f"API key {SECRET} not valid.", reason="API_KEY_INVALID"
            ),
            "forbidden": fail(403, "PERMISSION_DENIED", "No access."),
            "model": fail(404, "NOT_FOUND", "models/gemini-test is not found."),
            "request": fail(400, "INVALID_ARGUMENT", f"Bad Bearer {SECRET} in contents."),
            "address": fail(404, "NOT_FOUND", "Nothing here."),
            "quota": fail(429, "RESOURCE_EXHAUSTED", quota="GenerateRequestsPerDayPerProject"),
            "rate": fail(429, "RESOURCE_EXHAUSTED", "Slow down."),
            "soon": fail(429, "RESOURCE_EXHAUSTED", "Slow down.", retry_delay="0.01s"),
            "late": fail(429, "RESOURCE_EXHAUSTED", "Slow down.", retry_delay="121s"),
            "fault": fail(503, "UNAVAILABLE", "The model is overloaded."),
        },
    )
    yield wire
    for proxy in wire.opened:
        await proxy.aclose()


@pytest.fixture
async def compatible(chat_thread: ChatServer) -> AsyncIterator[Wire]:
    chat_thread.forget()
    fail = chat_server.failure
    wire = Wire(
        title="Llama",
        server=chat_thread,
        connect=partial(openai_chat.connect, label="Llama"),
        model="llama-test",
        fail=fail,
        faults={
            "key": fail(401, "invalid_api_key", f"Incorrect API key provided: {SECRET}."),
            "forbidden": fail(403, "forbidden", "No access."),
            "model": fail(404, "not_found", "model 'llama-test' not found"),
            "request": fail(400, "invalid_request_error", f"Bad Bearer {SECRET} in 'messages'."),
            "address": fail(404, "not_found", "Nothing here."),
            "quota": fail(402, "insufficient_quota", "You exceeded your current quota."),
            "rate": fail(429, "rate_limit_exceeded", "Slow down."),
            "soon": fail(429, "rate_limit_exceeded", "Slow down.", retry_after="0.01"),
            "late": fail(429, "rate_limit_exceeded", "Slow down.", retry_after="121"),
            "fault": fail(500, "server_error", "The server had an error."),
        },
    )
    yield wire
    for proxy in wire.opened:
        await proxy.aclose()


@pytest.fixture
async def remote(assistants_thread: AssistantsServer) -> AsyncIterator[RemoteWire]:
    assistants_thread.forget()
    wire = RemoteWire(assistants_thread, assistants_api.connect)
    yield wire
    await wire.close()


@pytest.fixture(params=["openai", "gemini_", "compatible"])
def wire(request: pytest.FixtureRequest) -> Wire:
    chosen: Wire = request.getfixturevalue(request.param)
    return chosen
