"""Keeping a model's thoughts out of its answer, where a server leaves them in the text."""

from dataclasses import dataclass
from typing import Final

_BEGIN: Final = "<think>"
_END: Final = "</think>"


@dataclass(slots=True)
class Thoughts:
    """Takes a text in pieces and gives back what is not between `<think>` tags at its beginning."""

    thinking: bool = False
    _held: str = ""
    _ended: bool = False
    _over: bool = False

    def spoken(self, piece: str) -> str:
        """Return what can be said now."""
        if self._over:
            return piece
        self._held += piece
        if self._ended:
            return self._answer()
        if self.thinking:
            return self._after_thoughts()
        start = self._held.lstrip()
        if start.startswith(_BEGIN):
            self.thinking, self._held = True, start.removeprefix(_BEGIN)
            return self._after_thoughts()
        if _BEGIN.startswith(start):  # too short to tell
            return ""
        return self._all()

    def rest(self) -> str:
        """Return what was held back when the text ends: a beginning that was no tag."""
        return "" if self._over or self.thinking else self._all()

    def _after_thoughts(self) -> str:
        _, ended, after = self._held.partition(_END)
        if not ended:
            self._held = self._held[-len(_END) :]
            return ""
        self.thinking, self._ended, self._held = False, True, after
        return self._answer()

    def _answer(self) -> str:
        """Return the answer from its first word on."""
        self._held = self._held.lstrip()
        return self._all() if self._held else ""

    def _all(self) -> str:
        self._over, said, self._held = True, self._held, ""
        return said
