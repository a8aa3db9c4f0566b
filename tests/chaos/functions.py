"""Functions whose every run leaves a line in a journal."""

import asyncio
import random
import time
from typing import Final

from conversation.ports import ToolPolicy
from conversation.turns import ToolSpec
from tests.chaos.journal import Journal
from tools.function import FunctionTool
from tools.registry import Tools

CLIENTS: Final = "ask"
"""A function that an API client runs."""

SLOWEST: Final = 0.03


def functions(journal: Journal) -> Tools:
    """Return functions that may be run again, or not, or only if a person allows it."""
    return Tools(*listed(journal))


def listed(journal: Journal) -> list[FunctionTool]:
    """Return them one by one."""

    def look_up(key: str) -> str:
        """Look something up.

        Args:
            key: What.
        """
        journal.tell("did", "look_up", key)
        time.sleep(random.uniform(0, SLOWEST))  # noqa: S311 (how long a function takes)
        return f"{key} was looked up"

    async def launch(key: str) -> str:
        """Launch a rocket.

        Args:
            key: Which.
        """
        journal.tell("did", "launch", key)
        await asyncio.sleep(random.uniform(0, SLOWEST))  # noqa: S311
        return f"{key} flies"

    def sign(key: str) -> str:
        """Sign a contract.

        Args:
            key: Which.
        """
        journal.tell("did", "sign", key)
        return f"{key} is signed"

    return [
        FunctionTool(look_up, ToolPolicy(idempotent=True)),
        FunctionTool(launch),
        FunctionTool(sign, ToolPolicy(needs_approval=True)),
    ]


def with_client(tools: Tools) -> tuple[ToolSpec, ...]:
    """Return what an assistant offers whose API client runs one function more."""
    return (*tools.specs(), ToolSpec(name=CLIENTS, runs="client"))
