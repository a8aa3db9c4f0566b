"""What a Google-style docstring says about a function and about each of its arguments."""

import inspect
import re
from collections.abc import Callable
from typing import Any, Final

_SECTION: Final = re.compile(
    r"^(Args|Arguments|Parameters|Returns|Yields|Raises|Examples?|Notes?):\s*$", re.MULTILINE
)
_ARGUMENT: Final = re.compile(r"^\*{0,2}(\w+)\s*(?:\([^)]*\))?:\s*(.*)$")


def described(function: Callable[..., Any]) -> tuple[str, dict[str, str]]:
    """Return the description of `function`, and those of its arguments by name."""
    before, *sections = _SECTION.split(inspect.getdoc(function) or "")
    bodies = dict(zip(sections[::2], sections[1::2], strict=True))
    return before.strip(), _arguments(bodies.get("Args", ""))


def _arguments(body: str) -> dict[str, str]:
    """Read `name: text` entries; lines indented deeper go on with the entry above."""
    found: dict[str, str] = {}
    name = ""
    lines = inspect.cleandoc("\n" + body).splitlines()
    for line in lines:
        entry = _ARGUMENT.match(line)
        if entry:
            name, found[entry[1]] = entry[1], entry[2].strip()
        elif name and line.startswith(" "):
            found[name] = f"{found[name]} {line.strip()}".strip()
    return found
