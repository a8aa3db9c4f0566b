"""What models say and ask for in the tests of the mediators."""

from conversation.events import (
    StateChanged,
)
from conversation.ids import new_id
from conversation.records import Run
from conversation.script import State
from conversation.signals import (
    Alive,
    Asking,
    Finished,
    Saying,
    Sent,
)
from conversation.turns import ToolCall, ToolResult
from mediator.mediator import Mediator
from mediator.mediator_basic import MediatorBasic
from mediator.mediator_state_machine import MediatorStateMachine
from tests.stage import Line, Stage

MEDIATORS = (MediatorStateMachine, MediatorBasic)
STOP = Finished("stop")


def price(symbol: str) -> float:
    """Give a price.

    Args:
        symbol: A ticker.
    """
    return {"ACME": 42.0, "HAL": 9.0}[symbol]


def call(name: str = "price", arguments: str = '{"symbol": "ACME"}') -> ToolCall:
    return ToolCall(call_id=new_id("call"), name=name, arguments=arguments)


def asking(*calls: ToolCall) -> list[Line]:
    return [Sent(), Asking(calls or (call(),)), Finished("tool_calls")]


def saying(*pieces: str) -> list[Line]:
    return [Sent(), Alive("in_progress"), *map(Saying, pieces), STOP]


def path(stage: Stage, run: Run) -> list[State]:
    return [event.after for event in stage.events(run.id) if isinstance(event, StateChanged)]


async def drive_to(mediator: Mediator, state: State) -> None:
    """Bring a ready run to `state` by triggers alone."""
    wanted = call()
    steps = {
        State.STARTED: mediator.started,
        State.RUNNING: mediator.heartbeat,
        State.REQUIRES_ACTION: mediator.action_required,
        State.TOOLS_EXECUTED: mediator.tools_executed,
        State.TOOL_OUTPUTS_SUBMITTED: mediator.tool_outputs_submitted,
    }
    if state is State.CANCELLING:
        await mediator.cancel()
    for passed, step in steps.items():
        if mediator.state is state:
            return
        if passed is State.REQUIRES_ACTION:
            mediator.ledger.reply.take(Asking((wanted,)))
        if passed is State.TOOLS_EXECUTED:
            await mediator.tool_executed(wanted, ToolResult(call_id=wanted.call_id, output="42.0"))
        await step()
