"""The interaction script as one table; everything else that knows it is made from it.

The machine, the targets, the diagram, the statuses of the Assistants API and the property tests
all read `TRANSITIONS`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

from transitions import Machine

from conversation.records import Waiting
from conversation.script import OPEN, State, Trigger


@dataclass(frozen=True, slots=True)
class Transition:
    """`trigger` moves a run from `source` to `target`."""

    trigger: Trigger
    source: State
    target: State


def _rows(trigger: Trigger, sources: Iterable[State], target: State) -> tuple[Transition, ...]:
    ordered = [state for state in State if state in frozenset(sources)]
    return tuple(Transition(trigger, source, target) for source in ordered)


ANSWERING: Final = (State.STARTED, State.RUNNING, State.TOOL_OUTPUTS_SUBMITTED)
STOPPABLE: Final = OPEN - {State.CANCELLING}

TRANSITIONS: Final = (
    # trigger, from, to
    *_rows(Trigger.SET_USER_MESSAGE, [State.NEW], State.READY),
    *_rows(Trigger.STARTED, [State.READY, State.TOOL_OUTPUTS_SUBMITTED], State.STARTED),
    *_rows(Trigger.HEARTBEAT, ANSWERING, State.RUNNING),
    *_rows(Trigger.ACTION_REQUIRED, ANSWERING, State.REQUIRES_ACTION),
    *_rows(Trigger.TOOLS_EXECUTED, [State.REQUIRES_ACTION], State.TOOLS_EXECUTED),
    *_rows(Trigger.TOOL_OUTPUTS_SUBMITTED, [State.TOOLS_EXECUTED], State.TOOL_OUTPUTS_SUBMITTED),
    *_rows(Trigger.ASSISTANT_MESSAGE_RETRIEVED, ANSWERING, State.COMPLETED),
    *_rows(Trigger.CUT_SHORT, ANSWERING, State.INCOMPLETE),
    *_rows(Trigger.RETRY, ANSWERING, State.STARTED),
    *_rows(Trigger.CANCEL, STOPPABLE, State.CANCELLING),
    *_rows(Trigger.CANCELLED, [State.CANCELLING], State.CANCELLED),
    *_rows(Trigger.EXPIRE, OPEN, State.EXPIRED),
    *_rows(Trigger.ERROR, OPEN, State.ERROR),
)

TARGETS: Final = {row.trigger: row.target for row in TRANSITIONS}

_API_STATUS: Final = {
    State.READY: "queued",
    State.STARTED: "in_progress",
    State.RUNNING: "in_progress",
    State.REQUIRES_ACTION: "in_progress",
    State.TOOLS_EXECUTED: "in_progress",
    State.TOOL_OUTPUTS_SUBMITTED: "queued",
    State.CANCELLING: "cancelling",
    State.COMPLETED: "completed",
    State.ERROR: "failed",
    State.CANCELLED: "cancelled",
    State.EXPIRED: "expired",
    State.INCOMPLETE: "incomplete",
}


def api_status(state: State, waiting: Waiting | None = None) -> str | None:
    """Return the Assistants API's status; None for `new`, which that API never shows."""
    if state is State.REQUIRES_ACTION and waiting:
        return "requires_action"
    return _API_STATUS.get(state)


@cache
def machine() -> Machine:
    """Return the one machine that judges legality; it has no model and is never moved."""
    return Machine(
        model=None,
        states=State,
        initial=State.NEW,
        auto_transitions=False,
        transitions=[
            {"trigger": row.trigger.value, "source": row.source, "dest": row.target}
            for row in TRANSITIONS
        ],
    )


def legal(trigger: Trigger, state: State) -> bool:
    """Tell whether the script allows `trigger` in `state`."""
    return bool(machine().get_transitions(trigger.value, state))
