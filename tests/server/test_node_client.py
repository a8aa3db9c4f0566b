"""OpenAI's client for Node, its fourth generation and the newest."""

import json
from typing import Any

import pytest

from tests.server.clients.environments import LOCKS, NODE_CLIENTS, NodeEnvironment
from tests.services import require

SCRIPT = LOCKS / "node_client.mjs"
USES = (
    "a_run_is_polled_to_its_answer",
    "a_thread_begins_with_its_run",
    "a_run_is_streamed_to_listeners",
    "a_run_is_read_event_by_event",
    "functions_of_a_polled_run_are_called",
    "functions_are_called_from_within_a_stream",
    "lists_are_read_to_their_end",
    "errors_come_by_class_and_text",
    "a_waiting_run_locks_its_thread_until_it_is_cancelled",
    "a_stream_that_is_left_stops_no_run",
    "a_failed_run_says_why",
)


@pytest.fixture(scope="module", params=NODE_CLIENTS, ids=lambda client: client.name)
def told(request: pytest.FixtureRequest, address: str) -> dict[str, str | None]:
    """Return what became of each use of a client."""
    client: NodeEnvironment = request.param
    require(client.ready, f"needs {client.name}: run `make clients`")
    told = client.told_by(SCRIPT, address)
    assert tuple(told) == USES
    return told


@pytest.mark.parametrize("use", USES)
def test_the_client_for_node_is_served(told: dict[str, Any], use: str) -> None:
    assert told[use] is None, told[use]


@pytest.mark.parametrize("client", NODE_CLIENTS, ids=lambda client: client.name)
def test_the_lock_names_no_registry(client: NodeEnvironment) -> None:
    lock = json.loads((client.locks / "package-lock.json").read_text())

    packages = {name: made for name, made in lock["packages"].items() if name}
    assert all("resolved" not in made for made in packages.values())
    assert all(made["integrity"].startswith("sha512-") for made in packages.values())
