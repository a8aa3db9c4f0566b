"""What the demo model has made up its mind to do with a turn."""

from dataclasses import dataclass
from typing import Final

from conversation.errors import ProviderError
from conversation.turns import ToolCall, Turn

_LOOKED_AT: Final = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer: text, or calls, or both; `pause` seconds pass before it begins.

    `failure` is raised when the text is over, before anything is sent if there is none. `rest` is
    what it then keeps from saying.
    """

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    refusal: bool = False
    pause: float = 0.0
    failure: ProviderError | None = None
    rest: str = ""


def user_texts(turn: Turn) -> list[str]:
    """Return what the user has said in this thread, oldest first: as much as a rule looks at."""
    return [said.text.strip()[:_LOOKED_AT] for said in turn.messages if said.role == "user"]
