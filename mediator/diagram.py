"""The script as a Mermaid state diagram, for the docs and the pages."""

from collections.abc import Collection
from typing import Final

from conversation.script import TERMINAL, State, Trigger
from mediator.states import STOPPABLE, TRANSITIONS

_GROUP: Final = "exchange"
_PASSED: Final = "passed"
_HERE: Final = "here"


def diagram(path: Collection[State] = (), here: State | None = None) -> str:
    """Return the diagram; the states on `path` and the state `here` are marked.

    What is possible in every state but `cancelling` is drawn once, from a box around them.
    """
    inner = [line for line in _edges() if _GROUP not in line.split()[0]]
    outer = [line for line in _edges() if _GROUP in line.split()[0]]
    lines = [
        "stateDiagram-v2",
        f"    state {_GROUP} {{",
        "        [*] --> new",
        *(f"        {line}" for line in inner if _inside(line)),
        "    }",
        *(f"    {line}" for line in inner if not _inside(line)),
        *(f"    {line}" for line in outer),
        *(f"    {state} --> [*]" for state in State if state in TERMINAL),
        *_marks(path, here),
    ]
    return "\n".join(lines) + "\n"


def _edges() -> list[str]:
    """Return one line for each row; rows of one trigger from the whole group become one."""
    edges: list[str] = []
    for trigger in Trigger:
        rows = [row for row in TRANSITIONS if row.trigger is trigger]
        grouped = {row.source for row in rows} >= STOPPABLE
        if grouped:
            edges.append(f"{_GROUP} --> {rows[0].target} : {trigger}")
        edges += [
            f"{row.source} --> {row.target} : {trigger}"
            for row in rows
            if not (grouped and row.source in STOPPABLE)
        ]
    return edges


def _inside(line: str) -> bool:
    source, _, target = line.split()[:3]
    return State(source) in STOPPABLE and State(target) in STOPPABLE


def _marks(path: Collection[State], here: State | None) -> list[str]:
    passed = [state for state in State if state in path and state is not here]
    marks = [f"    class {state} {_PASSED}" for state in passed]
    if here:
        marks.append(f"    class {here} {_HERE}")
    styles = [
        f"    classDef {_PASSED} fill:#dbeafe,stroke:#2563eb,color:#1e3a8a",
        f"    classDef {_HERE} fill:#2563eb,stroke:#1e3a8a,color:#ffffff,font-weight:bold",
    ]
    return [*styles, *marks] if marks else []
