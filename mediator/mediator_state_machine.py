"""The mediator that lets the state machine judge every trigger first."""

from contextlib import suppress

from conversation.errors import Superseded, TriggerRefused
from conversation.events import TriggerRefused as TriggerRefusedEvent
from conversation.script import State, Trigger
from mediator.mediator import Mediator
from mediator.states import TARGETS, legal


class MediatorStateMachine(Mediator):
    """Refuses what the script does not allow: a `trigger_refused` event and a clear error."""

    async def _judge(self, trigger: Trigger) -> State:
        if legal(trigger, self.state):
            return TARGETS[trigger]
        if self.state is not State.NEW:  # nothing of a new run is in the log yet
            with suppress(Superseded):
                await self.note(TriggerRefusedEvent(trigger=trigger, state=self.state))
        raise TriggerRefused(trigger, self.state)
