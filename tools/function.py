"""A function tool: a plain typed Python function, and all that has to be known of it."""

import asyncio
import inspect
import logging
import re
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from conversation.ports import ToolPolicy
from conversation.turns import ToolSpec
from tools.arguments import Arguments
from tools.docstrings import described
from tools.failures import ToolFailed
from tools.outputs import text_of

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_log: Final = logging.getLogger(__name__)

Function = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the model will be told of a call that has run."""

    text: str
    failed: bool = False


class FunctionTool:
    """A function with its policy, and the spec made of its signature and docstring."""

    def __init__(self, function: Function, policy: ToolPolicy | None = None) -> None:
        if not _NAME.fullmatch(function.__name__):
            message = f"'{function.__name__}' can't be the name of a function tool."
            raise ValueError(message)
        description, arguments = described(function)
        self.name = function.__name__
        self.policy = policy or ToolPolicy()
        self.blocking = not inspect.iscoroutinefunction(function)
        self._function = function
        self._arguments = Arguments(function, arguments)
        self.spec = ToolSpec(
            name=self.name, description=description, parameters=self._arguments.schema()
        )

    def read(self, arguments: str) -> dict[str, Any]:
        """Return the arguments of a call, checked; `ToolFailed` if they don't fit."""
        return self._arguments.read(arguments)

    def call(self, arguments: dict[str, Any]) -> Outcome:
        """Run a blocking function; whatever it raises becomes an outcome."""
        try:
            return Outcome(text_of(self._function(**arguments)))
        except BaseException as error:  # noqa: BLE001 - in a thread of its own, nobody else hears it
            return self._failure(error)

    async def acall(self, arguments: dict[str, Any]) -> Outcome:
        """Run an async function; only a cancellation from outside gets past this."""
        try:
            return Outcome(text_of(await self._function(**arguments)))
        except asyncio.CancelledError as error:
            if _being_cancelled():
                raise
            return self._failure(error)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the model is told, and the log
            return self._failure(error)

    def _failure(self, error: BaseException) -> Outcome:
        if isinstance(error, ToolFailed):
            return Outcome(str(error), failed=True)
        _log.error("The function %s raised an exception", self.name, exc_info=error)
        return Outcome("".join(traceback.format_exception_only(error)).strip(), failed=True)


def _being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
