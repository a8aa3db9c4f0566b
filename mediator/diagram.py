"""The script as a Mermaid state diagram, for the docs and the pages."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from conversation.script import TERMINAL, State, Trigger
from mediator.states import STOPPABLE, TRANSITIONS

_GROUP: Final = "exchange"
_PASSED: Final = "passed"
_HERE: Final = "here"
_AHEAD: Final = "ahead"

USUAL: Final = (
    (State.NEW, State.READY),
    (State.READY, State.STARTED),
    (State.STARTED, State.RUNNING),
    (State.RUNNING, State.REQUIRES_ACTION),
    (State.REQUIRES_ACTION, State.TOOLS_EXECUTED),
    (State.TOOLS_EXECUTED, State.TOOL_OUTPUTS_SUBMITTED),
    (State.TOOL_OUTPUTS_SUBMITTED, State.STARTED),
    (State.RUNNING, State.COMPLETED),
)
"""The moves of a run in which nothing unforeseen happens."""


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


def route(moves: Sequence[tuple[State, State]], labels: Mapping[State, str]) -> str:
    """Return a diagram that fits a margin: the usual script, and the moves that a run has made.

    Of what else is possible it draws only what happened. `labels` say what stands in the boxes.
    """
    made = Counter(move for move in moves if move[0] is not move[1])
    drawn = [*USUAL, *(move for move in made if move not in USUAL)]
    here = moves[-1][1] if moves else State.NEW
    path = {state for move in moves for state in move}
    shown = {state for move in drawn for state in move}
    taken = ",".join(str(number) for number, move in enumerate(drawn) if move in made)
    lines = [
        '%%{init: {"flowchart": {"rankSpacing": 24, "nodeSpacing": 24, "padding": 8}}}%%',
        "flowchart TB",
        *(f"    {_box(state, labels)}" for state in State if state in shown),
        *(f"    {_arrow(move, made[move])}" for move in drawn),
        *([f"    linkStyle {taken} stroke:#2563eb,stroke-width:2px"] if taken else []),
        *_marks(path, here),
        f"    classDef {_AHEAD} fill:none,stroke-dasharray:3",
        *(f"    class {state} {_AHEAD}" for state in State if state in shown - path - {here}),
    ]
    return "\n".join(lines) + "\n"


def _box(state: State, labels: Mapping[State, str]) -> str:
    said = labels.get(state, state.value.replace("_", " ")).replace('"', "#quot;")
    return f'{state}(["{said}"])'


def _arrow(move: tuple[State, State], times: int) -> str:
    source, target = move
    count = f"|{times} x|" if times > 1 else ""
    return f"{source} {'-->' if times else '-.->'}{count} {target}"


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
