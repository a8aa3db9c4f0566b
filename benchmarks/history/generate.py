"""Fill a database with a made-up log: `python -m benchmarks.history.generate EVENTS URL`.

The database is made or upgraded first. The same number of events gives the same log.
"""

import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg
from sqlalchemy import make_url

from benchmarks.history.exchanges import DAYS, LAST, Exchanges, Row, Rows
from storage.schema import upgrade
from storage.words import to_tsvector

TABLES: Final = (
    "threads", "branches", "runs", "messages", "steps", "tool_calls", "events", "search",
)  # fmt: skip
THREADS_AT_ONCE: Final = 500
EVENTS_A_THREAD: Final = 100

Enter = Callable[[str, list[Row]], None]


def main(wanted: int, url: str) -> None:
    """Generate a log of about `wanted` events."""
    upgrade(url)
    started = time.perf_counter()
    where = make_url(url)
    if where.get_backend_name() == "sqlite":
        made = into_sqlite(wanted, str(where.database))
    else:
        made = into_postgres(wanted, where.set(drivername="postgresql"))
    print(f"{made:,} events in {time.perf_counter() - started:,.0f} s")


def into_sqlite(wanted: int, file: str) -> int:
    """Fill a file, unsafely and quickly."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA cache_size=-200000")

        def enter(table: str, rows: list[Row]) -> None:
            names = list(rows[0])
            places = ", ".join("?" * len(names))
            statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})"  # noqa: S608
            connection.executemany(
                statement, ([plain(row[name]) for name in names] for row in rows)
            )

        made = fill(wanted, enter)
        connection.execute("INSERT INTO search_index(search_index) VALUES ('optimize')")
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return made


def into_postgres(wanted: int, url: Any) -> int:
    """Fill a server's database by COPY."""
    with psycopg.connect(url.render_as_string(hide_password=False)) as connection:

        def enter(table: str, rows: list[Row]) -> None:
            names = list(rows[0])
            with connection.cursor().copy(
                f"COPY {table} ({', '.join(names)}) FROM STDIN".encode()
            ) as copy:
                for row in rows:
                    copy.write_row([served(name, row[name]) for name in names])

        made = fill(wanted, enter)
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return made


def fill(wanted: int, enter: Enter) -> int:
    """Make threads in the order of their creation until there are enough events."""
    maker, made, count = Exchanges(seed=wanted), 0, wanted / EVENTS_A_THREAD
    step = timedelta(days=DAYS) / count
    at = LAST - timedelta(days=DAYS)
    while made < wanted:
        rows = Rows()
        while len(rows.threads) < THREADS_AT_ONCE and made + len(rows.events) < wanted:
            at += step * maker.chance.expovariate(1)
            maker.thread(rows, at)
        rows.runs.sort(key=lambda run: run["created_at"])
        rows.search.sort(key=lambda entry: entry["at"])
        for table in TABLES:
            enter(table, getattr(rows, table))
        made += len(rows.events)
    return made


def plain(value: Any) -> Any:
    """Return a value as SQLite keeps it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    return value


def served(name: str, value: Any) -> Any:
    """Return a value as PostgreSQL takes it."""
    return to_tsvector(value) if name == "words" else value


if __name__ == "__main__":
    main(int(sys.argv[1].replace("_", "")), sys.argv[2])
