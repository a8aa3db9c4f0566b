"""What the short forms share: seeds, and databases of each kind."""

import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services import postgres_schema


@pytest.fixture
def seed() -> str:
    """What the choices are made of."""
    seed = os.environ.get("PARLEY_CHAOS_SEED") or secrets.token_hex(4)
    sys.stdout.write(f"PARLEY_CHAOS_SEED={seed}\n")
    return seed


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    """The address of a file that is not there yet."""
    return f"sqlite:///{tmp_path}/parley.db"


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, sqlite: str) -> Iterator[str]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield sqlite
        return
    with postgres_schema() as named:
        yield named
