"""The words of the interaction script: the states a run can be in and the triggers that move it.

Which trigger is legal in which state is the mediator's business (`mediator.states`).
"""

from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a run stands in the script."""

    NEW = "new"
    READY = "ready"
    STARTED = "started"
    RUNNING = "running"
    REQUIRES_ACTION = "requires_action"
    TOOLS_EXECUTED = "tools_executed"
    TOOL_OUTPUTS_SUBMITTED = "tool_outputs_submitted"
    CANCELLING = "cancelling"
    COMPLETED = "completed"
    ERROR = "error"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    INCOMPLETE = "incomplete"


class Trigger(StrEnum):
    """What moves a run from one state to the next."""

    SET_USER_MESSAGE = "set_user_message"
    STARTED = "started"
    HEARTBEAT = "heartbeat"
    ACTION_REQUIRED = "action_required"
    TOOLS_EXECUTED = "tools_executed"
    TOOL_OUTPUTS_SUBMITTED = "tool_outputs_submitted"
    ASSISTANT_MESSAGE_RETRIEVED = "assistant_message_retrieved"
    CUT_SHORT = "cut_short"
    RETRY = "retry"
    CANCEL = "cancel"
    CANCELLED = "cancelled"
    EXPIRE = "expire"
    ERROR = "error"


TERMINAL: Final = frozenset(
    {State.COMPLETED, State.ERROR, State.CANCELLED, State.EXPIRED, State.INCOMPLETE}
)
OPEN: Final = frozenset(State) - TERMINAL
ACTIVE: Final = OPEN - {State.NEW}
