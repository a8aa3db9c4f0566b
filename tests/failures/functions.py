"""Failures of functions: in their calls, while they run, and in what they return."""

import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from conversation.events import ToolExecuted
from conversation.records import Run
from conversation.script import State
from tests.contract.cores import ended
from tests.failures.answers import once, said
from tests.failures.failure import EVERY, NO_PROVIDER, Failure, Outcome, Provoke
from tests.failures.stage import COMPATIBLE, GEMINI, OPENAI, Stage
from tools.outputs import LIMIT

_ROOT: Final = Path(__file__).parents[2]
_IN_WORDS: Final = '<tool_call>{{"name": "price", "arguments": {{"symbol": {}</tool_call>'
_BY_MODEL: Final = "Nothing: the model was told, and goes on"


def calling(name: str, arguments: Any = None) -> Provoke:
    """Have the model call a function, and then answer from what it returned."""
    return lambda stage: stage.server.script(stage.answer(calls=((name, arguments or {}),)))


def _endlessly(stage: Stage) -> None:
    stage.server.always(stage.answer(calls=(("price", {"symbol": "AAPL"}),)))


def _calling_without_json(stage: Stage) -> None:
    stage.server.script(stage.answer(calls=(("price", '{"symbol": '),)))


def _cut(stage: Stage, text: str) -> Outcome:
    outcome = stage.ask(text)
    assert isinstance(outcome, Run)
    events = [logged.event for logged in stage.core.store.events(outcome.id)]
    [executed] = [event for event in events if isinstance(event, ToolExecuted)]
    assert len(executed.output) <= LIMIT
    assert executed.output.endswith("[cut: 50000000 bytes are more than the 100000 that fit]")
    return outcome


def _killed(stage: Stage, text: str) -> Outcome:
    """Send it in another process, which a function of its own ends; it is taken up here."""
    command = [sys.executable, "-m", "tests.failures.child", str(stage.folder), text]
    done = subprocess.run(  # noqa: S603 (ourselves)
        command, cwd=_ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1, done.stderr
    run = ended(stage.core, done.stdout.split()[0])
    assert (stage.folder / "effects").read_text() == "died\n"
    stage.thread_id = run.thread_id
    return run


def _failure(
    what: str,
    says: str,
    provoke: Provoke,
    on: tuple[str, ...] = EVERY,
    *,
    traced: bool = False,
) -> Failure:
    return Failure(
        what=what,
        state=State.COMPLETED,
        says=says,
        told_by=("tool_executed",),
        can=_BY_MODEL,
        on=on,
        traced=traced,
        provoke=provoke,
    )


FUNCTIONS: Final = (
    _failure(
        "The arguments of a call are not JSON",
        "The arguments of price are not JSON",
        _calling_without_json,
        (OPENAI, COMPATIBLE),
    ),
    Failure(
        what="A call in words can't be read: the model is asked to write it again",
        state=State.COMPLETED,
        says='price(symbol="AAPL") → 4.0',
        told_by=("tool_executed",),
        can=_BY_MODEL,
        on=(COMPATIBLE,),
        given=lambda _: {"compatible_tools": "prompted"},
        provoke=once(said(_IN_WORDS.format('"AAPL"}')), said(_IN_WORDS.format('"AAPL"}}'))),
    ),
    Failure(
        what="It still can't be read: then it was the answer",
        state=State.COMPLETED,
        says="The model wrote: <tool_call>",
        on=(COMPATIBLE,),
        given=lambda _: {"compatible_tools": "prompted"},
        provoke=once(said(_IN_WORDS.format('"AAPL"}')), said(_IN_WORDS.format('"AAPL"}'))),
    ),
    _failure(
        "The arguments of a call don't fit",
        "The arguments of price don't fit. symbol: is missing",
        calling("price", {"share": 5}),
        (OPENAI, GEMINI, COMPATIBLE),
    ),
    _failure(
        "The model calls a function that there is not",
        "There is no function 'sing'.",
        calling("sing"),
    ),
    _failure("A function fails", "The exchange is closed.", calling("fail"), traced=True),
    _failure(
        "A function does not end in its time",
        "hang has not ended within 0.1 s and was given up.",
        calling("hang"),
    ),
    Failure(
        what="A function returns 50 MB: cut to 100 kB, with a note",
        state=State.COMPLETED,
        says="flood() → xxx",
        told_by=("tool_executed",),
        can=_BY_MODEL,
        provoke=calling("flood"),
        act=_cut,
    ),
    _failure(
        "A function returns what JSON can't say",
        "The function has run, but its result can't be written as JSON",
        calling("mumble"),
    ),
    Failure(
        what="A function ends the process: the run is taken up, the function not run twice",
        state=State.COMPLETED,
        says="die() → failed: This call had been started when the process that ran it ended.",
        told_by=("tool_executed",),
        can=_BY_MODEL,
        on=NO_PROVIDER,
        text="call die {}",
        given=lambda _: {},
        act=_killed,
    ),
    Failure(
        what="The model asks for functions more often than MAX_TOOL_ROUNDS",
        state=State.INCOMPLETE,
        says="the model kept asking for functions",
        code="max_tool_rounds",
        provoke=_endlessly,
    ),
)
