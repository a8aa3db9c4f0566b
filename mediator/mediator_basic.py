"""The plain mediator: pulls every trigger it is given, and neither checks nor raises."""

from conversation.script import State, Trigger
from mediator.mediator import Mediator
from mediator.states import TARGETS


class MediatorBasic(Mediator):
    """Trusts its callers; what a wrong trigger could spoil, the log's compare-and-set protects."""

    async def _judge(self, trigger: Trigger) -> State:
        return TARGETS[trigger]
