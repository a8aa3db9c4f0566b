"""Replays on a real core: the demo model, functions that count, a database of their own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from conversation.choice import Choice
from conversation.errors import BadInput, NotConfigured, NotFound
from conversation.ids import new_id
from conversation.ports import ToolPolicy
from conversation.records import Assistant, Run, Thread
from conversation.script import State
from setup.core import ParleyCore
from setup.replayed import Replay, replay_of
from storage.schema import upgrade
from tests.contract.cores import DEMO, ENDLESS, IDLE, built, ended, running, speaking, until
from tests.services import postgres_schema
from tests.stage import now
from tools.function import FunctionTool
from tools.registry import Tools

LAUNCHED: list[str] = []

Build = Callable[..., ParleyCore]


def launch(rocket: str) -> str:
    """Launch a rocket.

    Args:
        rocket: Its name.
    """
    LAUNCHED.append(rocket)
    return f"{rocket} flies, start {len(LAUNCHED)}"


@pytest.fixture
def build_core(tmp_path: Path) -> Iterator[Build]:
    """Build cores on one database."""
    LAUNCHED.clear()
    with ExitStack() as closing:

        def build_one(policy: ToolPolicy | None = None) -> ParleyCore:
            tools = Tools(FunctionTool(launch, policy))
            core = built(f"sqlite:///{tmp_path}/parley.db", tools=tools, limits=IDLE)
            closing.callback(core.close)
            return core

        yield build_one


@pytest.fixture
def core(build_core: Build) -> ParleyCore:
    return build_core()


def said(core: ParleyCore, *texts: str, choice: Choice = DEMO) -> str:
    """Have a conversation; return its thread."""
    thread_id = None
    for text in texts:
        run = core.start(text, choice, thread_id=thread_id)
        ended(core, run.id)
        thread_id = run.thread_id
    return str(thread_id)


def interrupted(build_core: Build, *texts: str) -> tuple[ParleyCore, str, Replay]:
    """End a process in the middle of a replay; return the next, the source and the replay."""
    first = build_core()
    source = said(first, "wait 0.2", *texts)
    replay = first.replays.start(source, DEMO, recorded=True)
    first.close()
    second = build_core()
    until(second, str(replay.run_id), lambda run: run.ended)
    return second, source, replay


def finished(core: ParleyCore, replay: Replay) -> Replay:
    """Wait until nobody sends anything more."""
    return core.replays.wait(replay.thread_id)


def client_side(core: ParleyCore) -> Choice:
    """Make an assistant whose functions a client runs."""
    (tool,) = core.tools().specs()
    assistant = Assistant(
        id=new_id("asst"), model="demo", tools=(replace(tool, runs="client"),), created_at=now()
    )
    return Choice(assistant_id=core.store.save_assistant(assistant).id)


def answers(core: ParleyCore, thread_id: str) -> list[str]:
    return [m.text for m in core.store.messages(thread_id) if m.role == "assistant"]


def test_messages_are_sent_again_in_order(core: ParleyCore) -> None:
    source = said(core, "My name is Ada", "What is my name?", "echo bye")

    replay = finished(core, core.replays.start(source, DEMO, recorded=False))

    assert (replay.state, replay.done, replay.total) == ("finished", 3, 3)
    assert replay.thread_id != source
    assert answers(core, replay.thread_id) == answers(core, source)


def test_functions_run_again_if_wanted(core: ParleyCore) -> None:
    source = said(core, 'call launch {"rocket": "Ariane"}')

    replay = finished(core, core.replays.start(source, DEMO, recorded=False))

    assert LAUNCHED == ["Ariane", "Ariane"]
    assert "start 2" in answers(core, replay.thread_id)[-1]


def test_recorded_outputs_take_the_place_of_functions(core: ParleyCore) -> None:
    ask = 'call launch {"rocket": "Ariane"}'
    source = said(core, ask, "echo between", ask)

    replay = finished(core, core.replays.start(source, DEMO, recorded=True))

    assert LAUNCHED == ["Ariane", "Ariane"]
    assert answers(core, replay.thread_id) == answers(core, source)
    assert replay.recorded


def test_recorded_outputs_need_no_approval(build_core: Build) -> None:
    first = build_core()
    source = said(first, 'call launch {"rocket": "Ariane"}')
    careful = build_core(ToolPolicy(needs_approval=True))

    replay = finished(careful, careful.replays.start(source, DEMO, recorded=True))

    assert replay.state == "finished"
    assert LAUNCHED == ["Ariane"]


def test_functions_that_run_again_wait_for_approval(build_core: Build) -> None:
    source = said(build_core(), 'call launch {"rocket": "Ariane"}', "echo two")
    careful = build_core(ToolPolicy(needs_approval=True))

    replay = careful.replays.start(source, DEMO, recorded=False)
    run = until(careful, str(replay.run_id), lambda run: run.waiting == "person")
    waiting = careful.replays.progress(replay.thread_id)
    (call,) = careful.store.exchange(run.id).calls
    careful.decide(run.id, call.call.call_id, approved=True)

    assert (waiting.state, waiting.done) == ("running", 0)
    assert finished(careful, replay).state == "finished"
    assert LAUNCHED == ["Ariane", "Ariane"]


def test_replay_that_waits_for_a_client_can_be_cancelled(core: ParleyCore) -> None:
    source = said(core, 'call launch {"rocket": "Ariane"}')
    replay = core.replays.start(source, client_side(core), recorded=False)
    until(core, str(replay.run_id), lambda run: run.waiting == "client")

    assert core.replays.cancel(replay.thread_id).state == "cancelled"
    assert LAUNCHED == ["Ariane"]


def test_call_that_was_not_recorded_fails_and_says_so(build_core: Build) -> None:
    careful = build_core(ToolPolicy(needs_approval=True))
    run = careful.start('call launch {"rocket": "Ariane"}', DEMO)
    until(careful, run.id, lambda run: run.waiting == "person")
    careful.cancel(run.id)

    replay = finished(careful, careful.replays.start(run.thread_id, DEMO, recorded=True))

    assert "No call of launch with these arguments" in answers(careful, replay.thread_id)[-1]
    assert LAUNCHED == []


def test_client_functions_are_remembered_too(core: ParleyCore) -> None:
    source = said(core, 'call launch {"rocket": "Ariane"}')

    replay = finished(core, core.replays.start(source, client_side(core), recorded=True))

    assert answers(core, replay.thread_id) == answers(core, source)


def test_replay_is_on_whom_one_chooses(core: ParleyCore) -> None:
    source = said(core, "What are your instructions?")
    pirate = core.store.save_assistant(
        Assistant(id=new_id("asst"), model="demo", instructions="Say arr.", created_at=now())
    )

    replay = finished(
        core, core.replays.start(source, Choice(assistant_id=pirate.id), recorded=False)
    )

    assert "Say arr." in answers(core, replay.thread_id)[0]
    assert core.store.thread(replay.thread_id).metadata["replay_of"] == source


def test_bad_end_ends_the_replay(core: ParleyCore) -> None:
    source = said(core, "echo one", "fail", "echo two")

    replay = finished(core, core.replays.start(source, DEMO, recorded=False))

    assert (replay.state, replay.done, replay.total) == ("failed", 1, 3)
    assert replay.run_id is not None
    assert core.store.run(replay.run_id).error is not None
    with pytest.raises(BadInput, match="failed"):
        core.replays.go_on(replay.thread_id)


def test_replay_can_be_cancelled(core: ParleyCore) -> None:
    run = core.start(ENDLESS, DEMO)
    speaking(core, run.id)
    core.cancel(run.id)
    ended(core, run.id)
    said_more = core.start("echo more", DEMO, thread_id=run.thread_id)
    ended(core, said_more.id)
    replay = core.replays.start(run.thread_id, DEMO, recorded=False)
    speaking(core, str(replay.run_id))

    core.replays.cancel(replay.thread_id)
    ended(core, str(replay.run_id))

    assert core.replays.progress(replay.thread_id).state == "cancelled"
    assert len(core.store.runs(replay.thread_id)) == 1


def test_replay_goes_on_after_a_restart(build_core: Build) -> None:
    second, _, replay = interrupted(build_core, "echo two")

    stopped = second.replays.progress(replay.thread_id)
    again = finished(second, second.replays.go_on(replay.thread_id))

    assert (stopped.state, stopped.done) == ("stopped", 1)
    assert (again.state, again.done) == ("finished", 2)


def test_going_on_twice_sends_nothing_twice(core: ParleyCore) -> None:
    source = said(core, "wait 0.1", "echo two")
    replay = core.replays.start(source, DEMO, recorded=False)

    core.replays.go_on(replay.thread_id)
    core.replays.go_on(replay.thread_id)

    assert finished(core, replay).done == 2
    assert len(core.store.runs(replay.thread_id)) == 2


def test_replay_ends_with_its_source(core: ParleyCore) -> None:
    source = said(core, 'call launch {"rocket": "Ariane"}', "echo two")
    replay = core.replays.start(source, DEMO, recorded=True)
    core.history.delete_threads([source])

    stopped = finished(core, replay)

    assert stopped.state in {"stopped", "finished"}  # it may have been quicker
    assert LAUNCHED == ["Ariane"]


def test_what_is_left_of_a_deleted_source_is_not_sent(build_core: Build) -> None:
    second, source, replay = interrupted(build_core, "echo two")
    second.history.delete_threads([source])

    with pytest.raises(NotFound):
        second.replays.go_on(replay.thread_id)


def test_replay_of_a_replay_remembers_as_well(core: ParleyCore) -> None:
    source = said(core, 'call launch {"rocket": "Ariane"}')
    once = finished(core, core.replays.start(source, DEMO, recorded=True))

    twice = finished(core, core.replays.start(once.thread_id, DEMO, recorded=True))

    assert answers(core, twice.thread_id) == answers(core, source)
    assert LAUNCHED == ["Ariane"]


def test_two_replays_at_once_do_not_share_outputs(core: ParleyCore) -> None:
    ask = 'call launch {"rocket": "Ariane"}'
    source = said(core, ask, ask)

    replays = [core.replays.start(source, DEMO, recorded=True) for _ in range(2)]

    for replay in replays:
        assert finished(core, replay).state == "finished"
        assert answers(core, replay.thread_id) == answers(core, source)
    assert len(LAUNCHED) == 2


def test_who_goes_on_in_a_replay_takes_no_recorded_output(build_core: Build) -> None:
    ask = 'call launch {"rocket": "Ariane"}'
    second, source, replay = interrupted(build_core, ask, ask)
    ended(second, second.start(ask, DEMO, thread_id=replay.thread_id).id)

    finished(second, second.replays.go_on(replay.thread_id))

    assert answers(second, replay.thread_id)[2:] == answers(second, source)[1:]


def test_only_the_runs_of_a_replay_are_cancelled(core: ParleyCore) -> None:
    source = said(core, "echo one")
    replay = finished(core, core.replays.start(source, DEMO, recorded=False))
    in_replay = core.start(ENDLESS, DEMO, thread_id=replay.thread_id)
    elsewhere = core.start(ENDLESS, DEMO)
    speaking(core, in_replay.id)
    speaking(core, elsewhere.id)

    core.replays.cancel(replay.thread_id)
    with pytest.raises(NotFound):
        core.replays.cancel(elsewhere.thread_id)

    assert not core.store.run(in_replay.id).ended
    assert not core.store.run(elsewhere.id).ended


@pytest.mark.parametrize("total", [{}, {"replay_messages": "many"}])
def test_thread_that_only_looks_like_a_replay_is_none(total: dict[str, str]) -> None:
    thread = Thread(
        id=new_id("thread"),
        branch_id=new_id("branch"),
        metadata={"replay_of": new_id("thread")} | total,
        created_at=now(),
    )

    with pytest.raises(NotFound):
        replay_of(thread, [], driven=False)


def test_what_can_not_be_replayed_is_refused(core: ParleyCore) -> None:
    source = said(core, "echo one")

    with pytest.raises(NotFound):
        core.replays.start(new_id("thread"), DEMO, recorded=False)
    with pytest.raises(NotFound):
        core.replays.progress(source)
    with pytest.raises(NotConfigured):
        core.replays.start(source, Choice(provider="gemini"), recorded=False)


def test_source_and_replay_are_compared(core: ParleyCore) -> None:
    source = said(core, 'call launch {"rocket": "Ariane"}', "echo same")
    replay = finished(core, core.replays.start(source, DEMO, recorded=False))

    compared = core.compare(source, replay.thread_id)

    first, second = compared.pairs
    assert [op for op, _ in first.answers].count("delete") == 1
    assert second.answers == (("equal", "same"),)
    assert [(one.name, other.name) for one, other in first.calls if one and other] == [
        ("launch", "launch")
    ]
    assert compared.left.usage == compared.right.usage


def test_replayed_run_says_so_in_its_spec(core: ParleyCore) -> None:
    source = said(core, "echo one")
    replay = finished(core, core.replays.start(source, DEMO, recorded=True))
    runs: list[Run] = core.store.runs(replay.thread_id)

    assert [run.spec.recorded_from for run in runs] == [source]
    assert [run.state for run in runs] == [State.COMPLETED]


def test_replay_on_postgres_goes_the_same_way() -> None:
    with postgres_schema() as url:
        upgrade(url)
        with running(url, tools=Tools(FunctionTool(launch))) as core:
            source = said(core, 'call launch {"rocket": "Ariane"}', "echo two")
            replay = finished(core, core.replays.start(source, DEMO, recorded=True))
            done, copied = replay.done, answers(core, replay.thread_id) == answers(core, source)

    assert (done, copied) == (2, True)
