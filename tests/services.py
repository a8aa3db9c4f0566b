"""The real programs that some tests need: Chromium and PostgreSQL.

A test asks with `require`: where the program is missing it is skipped and says why, except
under `PARLEY_REQUIRE_SERVICES=1`, as in CI, where it fails, so that nothing passes unseen.
"""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import URL, make_url

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def require(condition: bool, reason: str) -> None:
    """Go on if `condition` holds; else skip the test, or fail it where services are a must."""
    __tracebackhide__ = True
    if condition:
        return
    if os.environ.get("PARLEY_REQUIRE_SERVICES") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def chromium_path() -> str | None:
    """Return the Chromium of `CHROMIUM_PATH`, or the first one on the path."""
    named = os.environ.get("CHROMIUM_PATH")
    found = (shutil.which(name) for name in ((named,) if named else BROWSERS))
    return next(filter(None, found), None)


@cache
def postgres_url() -> str | None:
    """Return `TEST_DATABASE_URL` if a server answers there."""
    url = os.environ.get("TEST_DATABASE_URL")
    if url is None:
        return None
    try:
        _connect(make_url(url)).close()
    except psycopg.OperationalError:
        return None
    return url


@contextmanager
def postgres_schema() -> Iterator[str]:
    """Make an empty database of one's own on the test server, and drop it at the end."""
    server = postgres_url()
    require(server is not None, "needs a PostgreSQL server: name one in TEST_DATABASE_URL")
    url = make_url(str(server))
    name = f"parley_test_{secrets.token_hex(6)}"
    _execute(url, "CREATE DATABASE {}", name)
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        _execute(url, "DROP DATABASE {} WITH (FORCE)", name)


def _connect(url: URL) -> psycopg.Connection:
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True, connect_timeout=5)


def _execute(url: URL, statement: str, name: str) -> None:
    with _connect(url) as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(name)))
