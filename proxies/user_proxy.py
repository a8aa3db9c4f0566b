"""The user's side of a conversation: passes messages on and runs the functions a model asks for."""

import asyncio
from collections.abc import Iterable
from typing import Protocol

from conversation.ports import ToolJournal, ToolPolicy, ToolRunner
from conversation.records import Opening, Run
from conversation.turns import ToolCall


class Mediator(Protocol):
    """Whom the user proxy talks to."""

    async def set_user_message(self, opening: Opening) -> Run:
        """Accept a user's message; durable on return."""
        ...


class UserProxy:
    """Speaks for the user, and alone runs function tools.

    The mediator needs a user proxy to be made, so the two are introduced afterwards.
    """

    def __init__(self, tools: ToolRunner) -> None:
        self._tools = tools
        self._mediator: Mediator | None = None

    def introduce(self, mediator: Mediator) -> None:
        """Say who takes the user's messages."""
        self._mediator = mediator

    async def send(self, opening: Opening) -> Run:
        """Pass the user's message on; `ThreadBusy` while the thread has a run under way."""
        if self._mediator is None:
            raise RuntimeError("UserProxy.introduce must come before send.")
        return await self._mediator.set_user_message(opening)

    def policy(self, name: str) -> ToolPolicy | None:
        """Return how `name` may be run; None when there is no such function."""
        return self._tools.policy(name)

    async def execute_tools(self, calls: Iterable[ToolCall], journal: ToolJournal) -> None:
        """Run all calls at the same time, reporting each start and end to `journal`.

        What a report raises stops the other calls and comes out of here as it is.
        """
        try:
            async with asyncio.TaskGroup() as group:
                for call in calls:
                    group.create_task(self._execute(call, journal))
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None

    async def _execute(self, call: ToolCall, journal: ToolJournal) -> None:
        await journal.tool_started(call)
        result = await self._tools.run(call)
        await journal.tool_executed(call, result)
