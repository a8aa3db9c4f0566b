"""Messages that wait for the exchange before them: in order, once, whichever process sends them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from conversation.choice import Choice
from conversation.errors import EmptyMessage, NotConfigured, NotFound
from conversation.ids import new_id
from conversation.records import Assistant, QueuedMessage, Run
from conversation.script import State
from setup.core import ParleyCore
from tests.contract.cores import (
    DEMO,
    ENDLESS,
    IDLE,
    QUICK,
    WAIT,
    ended,
    running,
    settled,
    speaking,
    when,
)
from tests.stage import now

SLOW = 0.02
ALONE = replace(QUICK, sweep=3600)


@pytest.fixture
def core(url: str) -> Iterator[ParleyCore]:
    """A core whose answers take their time, and that hears of its own exchanges alone."""
    with running(url, demo_delay_seconds=SLOW, limits=ALONE) as core:
        yield core


def busy(core: ParleyCore) -> Run:
    """Begin an exchange that lasts."""
    run = core.start(ENDLESS, DEMO)
    speaking(core, run.id)
    return run


def queued(core: ParleyCore, text: str, thread_id: str, choice: Choice = DEMO) -> QueuedMessage:
    """Send a message that has to wait."""
    message = core.send(text, choice, thread_id=thread_id)
    assert isinstance(message, QueuedMessage)
    return message


def left_waiting(core: ParleyCore, thread_id: str, text: str, provider: str = "demo") -> None:
    """Put a message in a queue as a process does that ends at once."""
    message = QueuedMessage(
        id=new_id("wait"), thread_id=thread_id, text=text, provider=provider, created_at=now()
    )
    core.store.enqueue(message).result(WAIT)


def failed(core: ParleyCore, thread_id: str | None = None) -> Run:
    """Let an exchange fail."""
    run = ended(core, core.start("fail", DEMO, thread_id=thread_id).id)
    assert run.state is State.ERROR
    return run


# sending


def test_message_of_an_idle_thread_is_sent(core: ParleyCore) -> None:
    first = ended(core, core.start("echo one", DEMO).id)

    run = core.send("echo two", DEMO, thread_id=first.thread_id, stream=False)

    assert isinstance(run, Run)
    assert run.spec.stream is False
    assert settled(core, first.thread_id)[-1] == "two"


def test_messages_of_a_busy_thread_are_sent_in_order(core: ParleyCore) -> None:
    run = busy(core)
    waiting = [queued(core, f"echo {number}", run.thread_id) for number in (1, 2, 3)]
    assert core.store.queue(run.thread_id) == waiting
    assert core.send_queued(run.thread_id) is None

    core.cancel(run.id)

    shown = settled(core, run.thread_id)
    assert shown[2:] == ["echo 1", "1", "echo 2", "2", "echo 3", "3"]


def test_queued_message_goes_to_whom_it_was_meant_for(core: ParleyCore) -> None:
    assistant = Assistant(
        id=new_id("asst"), model="demo", instructions="Be brief.", created_at=now()
    )
    core.store.save_assistant(assistant)
    run = busy(core)
    queued(core, "your instructions", run.thread_id, Choice(assistant_id=assistant.id))

    core.cancel(run.id)

    assert settled(core, run.thread_id)[-1].endswith("Be brief.")


def test_message_that_can_not_be_sent_is_not_queued(core: ParleyCore) -> None:
    run = busy(core)

    with pytest.raises(NotConfigured):
        core.send("echo one", Choice(provider="openai"), thread_id=run.thread_id)
    with pytest.raises(EmptyMessage):
        core.send(" ", DEMO, thread_id=run.thread_id)
    with pytest.raises(NotFound):
        core.send("echo one", DEMO, thread_id="thread_nobody")

    assert core.store.queue(run.thread_id) == []


def test_message_taken_back_is_not_sent(core: ParleyCore) -> None:
    run = busy(core)
    first = queued(core, "echo 1", run.thread_id)
    queued(core, "echo 2", run.thread_id)
    assert core.store.dequeue(first.id).result(WAIT)

    core.cancel(run.id)

    assert settled(core, run.thread_id)[2:] == ["echo 2", "2"]


# holding


def test_failure_holds_the_queue(core: ParleyCore) -> None:
    run = busy(core)
    queued(core, "fail", run.thread_id)
    held = queued(core, "echo 2", run.thread_id)
    core.cancel(run.id)
    when(core, lambda: core.store.queue(run.thread_id) == [held])
    [failing] = [one for one in core.store.runs(run.thread_id) if one.id != run.id]
    assert ended(core, failing.id).state is State.ERROR
    assert core.store.queue(run.thread_id) == [held]

    sent = core.send_queued(run.thread_id)

    assert sent
    assert ended(core, sent.id).state is State.COMPLETED
    assert core.store.queue(run.thread_id) == []


def test_message_typed_behind_held_ones_lets_them_go(core: ParleyCore) -> None:
    run = failed(core)
    left_waiting(core, run.thread_id, "echo 1")

    typed = core.send("echo 2", DEMO, thread_id=run.thread_id)

    assert isinstance(typed, QueuedMessage)
    assert settled(core, run.thread_id)[1:] == ["echo 1", "1", "echo 2", "2"]


def test_answer_after_all_lets_the_queue_go(core: ParleyCore) -> None:
    run = ended(core, core.start("break off", DEMO).id)
    left_waiting(core, run.thread_id, "echo 1")

    core.carry_on(run.id, DEMO)

    assert settled(core, run.thread_id)[-1] == "1"


def test_provider_that_is_missing_holds_the_queue(core: ParleyCore) -> None:
    run = ended(core, core.start("echo one", DEMO).id)
    left_waiting(core, run.thread_id, "echo 1", "openai")

    with pytest.raises(NotConfigured, match="OPENAI_API_KEY"):
        core.send_queued(run.thread_id)
    typed = core.send("echo 2", DEMO, thread_id=run.thread_id)

    assert [one.text for one in core.store.queue(run.thread_id)] == ["echo 1", "echo 2"]
    assert isinstance(typed, QueuedMessage)


def test_nothing_waits_in_an_idle_thread(core: ParleyCore) -> None:
    run = ended(core, core.start("echo one", DEMO).id)

    assert core.send_queued(run.thread_id) is None
    with pytest.raises(NotFound):
        core.send_queued("thread_nobody")


# several processes


def test_two_cores_send_each_message_once(url: str) -> None:
    with running(url) as core, running(url) as other:
        run = core.start(ENDLESS, DEMO)
        texts = [f"echo {number}" for number in range(20)]
        for number, text in enumerate(texts):
            (core, other)[number % 2].send(text, DEMO, thread_id=run.thread_id)
        with ThreadPoolExecutor(4) as pool:

            def press(one: ParleyCore) -> None:
                while one.store.queue(run.thread_id):
                    one.send_queued(run.thread_id)

            core.cancel(run.id)
            list(pool.map(press, (core, other, core, other)))

        shown = settled(core, run.thread_id)[-40:]

        assert shown == [said for text in texts for said in (text, text.removeprefix("echo "))]
        assert len(core.store.runs(run.thread_id)) == 21


def test_queue_moves_on_after_a_run_of_another_core(url: str) -> None:
    with (
        running(url, demo_delay_seconds=SLOW, limits=ALONE) as core,
        running(url, limits=ALONE) as other,
    ):
        run = busy(core)
        queued(other, "echo 1", run.thread_id)

        other.cancel(run.id)

        assert settled(other, run.thread_id)[-1] == "1"


def test_queue_survives_the_core_that_closes(url: str) -> None:
    with running(url, demo_delay_seconds=SLOW) as core:
        run = busy(core)
        queued(core, "echo 1", run.thread_id)

    with running(url, demo_delay_seconds=SLOW, limits=IDLE) as core:
        speaking(core, run.id)
        core.cancel(run.id)

        assert settled(core, run.thread_id)[-1] == "1"


def test_what_an_ended_process_left_waiting_is_sent(url: str) -> None:
    with running(url, limits=ALONE) as core:
        run = ended(core, core.start("echo one", DEMO).id)
        left_waiting(core, run.thread_id, "echo 1")

    with running(url) as core:
        assert settled(core, run.thread_id) == ["echo one", "one", "echo 1", "1"]


def test_what_failed_is_held_for_every_core(url: str) -> None:
    with running(url, limits=ALONE) as core:
        run = failed(core)
        left_waiting(core, run.thread_id, "echo 1")

    with running(url) as core:
        other = ended(core, core.start("echo one", DEMO).id)
        left_waiting(core, other.thread_id, "echo 2")
        settled(core, other.thread_id)  # so it has looked

        assert len(core.store.queue(run.thread_id)) == 1


# what else sends


def test_replay_and_queue_share_a_thread(core: ParleyCore) -> None:
    first = ended(core, core.start("count to 30", DEMO).id)
    ended(core, core.start("echo two", DEMO, thread_id=first.thread_id).id)
    replay = core.replays.start(first.thread_id, DEMO, recorded=False)
    queued(core, "echo mine", replay.thread_id)

    assert core.replays.wait(replay.thread_id, WAIT).state == "finished"

    assert set(settled(core, replay.thread_id)) >= {"two", "mine"}
