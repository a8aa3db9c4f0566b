"""The schema's revision, and bringing a database to the newest one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Connection, Engine, inspect, text

from conversation.errors import StoreUnavailable
from storage.engine import BUSY_TIMEOUT, located, reading_engine, sqlite_file, writing_engine
from storage.faults import store_errors

HEAD: Final = "0004"
MIGRATIONS: Final = Path(__file__).parent / "migrations"
PATIENCE: Final = 600.0
"""For how many seconds an upgrade waits for another that is under way: long logs take minutes."""

_UPGRADE: Final = "Run `python -m setup.db_setup`."
_LOCK: Final = 7_270_539
"""The key of the advisory lock under which PostgreSQL is upgraded; any fixed number would do."""


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What an upgrade did: from `before` (None: there was nothing) to `after`."""

    before: str | None
    after: str

    def __str__(self) -> str:
        """Return it as a sentence."""
        if self.before is None:
            return f"The database was created with schema {self.after}."
        if self.before == self.after:
            return f"The database already has the newest schema, {self.after}."
        return f"The database was upgraded from schema {self.before} to {self.after}."


def upgrade(url: str, *, root: Path = Path()) -> Upgrade:
    """Create the database or bring it to the newest schema; safe when two do so at once."""
    where = located(url, root)
    with store_errors(), _locked(where) as connection:
        before = _revision(connection)
        _refuse_unknown(before)
        if before != HEAD:
            _migrate(connection)
    return Upgrade(before, HEAD)


def revision(url: str, *, root: Path = Path()) -> str | None:
    """Return the schema's revision; None when there is no schema, or no database file."""
    where = located(url, root)
    file = sqlite_file(where)
    if file and not file.exists():
        return None
    opened = _opened(reading_engine(where))
    with store_errors(), opened as engine, engine.connect() as connection:
        return _revision(connection)


def check(engine: Engine) -> None:
    """Raise `StoreUnavailable`, saying what to do, unless the schema is the one we know."""
    file = sqlite_file(engine.url)
    if file and not file.exists():
        raise StoreUnavailable("There is no database yet.", hint=_UPGRADE)
    with store_errors(), engine.connect() as connection:
        found = _revision(connection)
    _refuse_unknown(found)
    if found is None:
        raise StoreUnavailable("The database is empty.", hint=_UPGRADE)
    if found != HEAD:
        raise StoreUnavailable(
            f"The database has the older schema {found}; this Parley needs {HEAD}.", hint=_UPGRADE
        )


def _refuse_unknown(found: str | None) -> None:
    if found is not None and (not found.isdigit() or int(found) > int(HEAD)):
        raise StoreUnavailable(
            f"The database has schema {found}, newer than {HEAD}, the newest this Parley knows.",
            hint="Update Parley.",
        )


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


@contextmanager
def _opened(engine: Engine) -> Iterator[Engine]:
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def _locked(url: URL) -> Iterator[Connection]:
    if file := sqlite_file(url):
        _make_folder(file.parent)
    engine = writing_engine(url, busy_timeout=PATIENCE if file else BUSY_TIMEOUT)
    with _opened(engine), engine.begin() as connection:
        if not file:
            _wait_on_server(connection)
        yield connection


def _wait_on_server(connection: Connection) -> None:
    """Take the lock, patiently; then nothing waits long, lest others wait behind it."""
    timeout = text("SELECT set_config('lock_timeout', :milliseconds, true)")
    connection.execute(timeout, {"milliseconds": str(round(PATIENCE * 1000))})
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    connection.execute(timeout, {"milliseconds": str(round(BUSY_TIMEOUT * 1000))})


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailable("The database's folder can't be made.") from error


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS))
    command.upgrade(config, "head")
