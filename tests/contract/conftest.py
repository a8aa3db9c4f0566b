"""Every store, one after the other."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

from conversation.ports import Store
from storage.memory import MemoryStore
from storage.schema import upgrade
from storage.store import SqlStore
from tests.contract.scripts import MEDIATORS, price
from tests.contract.stores import DATABASES, KINDS, Clock, empty, sql_store
from tests.services import postgres_schema
from tests.stage import Stage
from tools.registry import Tools


@pytest.fixture
def clock() -> Clock:
    """A clock that the test moves."""
    return Clock()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL database with our schema, for all tests that don't mind its making."""
    with postgres_schema() as url:
        upgrade(url)
        yield url


@pytest.fixture(scope="session")
def postgres_engine(postgres: str) -> Iterator[Engine]:
    """A plain way to it."""
    engine = create_engine(postgres, pool_pre_ping=True)
    yield engine
    engine.dispose()


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of each kind, with our schema and no rows."""
    yield from _database(request.param, request, tmp_path)


@pytest.fixture(params=DATABASES)
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of each kind, without a schema."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/parley.db"
        return
    with postgres_schema() as named:
        yield named


@pytest.fixture
def sql(url: str, clock: Clock) -> Iterator[SqlStore]:
    """An empty store on each kind of database."""
    with sql_store(url, clock) as opened:
        yield opened


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Store]:
    """An empty store of each kind."""
    if request.param == "memory":
        memory = MemoryStore(now=clock)
        yield memory
        memory.close()
        return
    for url in _database(request.param, request, tmp_path):
        with sql_store(url, clock) as opened:
            yield opened


def _database(kind: str, request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    if kind == "postgres":
        url: str = request.getfixturevalue("postgres")
        engine: Engine = request.getfixturevalue("postgres_engine")
        yield url
        empty(engine)
        return
    url = f"sqlite:///{folder}/parley.db"
    upgrade(url)
    yield url


@pytest.fixture(params=MEDIATORS)
def stage(request: pytest.FixtureRequest) -> Stage:
    """Set up a stage with each of the two mediators."""
    return Stage(request.param, Tools(price))
