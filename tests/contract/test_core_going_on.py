"""Answers that were cut off go on: partial and continuation are the whole text."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from conversation.choice import Choice
from conversation.errors import BadInput
from conversation.follower import Follower
from conversation.ids import new_id
from conversation.ports import TextDelta
from conversation.records import Assistant, Message, Run
from conversation.script import State
from conversation.turns import Said, Sampling, Turn
from proxies.demo_story import story
from proxies.demo_texts import BROKEN_OFF, BROKEN_OFF_REST
from setup.core import ParleyCore
from tests.contract.cores import DEMO, WAIT, ended, running
from tests.stage import now
from tools.registry import Tools
from tools.stocks import stock_tools

LONG = "Tell me a long story"
STORY = story(Turn(model="demo", messages=(Said(role="user", text=LONG),)))


@pytest.fixture
def core(tmp_path: Path) -> Iterator[ParleyCore]:
    """A core whose answers take their time."""
    tools = Tools(*stock_tools("sample"))
    url = f"sqlite:///{tmp_path}/parley.db"
    with running(url, tools=tools, demo_delay_seconds=0.002) as core:
        yield core


def ask(core: ParleyCore, text: str, thread_id: str | None = None) -> Run:
    return ended(core, core.start(text, DEMO, thread_id=thread_id).id)


def cut_off(core: ParleyCore, run: Run, *, after: int = 20) -> Run:
    """Stop a run once it has said so many characters."""
    heard = 0
    with Follower(core.feed, run.id) as follower:
        while heard < after:
            assert follower.wait(WAIT)
            assert not follower.ended
            heard += sum(len(one.text) for one in follower.take() if isinstance(one, TextDelta))
    core.cancel(run.id)
    return ended(core, run.id)


def answers(core: ParleyCore, run: Run) -> list[Message]:
    """Return what was said after the run's message."""
    return core.store.messages(run.thread_id)[1:]


def whole(core: ParleyCore, run: Run) -> str:
    return "".join(message.text for message in answers(core, run))


def test_answer_goes_on_where_it_was_stopped(core: ParleyCore) -> None:
    run = core.start(LONG, DEMO)
    cut_off(core, run)
    second = core.carry_on(run.id, DEMO)
    cut_off(core, second)

    third = ended(core, core.carry_on(second.id, DEMO).id)

    pieces = answers(core, run)
    assert [piece.run_id for piece in pieces] == [run.id, second.id, third.id]
    assert [piece.status for piece in pieces] == ["incomplete", "incomplete", "completed"]
    assert whole(core, run) == STORY


def test_continuation_answers_the_same_message(core: ParleyCore) -> None:
    run = ask(core, "break off")

    second = ended(core, core.carry_on(run.id, DEMO).id)

    assert (second.message_id, second.branch_id) == (run.message_id, run.branch_id)
    assert second.spec.continues == answers(core, run)[0].id
    assert [one.text for one in answers(core, run)] == [BROKEN_OFF, BROKEN_OFF_REST]
    assert len(core.store.branches(run.thread_id)) == 1


def test_answer_that_was_too_long_goes_on(core: ParleyCore) -> None:
    assistant = Assistant(
        id=new_id("asst"),
        model="demo",
        sampling=Sampling(max_output_tokens=4),
        created_at=now(),
    )
    core.store.save_assistant(assistant)
    choice = Choice(assistant_id=assistant.id)
    run = ended(core, core.start("count to 10", choice).id)
    assert run.state is State.INCOMPLETE

    second = ended(core, core.carry_on(run.id, choice).id)
    third = ended(core, core.carry_on(second.id, choice).id)

    assert third.state is State.COMPLETED
    assert whole(core, run) == "1, 2, 3, 4, 5, 6, 7, 8, 9, 10."


def test_answer_after_functions_goes_on(core: ParleyCore) -> None:
    ask_for = "Compare Microsoft and Nvidia"
    model = ask(core, ask_for)
    run = core.start(ask_for, DEMO)
    cut_off(core, run)

    ended(core, core.carry_on(run.id, DEMO).id)

    assert whole(core, run) == whole(core, model)


def test_continuation_that_said_nothing_is_tried_again(core: ParleyCore, tmp_path: Path) -> None:
    run = ask(core, "break off")
    with running(f"sqlite:///{tmp_path}/parley.db", demo_delay_seconds=60) as silent:
        second = silent.carry_on(run.id, DEMO)
        silent.cancel(second.id)
        assert ended(silent, second.id).state is State.CANCELLED

    ended(core, core.carry_on(second.id, DEMO).id)

    assert whole(core, run) == BROKEN_OFF + BROKEN_OFF_REST


def test_conversation_goes_on_after_a_continuation(core: ParleyCore) -> None:
    run = ask(core, "break off")
    ended(core, core.carry_on(run.id, DEMO).id)

    ask(core, "echo more", run.thread_id)

    assert answers(core, run)[-1].text == "more"


def test_whole_answer_is_not_gone_on_with(core: ParleyCore) -> None:
    run = ask(core, "echo one")

    with pytest.raises(BadInput) as refused:
        core.carry_on(run.id, DEMO)

    assert refused.value.field == "run_id"


def test_nothing_said_is_nothing_to_go_on_with(core: ParleyCore) -> None:
    with pytest.raises(BadInput):
        core.carry_on(ask(core, "fail").id, DEMO)


def test_earlier_answer_is_not_gone_on_with(core: ParleyCore) -> None:
    run = ask(core, "break off")
    ask(core, "break off", run.thread_id)

    with pytest.raises(BadInput):
        core.carry_on(run.id, DEMO)


def test_answer_of_another_branch_is_not_gone_on_with(core: ParleyCore) -> None:
    run = ask(core, "break off")
    ended(core, core.edit(run.message_id or "", "echo one", DEMO).id)

    with pytest.raises(BadInput):
        core.carry_on(run.id, DEMO)
