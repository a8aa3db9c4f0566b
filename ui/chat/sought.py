"""What a search has led to."""

import itertools
from dataclasses import dataclass, field
from typing import Final

_numbers: Final = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Sought:
    """An exchange and the words that were found in it; what is chosen again is another."""

    run_id: str
    words: tuple[str, ...]
    number: int = field(default_factory=lambda: next(_numbers))
