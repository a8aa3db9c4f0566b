"""Lists as API clients ask for them: by page, in both directions, and by what they belong to."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from conversation.errors import NotFound
from conversation.ids import new_id
from conversation.ports import Store
from conversation.records import Assistant, Page, Run, Step, Usage
from conversation.script import State
from conversation.turns import AnswerFormat, Sampling, ToolSpec
from tests.contract.stores import (
    WAIT,
    Clock,
    answer,
    bare_thread,
    begin,
    move,
    to_running,
    typed,
    writing_step,
)

KINDS = ("assistants", "threads", "messages", "runs", "steps")


class Lists:
    """A few of each kind, some made at the same time."""

    def __init__(self, store: Store, clock: Clock, size: int = 7) -> None:
        self.store = store
        self.thread = store.add_thread(bare_thread(clock)).result(WAIT)
        for number in range(size):
            store.add_message(typed(self.thread, clock, str(number))).result(WAIT)
            store.save_assistant(_assistant(clock))
            self.run = begin(store, clock, self.thread)
            steps = tuple(writing_step(self.run, answer(self.run, clock), clock) for _ in range(2))
            store.write(move(self.run, State.READY, State.CANCELLED, steps=steps)).result(WAIT)
            store.add_thread(bare_thread(clock)).result(WAIT)
            clock.forward(number % 2)
        self.run = begin(store, clock, self.thread)
        for number in range(size):
            step = writing_step(self.run, answer(self.run, clock), clock)
            store.write(move(self.run, State.READY, State.READY, steps=(step,))).result(WAIT)
            clock.forward(number % 2)

    def ids(self, kind: str, page: Page | None = None) -> list[str]:
        """A list of this kind, or a page of it."""
        store = self.store
        found: dict[str, Callable[[], Sequence[Any]]] = {
            "assistants": lambda: store.assistants(page),
            "threads": lambda: store.threads(page),
            "messages": lambda: store.messages(self.thread.id, page),
            "runs": lambda: store.runs(self.thread.id, page),
            "steps": lambda: store.steps(self.run.id, page),
        }
        return [one.id for one in found[kind]()]


@pytest.mark.parametrize("kind", KINDS)
def test_pages_go_on_after_and_end_before_an_id(store: Store, clock: Clock, kind: str) -> None:
    lists = Lists(store, clock)
    oldest_first = lists.ids(kind)
    assert len(oldest_first) >= 7

    for newest_first, place, limit in product((True, False), (0, 1, 4), (1, 3, 100)):
        ids = oldest_first[::-1] if newest_first else oldest_first
        after = Page(limit=limit, after=ids[place], newest_first=newest_first)
        before = Page(limit=limit, before=ids[place], newest_first=newest_first)
        between = replace(after, before=ids[-2])
        assert lists.ids(kind, after) == ids[place + 1 :][:limit]
        assert lists.ids(kind, before) == ids[:place][-limit:]
        assert lists.ids(kind, between) == ids[place + 1 : -2][:limit]


@pytest.mark.parametrize("kind", KINDS)
def test_pages_at_an_unknown_id_are_not_found(store: Store, clock: Clock, kind: str) -> None:
    lists = Lists(store, clock, size=1)

    for page in (Page(after="unknown"), Page(before="unknown")):
        with pytest.raises(NotFound):
            lists.ids(kind, page)


def test_messages_of_a_run_are_those_it_wrote(store: Store, clock: Clock) -> None:
    thread = store.add_thread(bare_thread(clock)).result(WAIT)
    runs = [_answered(store, clock, thread.id, count) for count in (1, 3)]

    assert [m.run_id for m in store.messages(thread.id, run_id=runs[0].id)] == [runs[0].id]
    ids = [message.id for message in store.messages(thread.id, run_id=runs[1].id)]
    assert len(ids) == 3
    newest = store.messages(thread.id, Page(limit=2), run_id=runs[1].id)
    assert [message.id for message in newest] == ids[:0:-1]
    assert store.messages(thread.id, run_id="run_unknown") == []
    with pytest.raises(NotFound):
        other = store.messages(thread.id, run_id=runs[0].id)[0].id
        store.messages(thread.id, Page(after=other), run_id=runs[1].id)


def test_threads_are_found_by_project_and_metadata(store: Store, clock: Clock) -> None:
    ids = {}
    for project, owner in product(("proj_1", "proj_2"), ("me", "you")):
        labels = {"owner": owner, 'a "b"': "c"}
        thread = bare_thread(clock, project_id=project, metadata=labels)
        ids[project, owner] = store.add_thread(thread).result(WAIT).id

    mine = store.threads(metadata={"owner": "me", 'a "b"': "c"})
    theirs = store.threads(Page(), metadata={"owner": "you"}, project_id="proj_2")

    assert [thread.id for thread in mine] == [ids["proj_1", "me"], ids["proj_2", "me"]]
    assert [thread.id for thread in theirs] == [ids["proj_2", "you"]]
    assert len(store.threads(project_id="proj_1")) == 2
    assert store.threads(project_id="proj_3") == []


def test_assistants_are_found_by_project(store: Store, clock: Clock) -> None:
    first, second = (
        store.save_assistant(replace(_assistant(clock), project_id=project))
        for project in ("proj_1", "proj_2")
    )

    assert store.assistants(project_id="proj_1") == [first]
    assert store.assistants(Page(), project_id="proj_2") == [second]
    with pytest.raises(NotFound):
        store.assistants(Page(after=first.id), project_id="proj_2")


def test_assistant_keeps_what_the_api_knows_of_it(store: Store, clock: Clock) -> None:
    wanted = replace(
        _assistant(clock),
        tools=(ToolSpec(name="price", runs="client", strict=True),),
        hosted=({"type": "file_search", "file_search": {"max_num_results": 3}},),
        resources={"code_interpreter": {"file_ids": ["file-1"]}},
        sampling=Sampling(temperature=0.0, top_p=1.0),
        answer=AnswerFormat(
            kind="json_schema", name="n", schema={"b": 1, "a": [None]}, strict=True
        ),
    )

    assert store.save_assistant(wanted) == wanted == store.assistant(wanted.id)


def test_deleted_assistant_is_only_known_by_its_versions(store: Store, clock: Clock) -> None:
    kept = store.save_assistant(_assistant(clock))
    first = store.save_assistant(_assistant(clock))
    second = store.save_assistant(replace(first, model="other"))

    store.remove_assistant(first.id).result(WAIT)

    assert (store.assistant(first.id, 1), store.assistant(first.id, 2)) == (first, second)
    assert store.assistants() == store.assistants(Page()) == [kept]
    with pytest.raises(NotFound):
        store.assistant(first.id)
    with pytest.raises(NotFound):
        store.assistants(Page(after=first.id))
    with pytest.raises(NotFound):
        store.save_assistant(second)
    for unknown in (first.id, "asst_unknown"):
        with pytest.raises(NotFound):
            store.remove_assistant(unknown).result(WAIT)


def test_step_keeps_its_usage(store: Store, clock: Clock) -> None:
    run = begin(store, clock)
    to_running(store, run)
    step = writing_step(run, answer(run, clock), clock)
    store.write(move(run, State.RUNNING, State.RUNNING, steps=(step,))).result(WAIT)
    assert store.step(step.id) == step

    used: Step = replace(
        step, status="completed", usage=Usage(input=7, output=5, cached=3, reasoning=1)
    )
    store.write(move(run, State.RUNNING, State.COMPLETED, steps=(used,))).result(WAIT)

    assert store.step(step.id) == used
    assert store.steps(run.id) == [used] == [*store.exchange(run.id).steps]


def test_unknown_run_or_step_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound):
        store.step("step_unknown")
    with pytest.raises(NotFound):
        store.steps("run_unknown")


def _assistant(clock: Clock) -> Assistant:
    return Assistant(id=new_id("asst"), model="demo", created_at=clock.time)


def _answered(store: Store, clock: Clock, thread_id: str, answers: int) -> Run:
    run = begin(store, clock, store.thread(thread_id))
    said = tuple(answer(run, clock, text="Hi", status="completed") for _ in range(answers))
    store.write(move(run, State.READY, State.COMPLETED, messages=said)).result(WAIT)
    return run
