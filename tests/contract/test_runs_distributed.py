"""Runs in a queue on PostgreSQL: accepted by one process, executed by any that takes them."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine

from conversation.choice import Choice
from conversation.errors import StoreUnavailable, ThreadBusy
from conversation.events import StateChanged
from conversation.ids import new_id
from conversation.ports import ToolPolicy
from conversation.records import Assistant, Run
from conversation.script import State
from conversation.turns import ToolSpec
from runs.means import Limits
from setup.core import ParleyCore
from tests.contract.cores import DEMO, ENDLESS, QUICK, ended, running, speaking, until, when
from tests.contract.stores import empty
from tests.contract.workers import cut_off, jobs, put, server, worker_process
from tests.stage import now
from tools.function import FunctionTool
from tools.registry import Tools

SLOW = 0.02
PATIENT = replace(QUICK, sweep=3600)
"""A process that takes up nothing but what is in the queue."""
MORTAL = Limits(dead_after=2.5, heartbeat=0.1, sweep=0.1)


@pytest.fixture
def url(postgres: str, postgres_engine: Engine) -> Iterator[str]:
    """A database whose queue is empty, too."""
    with web(postgres):
        pass  # which makes the queue's tables
    with server(postgres) as connection:
        connection.execute("DELETE FROM procrastinate_jobs")
    yield postgres
    empty(postgres_engine)


@contextmanager
def web(url: str, **options: Any) -> Iterator[ParleyCore]:
    """A process that accepts runs and executes none."""
    with running(url, run_worker="off", **options) as core:
        yield core


def executed_by(core: ParleyCore) -> str:
    return core._parts.worker.id


def client_side(core: ParleyCore) -> Choice:
    """Somebody whose function runs at the client."""
    kept = core.store.save_assistant(
        Assistant(
            id=new_id("asst"),
            model="demo",
            tools=(ToolSpec(name="ask", runs="client"),),
            created_at=now(),
        )
    )
    return Choice(assistant_id=kept.id)


def at_client(core: ParleyCore) -> tuple[Run, str]:
    """A run that waits for a client, and the call that it waits for."""
    run = core.start("call ask {}", client_side(core))
    run = until(core, run.id, lambda run: run.waiting == "client")
    [record] = core.store.exchange(run.id).calls
    return run, record.call.call_id


def answer(core: ParleyCore, run: Run) -> str:
    return core.store.messages(run.thread_id)[-1].text


# who executes what


def test_run_comes_with_its_job(url: str) -> None:
    with web(url) as core:
        run = core.start("echo Hello", DEMO)

        assert jobs(url) == [(run.id, "todo")]
        assert (run.worker_id, run.fence, run.attempt) == (None, 0, 0)
        assert core.store.run(run.id).state is State.READY


def test_run_that_is_refused_leaves_no_job(url: str) -> None:
    with web(url) as core:
        run = core.start("echo Hello", DEMO)

        with pytest.raises(ThreadBusy):
            core.start("echo again", DEMO, thread_id=run.thread_id)

        assert jobs(url) == [(run.id, "todo")]


def test_run_that_can_not_be_queued_is_not_accepted(url: str) -> None:
    rename = "ALTER FUNCTION procrastinate_defer_jobs_v1{} RENAME TO procrastinate_defer_jobs_v1{}"
    with web(url) as core:
        with server(url) as connection:
            connection.execute(rename.format("", "_gone").encode())
            try:
                with pytest.raises(StoreUnavailable, match="queue of runs"):
                    core.start("echo Hello", DEMO)
            finally:
                connection.execute(rename.format("_gone", "").encode())

        assert (core.store.threads(), jobs(url)) == ([], [])
        core.start("echo Hello", DEMO)
        assert len(jobs(url)) == 1


def test_another_process_executes_it_and_the_first_one_follows(url: str) -> None:
    with web(url) as core, running(url, limits=PATIENT) as worker:
        run = core.start("echo Hello", DEMO)

        done = ended(core, run.id)

        assert (done.state, done.fence, done.attempt) == (State.COMPLETED, 1, 1)
        assert answer(core, done) == "Hello"
        when(worker, lambda: jobs(url) == [])


def test_run_accepted_before_there_is_a_worker_is_executed_by_the_first(url: str) -> None:
    with web(url) as core:
        run = core.start("echo Hello", DEMO)
        with running(url, limits=PATIENT):
            assert ended(core, run.id).state is State.COMPLETED


def test_process_with_room_executes_what_it_accepts(url: str) -> None:
    with running(url, limits=PATIENT) as core, running(url, limits=PATIENT):
        run = core.start("echo Hello", DEMO)

        assert (run.worker_id, run.fence, jobs(url)) == (executed_by(core), 1, [])
        assert ended(core, run.id).state is State.COMPLETED


def test_process_with_room_goes_on_where_it_hears_the_answer(url: str) -> None:
    with running(url, limits=PATIENT) as core:
        run, call_id = at_client(core)

        core.submit(run.id, {call_id: "forty-two"})

        done = ended(core, run.id)
        when(core, lambda: jobs(url) == [])
        assert (core.store.run(run.id), done.fence, done.attempt) == (done, 2, 1)


def test_outputs_of_a_client_bring_the_next_job(url: str) -> None:
    with web(url) as core:
        with running(url, limits=PATIENT):
            run, call_id = at_client(core)
            when(core, lambda: jobs(url) == [])
        going_on = core.submit(run.id, {call_id: "forty-two"})
        assert (jobs(url), going_on.worker_id) == ([(run.id, "todo")], None)

        with running(url, limits=PATIENT):
            done = ended(core, run.id)

        assert (done.state, done.fence, done.attempt) == (State.COMPLETED, 2, 1)
        assert "forty-two" in answer(core, done)


def test_decision_of_a_person_brings_the_next_job(url: str) -> None:
    launched: list[str] = []

    def launch(rocket: str) -> str:
        """Launch a rocket.

        Args:
            rocket: Its name.
        """
        launched.append(rocket)
        return f"{rocket} flies"

    tools = Tools(FunctionTool(launch, ToolPolicy(needs_approval=True)))
    with web(url, tools=tools) as core, running(url, tools=tools, limits=PATIENT):
        run = core.start('call launch {"rocket": "V2"}', DEMO)
        until(core, run.id, lambda run: run.waiting == "person")
        [record] = core.store.exchange(run.id).calls

        core.decide(run.id, record.call.call_id, approved=True)

        done = ended(core, run.id)
        assert (done.state, launched) == (State.COMPLETED, ["V2"])
        assert "V2 flies" in answer(core, done)


def test_run_without_room_anywhere_waits_in_the_queue(url: str) -> None:
    with running(url, run_worker_at_once=1, demo_delay_seconds=SLOW) as core:
        own, taken = (core.start(ENDLESS, DEMO) for _ in range(2))
        for run in (own, taken):
            speaking(core, run.id)
        third = core.start("echo Hello", DEMO)

        core._parts.runner.call(core._parts.upkeep._take_up_orphans())

        assert core.store.run(third.id).state is State.READY
        core.cancel(taken.id)
        assert ended(core, third.id).state is State.COMPLETED


def test_run_without_room_where_it_was_accepted_is_executed_elsewhere(url: str) -> None:
    slow = {"demo_delay_seconds": SLOW}
    with (
        running(url, run_worker_at_once=1, **slow) as core,
        running(url, limits=PATIENT, **slow) as worker,
    ):
        runs = [core.start(ENDLESS, DEMO) for _ in range(4)]
        for run in runs:
            speaking(core, run.id)

        where = {core.store.run(run.id).worker_id for run in runs}

        assert where == {executed_by(core), executed_by(worker)}


def test_process_leaves_runs_of_providers_it_does_not_know_to_others(url: str) -> None:
    with web(url) as core, running(url, limits=PATIENT) as worker:
        worker._parts.queue._providers = lambda: {"gemini"}  # type: ignore[attr-defined]
        run = core.start("echo Hello", DEMO)
        when(worker, lambda: jobs(url) == [])
        assert core.store.run(run.id).state is State.READY

        with running(url):
            assert ended(core, run.id).state is State.COMPLETED


# stopping, and running out of time


def test_run_in_the_queue_is_stopped_at_once(url: str) -> None:
    with web(url) as core:
        run = core.start("echo Hello", DEMO)

        assert core.cancel(run.id).state is State.CANCELLED

        with running(url, limits=PATIENT):
            when(core, lambda: jobs(url) == [])
        assert core.store.run(run.id).fence == 0


def test_run_is_stopped_from_a_process_that_does_not_execute_it(url: str) -> None:
    with web(url) as core, running(url, demo_delay_seconds=SLOW) as worker:
        run = core.start(ENDLESS, DEMO)
        speaking(core, run.id)
        assert core.store.run(run.id).worker_id == executed_by(worker)

        core.cancel(run.id)

        assert ended(core, run.id).state is State.CANCELLED


def test_run_that_nobody_takes_expires(url: str) -> None:
    with web(url, chat_run_expires_seconds=0.3) as core:
        assert ended(core, core.start("echo Hello", DEMO).id).state is State.EXPIRED


# jobs that are lost, repeated or late


def test_run_whose_job_was_lost_is_taken_up_from_the_log(url: str) -> None:
    with web(url) as core:
        run = core.start("echo Hello", DEMO)
        with server(url) as connection:
            connection.execute("DELETE FROM procrastinate_jobs")

        with running(url):
            assert ended(core, run.id).state is State.COMPLETED


def test_job_that_comes_twice_does_no_harm(url: str) -> None:
    with web(url) as core:
        run = core.start("echo Hello", DEMO)
        for _ in range(5):
            put(url, run.id, run.seq)

        with running(url), running(url):
            done = ended(core, run.id)
            when(core, lambda: jobs(url) == [])

        assert (done.state, done.attempt) == (State.COMPLETED, 1)
        moves = [one.event for one in core.store.events(run.id)]
        assert len([one for one in moves if isinstance(one, StateChanged)]) == 4


def test_job_that_is_late_leaves_a_run_alone_that_waits_for_a_client(url: str) -> None:
    with running(url, limits=PATIENT) as core:
        run, _ = at_client(core)
        waiting = core.store.run(run.id)

        put(url, run.id, 2)
        put(url, run.id, waiting.seq)
        when(core, lambda: jobs(url) == [])

        assert core.store.run(run.id) == waiting


def test_job_of_a_run_that_is_gone_does_no_harm(url: str) -> None:
    with running(url, limits=PATIENT) as core:
        put(url, new_id("run"), 2)
        when(core, lambda: jobs(url) == [])

        assert ended(core, core.start("echo Hello", DEMO).id).state is State.COMPLETED


def test_jobs_of_processes_that_died_are_removed(url: str) -> None:
    with running(url) as core:
        run = ended(core, core.start("echo Hello", DEMO).id)
        when(core, lambda: jobs(url) == [])
        put(url, run.id, 2)
        with server(url) as connection:
            connection.execute(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, status, args)"
                " VALUES ('parley', 'segment', 'doing', '{\"run_id\": \"run_x\", \"segment\": 2}')"
            )

        core._parts.runner.call(core._parts.queue._remove_stalled())  # type: ignore[attr-defined]

        when(core, lambda: jobs(url) == [])


# processes and servers that die


def test_run_of_a_killed_worker_is_finished_by_another(url: str) -> None:
    with web(url) as core, worker_process(url, DEMO_DELAY_SECONDS="0.02") as first:
        run = core.start("count to 200", DEMO)
        speaking(core, run.id)
        with running(url, limits=MORTAL):
            assert core.store.run(run.id).attempt == 1
            first.kill()

            done = ended(core, run.id)

    assert (done.state, done.attempt) == (State.COMPLETED, 2)


def test_worker_that_is_told_to_end_finishes_what_it_has(url: str) -> None:
    settings = {"DEMO_DELAY_SECONDS": "0.01", "DRAIN_SECONDS": "60"}
    with web(url) as core, worker_process(url, **settings) as worker:
        run = core.start("count to 100", DEMO)
        speaking(core, run.id)

        worker.process.send_signal(signal.SIGTERM)

        assert worker.ended() == 0
        done = core.store.run(run.id)
        assert (done.state, done.attempt) == (State.COMPLETED, 1)
        later = core.start("echo Hello", DEMO)
        assert jobs(url) == [(later.id, "todo")]


def test_what_a_worker_leaves_at_its_end_is_finished_by_another(url: str) -> None:
    settings = {"DEMO_DELAY_SECONDS": "0.02", "DRAIN_SECONDS": "0"}
    with web(url) as core, worker_process(url, **settings) as worker:
        run = core.start("count to 200", DEMO)
        speaking(core, run.id)
        worker.process.send_signal(signal.SIGTERM)
        assert worker.ended() == 0

        with running(url):
            done = ended(core, run.id)

    assert (done.state, done.attempt) == (State.COMPLETED, 2)


def test_worker_without_a_queue_says_what_it_needs() -> None:
    with worker_process("sqlite:///never.db") as worker:
        assert worker.ended() == 1


def test_nothing_is_lost_when_all_connections_end(url: str) -> None:
    with web(url) as core, running(url, demo_delay_seconds=SLOW) as worker:
        going_on = core.start("count to 100", DEMO)
        speaking(core, going_on.id)

        assert cut_off(url) > 3
        later = core.start("echo Hello", DEMO)

        assert ended(core, going_on.id).state is State.COMPLETED
        assert ended(core, later.id).state is State.COMPLETED
        assert answer(worker, going_on).endswith("99, 100.")
