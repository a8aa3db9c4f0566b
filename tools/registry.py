"""The registry of function tools: what is on offer to models, and how a call of theirs is run."""

import asyncio
import contextlib
import logging
import time
from functools import partial
from typing import Any, Final

from conversation.ports import ToolPolicy
from conversation.turns import ToolCall, ToolResult, ToolSpec
from tools.failures import ToolFailed
from tools.function import Function, FunctionTool, Outcome
from tools.outputs import cut
from tools.threads import Threads

_log: Final = logging.getLogger(__name__)


class Tools:
    """Runs functions by name; all that goes wrong is told to the model, so it can mend its call."""

    def __init__(self, *tools: FunctionTool | Function, threads: Threads | None = None) -> None:
        self._tools: dict[str, FunctionTool] = {}
        self._threads = threads or Threads()
        for tool in tools:
            self._add(tool if isinstance(tool, FunctionTool) else FunctionTool(tool))

    def register(self, function: Function, policy: ToolPolicy | None = None) -> None:
        """Offer `function` to models from now on."""
        self._add(FunctionTool(function, policy))

    def specs(self) -> tuple[ToolSpec, ...]:
        """Return what is on offer to models."""
        return tuple(tool.spec for tool in self._tools.values())

    def policy(self, name: str) -> ToolPolicy | None:
        """Return how `name` may be run; None when there is no such function."""
        tool = self._tools.get(name)
        return tool.policy if tool else None

    async def run(self, call: ToolCall) -> ToolResult:
        """Run one call. Never raises: what goes wrong is told to the model in the output."""
        try:
            tool = self._known(call.name)
            arguments = tool.read(call.arguments)
        except ToolFailed as error:
            return _result(call, Outcome(str(error), failed=True))
        async with self._threads.places if tool.blocking else contextlib.nullcontext():
            began = time.monotonic()
            outcome = await self._outcome(tool, arguments)
            return _result(call, outcome, time.monotonic() - began)

    def _add(self, tool: FunctionTool) -> None:
        if tool.name in self._tools:
            message = f"There is already a function tool '{tool.name}'."
            raise ValueError(message)
        self._tools[tool.name] = tool

    def _known(self, name: str) -> FunctionTool:
        if name not in self._tools:
            there_are = ", ".join(self._tools) or "none"
            raise ToolFailed(f"There is no function '{name}'. Those that exist: {there_are}.")
        return self._tools[name]

    async def _outcome(self, tool: FunctionTool, arguments: dict[str, Any]) -> Outcome:
        """Run it within its time; functions contain what they raise, so a time-out is ours."""
        try:
            async with asyncio.timeout(tool.policy.timeout):
                if tool.blocking:
                    return await self._threads.run(partial(tool.call, arguments))
                return await tool.acall(arguments)
        except TimeoutError:
            _log.warning("The function %s was given up after its time-out", tool.name)
            seconds = f"{tool.policy.timeout:g} s"
            return Outcome(f"{tool.name} has not ended within {seconds} and was given up.", True)
        except ToolFailed as error:
            return Outcome(str(error), failed=True)


def _result(call: ToolCall, outcome: Outcome, seconds: float = 0.0) -> ToolResult:
    output = cut(outcome.text)
    return ToolResult(call_id=call.call_id, output=output, failed=outcome.failed, seconds=seconds)
