"""Times as the API counts them."""

from datetime import UTC, datetime
from typing import overload


@overload
def unix(at: datetime) -> int: ...
@overload
def unix(at: None) -> None: ...


def unix(at: datetime | None) -> int | None:
    """Return a time in whole seconds since 1970: clients take no fractions."""
    return None if at is None else int(at.timestamp())


def now() -> datetime:
    """Return the time, aware."""
    return datetime.now(UTC)
