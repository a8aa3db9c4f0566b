"""The tables of the queue: made once, migrated as procrastinate says, and never somebody else's."""

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from procrastinate.schema import SchemaManager

from conversation.errors import StoreUnavailable
from runs.queue_schema import newest, prepare
from setup.run_queues import prepare as prepare_wanted
from setup.settings import Settings
from storage.engine import server_arguments
from tests.contract.workers import server
from tests.services import postgres_schema

OLD = "03.02.00_50"


@pytest.fixture
def url() -> Iterator[str]:
    """An empty database."""
    with postgres_schema() as named:
        yield named


def connect(url: str) -> dict[str, Any]:
    return server_arguments(url, Path())


def made(url: str) -> set[str]:
    """Return what there is of procrastinate's."""
    query = (
        "SELECT proname FROM pg_proc WHERE proname LIKE 'procrastinate%'"
        " UNION SELECT relname FROM pg_class WHERE relname LIKE '%procrastinate%'"
    )
    with server(url) as connection:
        return {str(name) for (name,) in connection.execute(query)}


def noted(url: str) -> str | None:
    query = "SELECT obj_description(to_regclass('procrastinate_jobs'), 'pg_class')"
    with server(url) as connection:
        row = connection.execute(query).fetchone()
    return row[0] if row else None


def run_script(connection: psycopg.Connection, script: str) -> None:
    connection.execute(script.encode())


def test_processes_that_start_at_once_make_the_tables_once(url: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        for made_by in [threads.submit(prepare, connect(url)) for _ in range(4)]:
            made_by.result()

    assert noted(url) == newest()


def test_tables_of_an_older_procrastinate_are_migrated(url: str) -> None:
    migrations = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    old = [one for one in migrations if one.stem[: len(OLD)] <= OLD]
    with server(url) as connection:
        for migration in old:
            run_script(connection, migration.read_text())
        run_script(connection, f"COMMENT ON TABLE procrastinate_jobs IS '{old[-1].stem}'")
    before = made(url)

    prepare(connect(url))

    assert noted(url) == newest() != old[-1].stem
    assert made(url) > before
    with postgres_schema() as other:
        prepare(connect(other))
        assert made(other) <= made(url)


def test_tables_of_another_program_are_left_to_it(url: str) -> None:
    with server(url) as connection:
        run_script(connection, SchemaManager.get_schema())

    prepare(connect(url))

    assert noted(url) is None


def test_owner_is_asked_for_where_tables_may_not_be_made(url: str) -> None:
    role = f"parley_{secrets.token_hex(6)}"
    with server(url) as connection:
        run_script(connection, f"REVOKE CREATE ON SCHEMA public FROM PUBLIC; CREATE ROLE {role}")
    try:
        with pytest.raises(StoreUnavailable, match="can't be made") as refused:
            prepare(connect(url) | {"options": f"-c role={role}"})

        assert "RUN_QUEUE=embedded" in refused.value.hint
    finally:
        with server(url) as connection:
            run_script(connection, f"DROP ROLE {role}")


def test_no_tables_are_made_without_a_distributed_queue(url: str) -> None:
    prepare_wanted(Settings.model_validate({"database_url": url, "run_queue": "embedded"}))

    assert not made(url)
