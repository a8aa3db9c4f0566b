"""What a core does for people beside accepting messages: edits, other answers, ratings."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from conversation.branches import line, runs_of_line, variants
from conversation.choice import Choice
from conversation.errors import BadInput, EmptyMessage, NotConfigured, NotFound, ThreadBusy
from conversation.events import MessageSent
from conversation.ids import new_id
from conversation.records import Assistant, Message, Run
from conversation.script import State
from setup.casting import DEFAULT_INSTRUCTIONS
from setup.core import ParleyCore
from setup.threads import LONGEST_COMMENT
from tests.contract.cores import DEMO, ENDLESS, WAIT, ended, running, speaking
from tests.stage import now


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParleyCore]:
    """A core for tests that need no more than a thread of their own."""
    file = tmp_path_factory.mktemp("threads") / "parley.db"
    with running(f"sqlite:///{file}") as core:
        yield core


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[ParleyCore]:
    """A core whose answers take their time."""
    with running(f"sqlite:///{tmp_path}/parley.db", demo_delay_seconds=0.02) as core:
        yield core


def ask(core: ParleyCore, text: str, thread_id: str | None = None) -> Run:
    """Ask and wait for the answer."""
    return ended(core, core.start(text, DEMO, thread_id=thread_id).id)


def messages(core: ParleyCore, thread_id: str) -> list[Message]:
    return core.store.messages(thread_id)


def shown(core: ParleyCore, thread_id: str) -> list[str]:
    return [message.text for message in messages(core, thread_id)]


# editing


def test_edited_message_begins_a_branch(core: ParleyCore) -> None:
    first = ask(core, "echo one")
    thread_id = first.thread_id
    ask(core, "echo two", thread_id)
    assert first.message_id

    edited = ended(core, core.edit(first.message_id, "echo other", DEMO).id)

    assert shown(core, thread_id) == ["echo other", "other"]
    thread = core.store.thread(thread_id)
    assert edited.branch_id == thread.branch_id != first.branch_id
    found = variants(core.store.branches(thread_id), thread.branch_id)
    assert found[1].leaves == (first.branch_id, edited.branch_id)
    core.store.choose_branch(thread_id, first.branch_id).result(WAIT)
    assert shown(core, thread_id) == ["echo one", "one", "echo two", "two"]


def test_message_of_another_branch_can_be_edited(core: ParleyCore) -> None:
    first = ask(core, "echo one")
    second = ask(core, "echo two", first.thread_id)
    assert first.message_id and second.message_id
    ended(core, core.edit(first.message_id, "echo other", DEMO).id)

    ended(core, core.edit(second.message_id, "echo three", DEMO).id)

    assert shown(core, first.thread_id) == ["echo one", "one", "echo three", "three"]


def test_next_message_goes_to_the_active_branch(core: ParleyCore) -> None:
    first = ask(core, "echo one")
    assert first.message_id
    edited = ended(core, core.edit(first.message_id, "echo other", DEMO).id)

    later = ask(core, "echo more", first.thread_id)

    assert later.branch_id == edited.branch_id
    assert shown(core, first.thread_id) == ["echo other", "other", "echo more", "more"]


def test_only_user_messages_are_edited(core: ParleyCore) -> None:
    run = ask(core, "echo one")
    answer = messages(core, run.thread_id)[-1]

    with pytest.raises(BadInput) as refused:
        core.edit(answer.id, "echo two", DEMO)

    assert refused.value.field == "message_id"
    with pytest.raises(NotFound):
        core.edit("msg_nobody", "echo two", DEMO)


def test_message_is_not_edited_away(core: ParleyCore) -> None:
    run = ask(core, "echo one")
    assert run.message_id

    with pytest.raises(EmptyMessage):
        core.edit(run.message_id, " \n", DEMO)


def test_busy_thread_gets_no_branch(slow: ParleyCore) -> None:
    run = slow.start(ENDLESS, DEMO)
    speaking(slow, run.id)

    with pytest.raises(ThreadBusy):
        slow.edit(run.message_id or "", "echo two", DEMO)
    with pytest.raises(ThreadBusy):
        slow.regenerate(run.id, DEMO)
    with pytest.raises(ThreadBusy):
        slow.carry_on(run.id, DEMO)

    assert len(slow.store.branches(run.thread_id)) == 1


# answering again


def test_message_is_answered_again_in_a_branch(core: ParleyCore) -> None:
    run = ask(core, "echo one")
    ask(core, "echo two", run.thread_id)

    again = ended(core, core.regenerate(run.id, DEMO).id)

    assert again.message_id == run.message_id
    assert shown(core, run.thread_id) == ["echo one", "one"]
    found = variants(core.store.branches(run.thread_id), again.branch_id)
    assert {place: one.leaves for place, one in found.items()} == {
        2: (run.branch_id, again.branch_id)
    }


def test_log_says_what_is_asked_again(core: ParleyCore) -> None:
    run = ask(core, "echo one")

    again = ended(core, core.regenerate(run.id, DEMO).id)

    first = core.store.events(again.id)[0].event
    assert first == MessageSent(message_id=run.message_id or "", text="echo one")


def test_failed_run_is_tried_again(core: ParleyCore) -> None:
    run = ask(core, "fail")
    assert run.state is State.ERROR

    again = core.regenerate(run.id, DEMO)

    assert ended(core, again.id).state is State.ERROR
    here = line(core.store.branches(run.thread_id), core.store.thread(run.thread_id).branch_id)
    runs = core.store.runs_of(messages(core, run.thread_id))
    assert [one.id for one in runs_of_line(here, runs, messages(core, run.thread_id))] == [again.id]


def test_other_model_can_answer_again(core: ParleyCore) -> None:
    run = ask(core, "echo one")

    with pytest.raises(NotConfigured):
        core.regenerate(run.id, Choice(provider="openai"))

    assert core.regenerate(run.id, Choice(provider="demo", model="demo:x")).spec.model == "x"


# instructions


def test_instructions_of_a_thread_follow_the_general_ones(core: ParleyCore) -> None:
    run = core.start("echo one", DEMO, instructions=" Be brief.\n")

    later = ask(core, "echo two", ended(core, run.id).thread_id)

    assert core.store.thread(run.thread_id).instructions == "Be brief."
    wanted = f"{DEFAULT_INSTRUCTIONS}\n\nBe brief."
    assert {run.spec.instructions, later.spec.instructions} == {wanted}


def test_instructions_reach_every_kind_of_run(core: ParleyCore) -> None:
    run = ended(core, core.start("break off", DEMO).id)
    core.store.change_thread(run.thread_id, instructions="Be brief.").result(WAIT)

    runs = [
        ended(core, core.carry_on(run.id, DEMO).id),
        ended(core, core.regenerate(run.id, DEMO).id),
        ended(core, core.edit(run.message_id or "", "your instructions", DEMO).id),
    ]

    assert all(one.spec.instructions.endswith("\n\nBe brief.") for one in runs)
    assert "Be brief." in shown(core, run.thread_id)[-1]


def test_assistant_without_instructions_has_the_threads_alone(core: ParleyCore) -> None:
    assistant = Assistant(id=new_id("asst"), model="demo", created_at=now())
    core.store.save_assistant(assistant)

    run = core.start("echo one", Choice(assistant_id=assistant.id), instructions="Be brief.")

    assert run.spec.instructions == "Be brief."


# ratings


def test_rating_is_kept_and_taken_back(core: ParleyCore) -> None:
    run = ask(core, "echo one")

    core.rate(run.id, "down", "  too short\0 ")
    kept = core.store.feedback([run.id])[run.id]
    core.rate(run.id, None)

    assert (kept.rating, kept.comment) == ("down", "too short\N{REPLACEMENT CHARACTER}")
    assert core.store.feedback([run.id]) == {}


def test_comment_has_its_limit(core: ParleyCore) -> None:
    run = ask(core, "echo one")
    core.rate(run.id, "up", "x" * LONGEST_COMMENT)

    with pytest.raises(BadInput) as refused:
        core.rate(run.id, "up", "x" * (LONGEST_COMMENT + 1))

    assert refused.value.field == "comment"


def test_rating_is_one_of_two(core: ParleyCore) -> None:
    run = ask(core, "echo one")

    with pytest.raises(BadInput) as refused:
        core.rate(run.id, "great")  # type: ignore[arg-type]

    assert refused.value.field == "rating"


@pytest.mark.parametrize("rating", ["up", None])
def test_only_what_is_there_is_rated(core: ParleyCore, rating: None) -> None:
    with pytest.raises(NotFound):
        core.rate("run_nobody", rating)
