"""How much a provider still lets through, as it said itself with its last answer."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """`left` of `limit` requests or tokens, and all of them again at `full_at`.

    What is None the provider has not said.
    """

    left: int
    limit: int | None = None
    full_at: datetime | None = None

    @property
    def share(self) -> float:
        """How much of it is left, from 0 to 1; 1 where nobody knows of how many."""
        return min(1.0, self.left / self.limit) if self.limit else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Headroom:
    """What a provider said `at` a time of its limits for a model.

    `again_at` is the earliest time at which it wants to be asked again.
    """

    at: datetime
    requests: Allowance | None = None
    tokens: Allowance | None = None
    again_at: datetime | None = None
