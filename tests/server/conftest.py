"""The API over a real core on SQLite, real HTTP, and OpenAI's own clients."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import openai
import pytest
import pytest_asyncio

from conversation.ports import Core
from setup.core import ParleyCore
from tests.contract.cores import running
from tests.server.checked import async_openai_client, http_client, openai_client, served_core
from tools.registry import Tools
from tools.stocks import stock_tools

MODEL_MAP = {"gpt-4o": "demo"}

_HERE = Path(__file__).parent
_KNOWN = pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Expect here that OpenAI's client calls what it asks for deprecated."""
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(_KNOWN)


@pytest.fixture(scope="session")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParleyCore]:
    """A core on a database of the tests, with the demo model and Parley's own functions."""
    file = tmp_path_factory.mktemp("server") / "parley.db"
    tools = Tools(*stock_tools("sample"))
    with running(f"sqlite:///{file}", tools=tools, model_map=MODEL_MAP) as core:
        yield core


@pytest.fixture(scope="session")
def address(core: Core) -> Iterator[str]:
    """Where the API is served."""
    with served_core(core, root=True, model_map=MODEL_MAP) as address:
        yield address


@pytest.fixture(scope="session")
def client(address: str) -> Iterator[openai.OpenAI]:
    """OpenAI's client."""
    with openai_client(address) as client:
        yield client


@pytest_asyncio.fixture
async def async_client(address: str) -> AsyncIterator[openai.AsyncOpenAI]:
    """OpenAI's asynchronous client."""
    async with async_openai_client(address) as client:
        yield client


@pytest.fixture(scope="session")
def raw(address: str) -> Iterator[httpx2.Client]:
    """A plain client, for what OpenAI's can't send."""
    with http_client(f"{address}/v1") as client:
        yield client


@pytest.fixture
def thread_id(client: openai.OpenAI) -> str:
    """A new thread."""
    return client.beta.threads.create().id
