"""The first generation of OpenAI's Python client: programs that were written for it go on."""

from typing import Any

import pytest

from tests.server.clients.environments import LOCKS, PYTHON_CLIENTS, PythonEnvironment
from tests.server.clients.first_client import USES
from tests.services import require

SCRIPT = LOCKS / "first_client.py"


@pytest.fixture(scope="module", params=PYTHON_CLIENTS, ids=lambda client: client.name)
def told(request: pytest.FixtureRequest, address: str) -> dict[str, str | None]:
    """Return what became of each use of a client."""
    client: PythonEnvironment = request.param
    require(client.ready, f"needs {client.name}: run `make clients`")
    return client.told_by(SCRIPT, address)


@pytest.mark.parametrize("use", [use.__name__ for use in USES])
def test_the_first_generation_is_served(told: dict[str, Any], use: str) -> None:
    assert told[use] is None, told[use]
