"""Outputs in place of functions: what equal calls once had, in the order they had it."""

from collections import defaultdict, deque
from collections.abc import Iterable
from typing import Final

from conversation.equality import canonical_arguments
from conversation.events import ToolExecuted
from conversation.ports import ToolPolicy
from conversation.turns import ToolCall, ToolResult, ToolSpec

_NO_RISK: Final = ToolPolicy(idempotent=True)

Key = tuple[str, str]


class RecordedTools:
    """Runs nothing, so every function is known and none needs approval.

    Calls are equal if the name is the same and the arguments are the same JSON. Of equal calls
    the first gets the first output, and once there are no more the last one is repeated.
    """

    def __init__(self, recorded: Iterable[ToolExecuted]) -> None:
        self._outputs: dict[Key, deque[ToolExecuted]] = defaultdict(deque)
        for event in recorded:
            self._outputs[_key(event.name, event.arguments)].append(event)

    def specs(self) -> tuple[ToolSpec, ...]:
        """Return what is on offer to models: nothing of its own."""
        return ()

    def policy(self, name: str) -> ToolPolicy | None:
        """Return how `name` may be run: as often as one likes."""
        return _NO_RISK

    def take(self, name: str, arguments: str) -> ToolExecuted | None:
        """Take the next output of a call like this, if any was recorded."""
        outputs = self._outputs.get(_key(name, arguments))
        if outputs is None:
            return None
        return outputs.popleft() if len(outputs) > 1 else outputs[0]

    async def run(self, call: ToolCall) -> ToolResult:
        """Give a call its output; one that was not recorded is told so."""
        recorded = self.take(call.name, call.arguments)
        if recorded is None:
            output = f"No call of {call.name} with these arguments was recorded, and none was run."
            return ToolResult(call_id=call.call_id, output=output, failed=True)
        return ToolResult(call_id=call.call_id, output=recorded.output, failed=recorded.failed)


def _key(name: str, arguments: str) -> Key:
    return name, canonical_arguments(arguments)
