"""Lists by metadata: what was kept is found by what was sent, whatever the database can't take."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.contract.stores import DATABASES
from tests.server.serving import Api, api
from tests.services import postgres_schema


@pytest.fixture(params=DATABASES)
def door(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Api]:
    """The API over each database."""
    with ExitStack() as stack:
        sqlite = request.param == "sqlite"
        url = (
            f"sqlite:///{tmp_path}/parley.db" if sqlite else stack.enter_context(postgres_schema())
        )
        yield stack.enter_context(api(url))


@pytest.mark.parametrize(("name", "value"), [("a\0b", "c\0"), ("it's", '"quoted"'), ("$.a", "%")])
def test_pair_is_found_as_it_was_sent(door: Api, name: str, value: str) -> None:
    made = door.http.post("/v1/threads", json={"metadata": {name: value}}).json()
    door.http.post("/v1/threads", json={"metadata": {"other": value}})

    found = door.http.get("/v1/threads", params={f"metadata[{name}]": value})

    assert found.status_code == 200
    assert [one["id"] for one in found.json()["data"]] == [made["id"]]
