"""What the pages say, in one place; what happened in an exchange is told by `narration`."""

from typing import Final, Literal

from conversation.script import State

Colour = Literal["green", "red", "orange", "blue", "gray"]

TITLE: Final = "Parley"
WELCOME: Final = "What would you like to know?"
INVITATION: Final = (
    "Every function a model calls, and every step of an exchange, is shown as it happens. "
    "Type a message below, or try one of these:"
)
EXAMPLES: Final = (
    (":material/trending_up:", "Should I buy Apple?"),
    (":material/compare_arrows:", "Compare Microsoft and Nvidia"),
    (":material/format_list_bulleted:", "Show me Markdown"),
    (":material/auto_stories:", "Tell me a long story"),
)

MESSAGE: Final = "Your message"
MESSAGE_BUSY: Final = "An answer is under way"
STOP: Final = "Stop"
EARLIER: Final = "Show earlier messages"

SENDING: Final = "Sending …"
NOT_SENT: Final = "Not sent"
SEND_AGAIN: Final = "Send again"
DISCARD: Final = "Discard"

NEW: Final = "New conversation"
MODEL: Final = "Answers come from {model}"
NEEDS: Final = "{label} needs `{setting}`"
NEEDS_WHERE: Final = "{needs}: set it in .env and start again."
ASSISTANT: Final = "Assistant ID"
ASSISTANT_HELP: Final = (
    "Model, instructions and functions of an assistant you have made. It is used from the next "
    "new conversation on, in this browser tab only."
)
ASSISTANT_NONE: Final = "asst_… (optional)"
ASSISTANT_HERE: Final = "This conversation uses {assistant}."
STREAM: Final = "Stream answers"
STREAM_HELP: Final = "Show an answer word by word as it is written, or at once when it is complete."
STEPS: Final = "Last exchange"
NO_STEPS: Final = "Its steps will appear here while it happens."
STEPS_CUT: Final = "{count} earlier steps are not shown."

UNKNOWN_CONVERSATION: Final = (
    "There is no conversation at this address. Check the link; your next message starts a new one."
)
WRONG_SETTINGS: Final = "Parley can't start with these settings"
TROUBLE: Final = "Parley can't go on"
TRY_AGAIN: Final = "Try again"
FAULT: Final = "Something went wrong on this page."
FAULT_HINT: Final = "Nothing that was sent is lost. Reload the page; the program's log has more."
RECONNECTING: Final = "Can't read the conversation now, trying again: {problem}"

THINKING: Final = "Thinking"
WORKING: Final = "Working with what the functions said"
STOPPING: Final = "Stopping"
WAITING: Final = "Waiting for your decision"

STOPPED: Final = "Stopped. What had arrived is kept."
STOPPED_EARLY: Final = "Stopped before an answer was written."
BROKEN_OFF: Final = "The answer ends here; what had arrived is kept."
DECLINED: Final = "The model declined to answer."

SYSTEM: Final = "System"
ARGUMENTS: Final = "Arguments"
OUTPUT: Final = "Output"
ERROR: Final = "Error"
NO_OUTPUT: Final = "It has no output: the exchange ended first."
DONE_AFTER: Final = "{call} → {output} · {time}"
FAILED_AFTER: Final = "{call} failed: {output} · {time}"
WAITS: Final = "{call} needs your approval"
DROPPED: Final = "{call} did not finish"
MORE: Final = "… and {count:,} more characters"
APPROVE: Final = "Allow this call?"
ALLOW: Final = "Allow"
DECLINE: Final = "Decline"

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


def state(state: State) -> str:
    """Name a state as people read it."""
    return state.value.replace("_", " ")
