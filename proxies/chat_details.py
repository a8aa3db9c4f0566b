"""Thoughts in parts, as OpenRouter sends them: it wants them back with their signatures."""

from dataclasses import dataclass, field
from typing import Any, Final

Raw = dict[str, Any]

FIELD: Final = "reasoning_details"

_TOGETHER: Final = ("type", "index")
_IN_PIECES: Final = ("text", "summary")


@dataclass(slots=True)
class Details:
    """Takes the parts as they come, in pieces or whole, and puts the pieces together."""

    parts: list[Raw] = field(default_factory=list)

    def take(self, said: object) -> bool:
        """Take what a delta or a message has of them; False when that is nothing."""
        pieces = [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []
        for piece in pieces:
            self._add(piece)
        return bool(pieces)

    def _add(self, piece: Raw) -> None:
        last = self.parts[-1] if self.parts else {}
        goes_on = bool(last) and all(last.get(name) == piece.get(name) for name in _TOGETHER)
        if not goes_on or not any(name in piece for name in (*_IN_PIECES, "signature")):
            self.parts.append(dict(piece))
            return
        given = {name: value for name, value in piece.items() if value is not None}
        longer = {n: f"{last.get(n) or ''}{given[n]}" for n in _IN_PIECES if n in given}
        last |= given | longer
