"""The colours of what the pages show."""

from typing import Final, Literal

from conversation.script import State

Colour = Literal["green", "red", "orange", "blue", "gray"]

STATES: Final[dict[State, Colour]] = {
    State.NEW: "gray",
    State.READY: "blue",
    State.STARTED: "blue",
    State.RUNNING: "blue",
    State.REQUIRES_ACTION: "orange",
    State.TOOLS_EXECUTED: "blue",
    State.TOOL_OUTPUTS_SUBMITTED: "blue",
    State.CANCELLING: "orange",
    State.COMPLETED: "green",
    State.ERROR: "red",
    State.CANCELLED: "gray",
    State.EXPIRED: "red",
    State.INCOMPLETE: "orange",
}
