"""Calls as `/chat/completions` servers send them: in pieces or whole, with and without ids.

Most number their calls by `index`; some leave that out, or put every call under 0.
"""

import json
from dataclasses import dataclass, field
from typing import Any, Final

from conversation.ids import new_id
from conversation.turns import ToolCall

Raw = dict[str, Any]

# What goes with a call and has to come back with it: Gemini's signatures, by Google and LiteLLM.
_SIGNATURES: Final = ("extra_content", "provider_specific_fields")


@dataclass(slots=True)
class Call:
    """A call while it arrives."""

    ref: str = ""
    name: str = ""
    pieces: list[str] = field(default_factory=list)
    signatures: Raw = field(default_factory=dict)

    def take(self, piece: Raw) -> None:
        """Add a piece."""
        function = piece.get("function") or {}
        self.ref = self.ref or str(piece.get("id") or "")
        self.name = self.name or str(function.get("name") or "")
        arguments = function.get("arguments")
        if arguments:
            whole = not isinstance(arguments, str)
            self.pieces.append(json.dumps(arguments) if whole else arguments)
        self.signatures |= {name: piece[name] for name in _SIGNATURES if piece.get(name)}

    def is_over(self, piece: Raw) -> bool:
        """Tell whether a piece for the same place belongs to another call.

        Some servers put every call under index 0: each whole, with an id of its own or without.
        """
        ref = piece.get("id")
        if ref and self.ref:
            return bool(ref != self.ref)
        function = piece.get("function") or {}
        whole = function.get("name") and function.get("arguments")
        return bool(whole) and _is_json("".join(self.pieces))

    def body(self) -> Raw:
        """Return what has arrived of it, as a whole answer would have it."""
        function = {"name": self.name, "arguments": "".join(self.pieces)}
        return {"id": self.ref, "type": "function", "function": function, **self.signatures}

    def call(self) -> ToolCall:
        """Return it whole."""
        ours = new_id("call")
        arguments = "".join(self.pieces).strip() or "{}"
        return ToolCall(call_id=ours, name=self.name, arguments=arguments, ref=self.ref or ours)


@dataclass(slots=True)
class Calls:
    """The calls of one answer, in the order in which they began."""

    begun: list[Call] = field(default_factory=list)
    _by_index: dict[int, Call] = field(default_factory=dict)

    def take(self, piece: Raw) -> None:
        """Add a piece of a call to the one it belongs to, or begin another."""
        index = piece.get("index")
        call = self._by_index.get(index) if isinstance(index, int) else self._without_index(piece)
        if call is None or call.is_over(piece):
            call = Call()
            self.begun.append(call)
            if isinstance(index, int):
                self._by_index[index] = call
        call.take(piece)

    def body(self) -> list[Raw]:
        """Return what has arrived, as a whole answer would have it."""
        return [call.body() for call in self.begun]

    def _without_index(self, piece: Raw) -> Call | None:
        """Return the call that a piece without an index goes on with: one with a name begins."""
        begins = (piece.get("function") or {}).get("name")
        return None if begins or not self.begun else self.begun[-1]


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
