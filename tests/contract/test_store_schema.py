"""The schema: made, checked and upgraded, and the same in models and migrations."""

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, inspect, text

from conversation.errors import StoreUnavailable
from storage import schema
from storage.engine import located, writing_engine
from storage.schema import HEAD, MIGRATIONS, Upgrade, revision, upgrade
from storage.search_table import by_migration_alone
from storage.store import open_store
from storage.tables import Base


@pytest.fixture
def engine(bare_url: str) -> Iterator[Engine]:
    """A plain connection to the database."""
    made = create_engine(bare_url)
    yield made
    made.dispose()


def test_upgrade_makes_the_schema_once(bare_url: str) -> None:
    assert revision(bare_url) is None
    assert upgrade(bare_url) == Upgrade(None, HEAD)
    assert upgrade(bare_url) == Upgrade(HEAD, HEAD)
    assert revision(bare_url) == HEAD
    open_store(bare_url).close()


def test_upgrade_says_what_it_did() -> None:
    assert str(Upgrade(None, "0002")) == "The database was created with schema 0002."
    assert "already" in str(Upgrade("0002", "0002"))
    assert "from schema 0001 to 0002" in str(Upgrade("0001", "0002"))


def test_two_upgrades_at_once_make_one_schema(bare_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: upgrade(bare_url), range(4)))

    assert sorted(done, key=lambda one: one.before or "")[0] == Upgrade(None, HEAD)
    assert done.count(Upgrade(HEAD, HEAD)) == 3


def test_many_first_starts_at_once_all_open_the_file(tmp_path: Path) -> None:
    together = Barrier(8)

    def begin(file: Path) -> None:
        engine = writing_engine(located(f"sqlite:///{file}", tmp_path))
        together.wait()
        try:
            with engine.begin() as connection:
                connection.execute(text("SELECT 1"))
        finally:
            engine.dispose()

    with ThreadPoolExecutor(8) as pool:
        for number in range(60):
            list(pool.map(begin, [tmp_path / f"{number}.db"] * 8))


@pytest.mark.parametrize(("patience", "served"), [(0.1, 1), (60, 2)])
def test_an_upgrade_waits_for_one_that_takes_long(
    bare_url: str, monkeypatch: pytest.MonkeyPatch, patience: float, served: int
) -> None:
    begun = Event()
    migrate = schema._migrate

    def take_long(connection: Connection) -> None:
        begun.set()
        time.sleep(1.0)
        migrate(connection)

    monkeypatch.setattr(schema, "_migrate", take_long)
    monkeypatch.setattr(schema, "PATIENCE", patience)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(upgrade, bare_url)
        assert begun.wait(10)
        second = pool.submit(upgrade, bare_url)

    assert first.result() == Upgrade(None, HEAD)
    failure = second.exception()
    assert isinstance(failure, StoreUnavailable) if served == 1 else failure is None


def test_models_and_migrations_agree(bare_url: str, engine: Engine) -> None:
    upgrade(bare_url)

    with engine.connect() as connection:
        opts = {"compare_type": True, "include_name": _in_models}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, Base.metadata) == []


def test_what_points_to_a_row_is_found_by_an_index(bare_url: str, engine: Engine) -> None:
    upgrade(bare_url)

    tables = inspect(engine)
    indexed: set[tuple[str, str | None]] = set()
    looked_up: set[tuple[str, str | None]] = set()
    for table in Base.metadata.tables:
        starts = [tables.get_pk_constraint(table)["constrained_columns"][0]]
        starts.extend(one["column_names"][0] for one in tables.get_unique_constraints(table))
        indexed.update((table, start) for start in starts)
        indexed.update((table, one["column_names"][0]) for one in tables.get_indexes(table))
        looked_up.update(
            (table, key["constrained_columns"][0]) for key in tables.get_foreign_keys(table)
        )

    assert looked_up - indexed == set()


def test_head_is_the_newest_migration() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == HEAD


@pytest.mark.parametrize("found", ["9999", "abc123"])
def test_newer_schema_is_refused(bare_url: str, engine: Engine, found: str) -> None:
    _stamp(bare_url, engine, found)

    for use in (open_store, upgrade):
        with pytest.raises(StoreUnavailable) as refused:
            use(bare_url)
        assert found in refused.value.message
        assert refused.value.hint == "Update Parley."


def test_older_schema_is_refused_until_upgraded(bare_url: str, engine: Engine) -> None:
    _stamp(bare_url, engine, "0000")

    with pytest.raises(StoreUnavailable) as refused:
        open_store(bare_url)

    assert "0000" in refused.value.message
    assert "python -m setup.db_setup" in refused.value.hint


def test_missing_schema_is_refused(bare_url: str) -> None:
    with pytest.raises(StoreUnavailable) as refused:
        open_store(bare_url)

    assert "python -m setup.db_setup" in refused.value.hint


def test_relative_file_is_found_from_the_root(tmp_path: Path) -> None:
    url = "sqlite:///data/deep/parley.db"

    upgrade(url, root=tmp_path)

    assert (tmp_path / "data/deep/parley.db").is_file()
    open_store(url, root=tmp_path).close()


def test_looking_makes_no_file(tmp_path: Path) -> None:
    assert revision("sqlite:///parley.db", root=tmp_path) is None
    with pytest.raises(StoreUnavailable):
        open_store("sqlite:///parley.db", root=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_opening_a_store_leaves_alembic_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/parley.db"
    upgrade(url)
    program = (
        "import sys; from storage.store import open_store; "
        f"open_store({url!r}).close(); sys.exit('alembic' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0  # noqa: S603


def _in_models(name: str | None, *_: object) -> bool:
    return not by_migration_alone(name)


def _stamp(url: str, engine: Engine, found: str) -> None:
    upgrade(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :it"), {"it": found})
