"""Drivers' errors as ours: one sentence per cause, without SQL, paths or passwords."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import (
    DatabaseError,
    DataError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolExhausted

from conversation.errors import StoreUnavailable

_OUTAGES: Final = (DatabaseError, InterfaceError, PoolExhausted)
_MISTAKES: Final = (DataError, IntegrityError, ProgrammingError)

_COLLISION: Final = "40"
_UNKNOWN: Final = "The database does not answer as it should."
_OTHER_FILE: Final = "Put a copy that is whole in its place, or name another in DATABASE_URL."
_SQLITE: Final = {
    "SQLITE_BUSY": "The database is locked by another program.",
    "SQLITE_LOCKED": "The database is locked by another program.",
    "SQLITE_READONLY": "The database can only be read: its file or folder is write-protected.",
    "SQLITE_FULL": "The disk is full.",
    "SQLITE_IOERR": "The disk has a fault: the database can't be read or written.",
    "SQLITE_CORRUPT": "The database file is damaged.",
    "SQLITE_NOTADB": "The database file is not a database.",
    "SQLITE_CANTOPEN": "The database file can't be opened.",
}
_HINTS: Final = {
    _SQLITE["SQLITE_BUSY"]: "Close the other program or wait for it, then try again.",
    _SQLITE["SQLITE_FULL"]: "Make room on the disk, then try again.",
    _SQLITE["SQLITE_CORRUPT"]: _OTHER_FILE,
    _SQLITE["SQLITE_NOTADB"]: _OTHER_FILE,
}
_POSTGRES: Final = {
    "08": "The connection to the database is lost.",
    "25P03": "The connection to the database is lost.",
    "25": "The database can only be read.",
    "28": "The database does not accept the user or the password.",
    "3D": "The database server has no database of this name.",
    _COLLISION: "Another program was in the way; the database gave up.",
    "53": "The database server has run out of disk, memory or connections.",
    "55": "The database is locked by another program.",
    "57": "The database server is stopping or starting, or cut the request short.",
}


@contextmanager
def store_errors() -> Iterator[None]:
    """Turn what a driver raises about the database's health into `StoreUnavailable`."""
    try:
        yield
    except _OUTAGES as error:
        if not is_outage(error):
            raise
        raise unavailable(error) from error


def is_outage(error: Exception) -> bool:
    """Tell whether the database or its connection failed, and not what was asked of it."""
    return isinstance(error, _OUTAGES) and not isinstance(error, _MISTAKES)


def is_collision(error: Exception) -> bool:
    """Tell whether the server undid a transaction because it and another blocked each other."""
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    return state is not None and state.startswith(_COLLISION)


def unavailable(error: Exception, *, in_doubt: bool = False) -> StoreUnavailable:
    """Return our error for a driver's, which it keeps as its cause."""
    said = sentence(error)
    ours = StoreUnavailable(said, hint=_HINTS.get(said, ""))
    ours.in_doubt = in_doubt
    ours.__cause__ = error
    return ours


def sentence(error: Exception) -> str:
    """Return what has gone wrong, for people."""
    if isinstance(error, PoolExhausted):
        return "All connections to the database are in use."
    cause = error.orig if isinstance(error, DBAPIError) else error
    if name := getattr(cause, "sqlite_errorname", None):
        return _SQLITE.get("_".join(name.split("_")[:2]), _UNKNOWN)
    if state := getattr(cause, "sqlstate", None):
        return _POSTGRES.get(state) or _POSTGRES.get(state[:2], _UNKNOWN)
    return _UNKNOWN if isinstance(cause, sqlite3.Error) else "The database server can't be reached."
