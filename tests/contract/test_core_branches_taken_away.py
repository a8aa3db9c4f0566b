"""Exports and searches of threads with branches: what is shown is told, in order, once."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from conversation.exports.examples import Tally, example_of
from conversation.history import Filter, Sort, Window
from conversation.records import Run
from proxies.demo_texts import BROKEN_OFF, BROKEN_OFF_REST
from setup.core import ParleyCore
from tests.contract.cores import DEMO, WAIT, ended, running
from tools.function import FunctionTool
from tools.registry import Tools


@pytest.fixture
def core(tmp_path: Path) -> Iterator[ParleyCore]:
    """A core on a database of its own."""
    with running(f"sqlite:///{tmp_path}/parley.db") as core:
        yield core


def ask(core: ParleyCore, text: str, thread_id: str | None = None) -> Run:
    return ended(core, core.start(text, DEMO, thread_id=thread_id).id)


def told(core: ParleyCore, thread_id: str) -> list[tuple[list[str], str]]:
    """Return what an export has: what was asked, and the answer."""
    passages = core.exports.transcript(thread_id).passages
    return [([one.text for one in passage.asked], passage.answer) for passage in passages]


def found(core: ParleyCore, text: str) -> set[str]:
    """Return the runs in which a text is found."""
    lines = core.history.runs(Filter(text=text), Sort(), Window())
    return {line.run_id for line in lines.rows}


def test_active_branch_alone_is_exported(core: ParleyCore) -> None:
    first = ask(core, "echo one")
    second = ask(core, "echo two", first.thread_id)
    ended(core, core.regenerate(second.id, DEMO).id)
    ended(core, core.edit(second.message_id or "", "echo three", DEMO).id)

    assert told(core, first.thread_id) == [(["echo one"], "one"), (["echo three"], "three")]

    core.store.choose_branch(first.thread_id, first.branch_id).result(WAIT)
    assert told(core, first.thread_id) == [(["echo one"], "one"), (["echo two"], "two")]


def test_other_answer_takes_the_place_of_the_first(core: ParleyCore) -> None:
    run = ask(core, "echo one")
    again = ended(core, core.regenerate(run.id, DEMO).id)

    [passage] = core.exports.transcript(run.thread_id).passages

    assert passage.run
    assert (passage.run.id, passage.asked[0].text) == (again.id, "echo one")


def test_continuation_is_a_passage_of_its_own(core: ParleyCore) -> None:
    run = ask(core, "break off")
    ended(core, core.carry_on(run.id, DEMO).id)
    ask(core, "echo more", run.thread_id)

    assert told(core, run.thread_id) == [
        (["break off"], BROKEN_OFF),
        ([], BROKEN_OFF_REST),
        (["echo more"], "more"),
    ]
    text = core.exports.markdown(run.thread_id).whole().decode()
    assert text.count("## User") == 2


def test_what_was_pieced_together_teaches_no_model(core: ParleyCore) -> None:
    run = ask(core, "break off")
    ended(core, core.carry_on(run.id, DEMO).id)
    ask(core, "echo more", run.thread_id)

    example = example_of(core.exports.transcript(run.thread_id), tally := Tally())

    assert example
    assert [one.answer for one in example.passages] == ["more"]
    assert tally.left_out == {"not_completed": 1, "no_question": 1}


def test_every_branch_is_found_by_its_words(core: ParleyCore) -> None:
    run = ask(core, "echo apples")
    edited = ended(core, core.edit(run.message_id or "", "echo pears", DEMO).id)
    again = ended(core, core.regenerate(edited.id, DEMO).id)

    assert found(core, "apples") == {run.id}
    assert found(core, "pears") == {edited.id, again.id}


def test_replay_asks_what_is_shown(core: ParleyCore) -> None:
    run = ask(core, "echo one")
    ended(core, core.edit(run.message_id or "", "echo other", DEMO).id)

    replay = core.replays.start(run.thread_id, DEMO, recorded=False)

    assert core.replays.wait(replay.thread_id, WAIT).state == "finished"
    assert told(core, replay.thread_id) == [(["echo other"], "other")]


def test_replay_remembers_what_is_shown(tmp_path: Path) -> None:
    ticks = count(1)

    def tick() -> str:
        """Count."""
        return f"tick {next(ticks)}"

    with running(f"sqlite:///{tmp_path}/parley.db", tools=Tools(FunctionTool(tick))) as core:
        run = ask(core, "call tick {}")
        ended(core, core.regenerate(run.id, DEMO).id)

        replay = core.replays.start(run.thread_id, DEMO, recorded=True)

        assert core.replays.wait(replay.thread_id, WAIT).state == "finished"
        assert told(core, replay.thread_id) == told(core, run.thread_id)
        assert "tick 2" in told(core, replay.thread_id)[0][1]
