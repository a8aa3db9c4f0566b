"""docs/failures.md, written from the catalogue."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from conversation.script import State
from tests.failures.catalogue import GROUPS
from tests.failures.failure import EVERY, NO_PROVIDER, Failure
from tests.failures.stage import COMPATIBLE, GEMINI, OPENAI
from tests.unit.test_settings import SECRET, WRONG

FILE: Final = Path(__file__).parents[2] / "docs" / "failures.md"

_INTRODUCTION: Final = """\
# What can go wrong, and what happens then

Every row is a test: it lets the thing happen to a whole Parley, with the real clients of the
providers, and checks what stands here. It also checks, for every row, that the conversation goes on
with the next message, that nothing typed is lost or there twice, that no key and no stack trace is
shown or kept, and that no task and no connection is left behind. This file is written from those
tests (`python -m tests.failures`), so it can't be out of date.

*How it ends* is the state of the exchange and the code of its error, as in the log; *not accepted*
means that there is no exchange: whoever sends is told at once, and the page keeps the text. *Told
by* are the kinds of [event](architecture.md) in the log. *Shown* are parts of what is said, and
after the dash of what it advises. *Retry* asks again, *Continue* goes on with what had arrived, and
the last messages alone can be tried where all are too many. What is tried again by itself is tried
`PROVIDER_MAX_ATTEMPTS` times, with growing waits or those that the provider asks for, and only
while the model has said nothing.
"""
_HEAD: Final = """\
| what happened | how it ends | told by | shown | what to do | tried again by itself |
|---|---|---|---|---|---|
"""
_SETTINGS: Final = """\
## Settings

A wrong value stops the start with one line for each, which names the setting and never shows the
value (`wrong_settings`). Mend it in `.env` or in the environment and start again.

| setting | the line says, among other things |
|---|---|
"""
_NAMES: Final = {OPENAI: "GPT", GEMINI: "Gemini", COMPATIBLE: "compatible servers"}


def document() -> str:
    """Return what docs/failures.md has to be."""
    parts = [_INTRODUCTION, *(_group(title, rows) for title, rows in GROUPS.items()), _settings()]
    return "\n".join(parts)


def _group(title: str, rows: Iterable[Failure]) -> str:
    return f"## {title}\n\n{_HEAD}" + "".join(_line(row) for row in rows)


def _line(row: Failure) -> str:
    where = "" if row.on in (EVERY, NO_PROVIDER) else _these(row.on)
    code = f" (`{row.code}`)" if row.code else ""
    ends = f"{row.state.value if row.state else 'not accepted'}{code}"
    told = ", ".join(f"`{kind}`" for kind in row.events) or "-"
    shown = " - ".join(filter(None, (_said(row.says), row.hint)))
    cells = (
        row.what + where,
        ends,
        told,
        shown,
        ", ".join(row.ways_on) or _nothing(row),
        "yes" if row.retried else "no",
    )
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |\n"


def _said(says: str) -> str:
    """Return what a person reads, with any provider's name."""
    named = says.replace("{who}", "OpenAI")
    return named if named[:1].isupper() or "(" in named else f"… {named}"


def _these(providers: Iterable[str]) -> str:
    return f" ({', '.join(_NAMES[name] for name in providers)})"


def _nothing(row: Failure) -> str:
    return "Nothing" if row.state is State.COMPLETED else "-"


def _settings() -> str:
    told: dict[str, list[str]] = {}
    for name, _, says in WRONG:
        said = told.setdefault(name, [])
        if says not in said and SECRET not in says:
            said.append(says)
    lines = (f"| `{name}` | {'; '.join(told[name])} |\n" for name in sorted(told))
    return _SETTINGS + "".join(lines)
