"""The chat page with a function that needs a person's consent."""

from functools import cache

from conversation.ports import ToolPolicy
from setup.bootstrap import build
from setup.core import ParleyCore
from setup.settings import settings
from tools.function import FunctionTool
from tools.registry import Tools
from ui import opening
from ui.chat.page import show


def launch(rocket: str) -> str:
    """Launch a rocket.

    Args:
        rocket: Its name.
    """
    return f"{rocket} flies"


@cache
def core() -> ParleyCore:
    rocket = FunctionTool(launch, ToolPolicy(needs_approval=True))
    return build(settings(), tools=Tools(rocket))


if not hasattr(opening, "for_tests"):
    opening.core, opening.for_tests = core, True  # type: ignore[attr-defined]
show()
