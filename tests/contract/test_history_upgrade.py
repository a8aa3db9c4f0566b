"""A database of the first schema, upgraded: the history shows what it would have shown anyway."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import (
    ColumnElement,
    Connection,
    column,
    create_engine,
    func,
    insert,
    inspect,
    select,
    text,
)

from conversation.history import EVERYTHING, Filter, Window
from conversation.script import State
from storage.engine import located, writing_engine
from storage.schema import HEAD, MIGRATIONS, Upgrade, upgrade
from storage.store import open_store
from storage.tables import Base
from tests.contract.logs import Log, kept_log
from tests.contract.stores import WAIT, answer, move

ALL = Window(size=100)


def upgrade_to(connection: Connection, revision: str) -> None:
    """Make an older schema."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS))
    command.upgrade(config, revision)


def copy_rows(source: Connection, target: Connection) -> None:
    """Copy all rows, as far as the older schema has places for them."""
    known = inspect(target)
    for table in Base.metadata.sorted_tables:
        if not known.has_table(table.name):
            continue
        names = {one["name"] for one in known.get_columns(table.name)}
        columns = [one for one in table.columns if one.name in names]
        rows = [row._asdict() for row in source.execute(select(*columns))]
        if rows:
            target.execute(insert(table), rows)
        if target.dialect.name == "postgresql" and "number" in names:
            count_on(target, table.name)


def count_on(target: Connection, table: str) -> None:
    """Let PostgreSQL number new rows after those that were copied with their numbers."""
    sequence = func.pg_get_serial_sequence(table, "number")
    highest: ColumnElement[int] = func.coalesce(func.max(column("number")), 1)
    target.execute(select(func.setval(sequence, highest)).select_from(text(table)))


def half_an_answer(log: Log) -> None:
    """Add what streams when the database is upgraded."""
    run = log.runs["open"]
    log.store.write(move(run, State.READY, State.STARTED)).result(WAIT)
    log.clock.forward(1.5)
    message = answer(run, log.clock)
    log.store.write(move(run, State.STARTED, State.RUNNING, messages=(message,))).result(WAIT)


@pytest.fixture
def log(tmp_path: Path, bare_url: str) -> Iterator[Log]:
    """A log of the newest schema, copied to a database of the first one."""
    with kept_log("sqlite", tmp_path) as kept:
        half_an_answer(kept)
        source = create_engine(f"sqlite:///{tmp_path}/log.db")
        target = writing_engine(located(bare_url, tmp_path))
        with source.connect() as old, target.begin() as new:
            upgrade_to(new, "0001")
            copy_rows(old, new)
        source.dispose()
        target.dispose()
        yield kept


def test_upgrade_works_out_what_runs_add_up_to(log: Log, bare_url: str) -> None:
    assert upgrade(bare_url) == Upgrade("0001", HEAD)

    upgraded = open_store(bare_url)
    history = upgraded.history()
    assert list(history.each_run(EVERYTHING)) == list(log.history.each_run(EVERYTHING))
    threads = list(history.each_thread(EVERYTHING))
    upgraded.close()
    for ours, theirs in zip(threads, log.history.each_thread(EVERYTHING), strict=True):
        assert ours.cost == pytest.approx(theirs.cost)
        assert replace(ours, cost=None) == replace(theirs, cost=None)


@pytest.mark.parametrize("words", ["hello", "acme", '"net asset value"', "cred*", "42", "hi"])
def test_upgrade_indexes_what_was_said(log: Log, bare_url: str, words: str) -> None:
    upgrade(bare_url)

    upgraded = open_store(bare_url)
    found = upgraded.history().hits(Filter(text=words), ALL)
    upgraded.close()
    expected = log.history.hits(Filter(text=words), ALL)
    assert found.total == expected.total > 0
    assert set(found.rows) == set(expected.rows)


def test_upgraded_database_goes_on(log: Log, bare_url: str) -> None:
    upgrade(bare_url)
    upgraded = open_store(bare_url, now=log.clock)
    run = log.runs["open"]

    upgraded.write(move(run, State.RUNNING, State.CANCELLED)).result(WAIT)

    (line,) = upgraded.history().each_run(Filter(run_ids=frozenset({run.id})))
    upgraded.close()
    assert (line.first_token, line.duration) == (1.5, 1.5)
