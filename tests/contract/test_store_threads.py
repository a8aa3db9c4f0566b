"""What people change of threads, and what a page reads of many runs at once."""

from dataclasses import replace

import pytest

from conversation.errors import NotFound, Superseded
from conversation.ports import Store
from conversation.records import ModelCall
from conversation.script import State
from storage import paging
from storage.store import SqlStore
from tests.contract.forks import edit, go_on, regenerate, talk
from tests.contract.stores import WAIT, Clock, begin, move, opening, to_running


def test_new_thread_is_kept_with_all_it_has(store: Store, clock: Clock) -> None:
    began = opening(clock)
    assert began.thread
    full = replace(
        began.thread, title="A plan", titled_by="person", pinned=True, instructions="Be brief."
    )

    store.accept(replace(began, thread=full)).result(WAIT)

    assert store.thread(full.id) == full
    assert store.threads() == [full]


def test_change_leaves_what_is_not_given(store: Store, clock: Clock) -> None:
    thread = talk(store, clock, "one")

    assert store.change_thread(thread.id).result(WAIT) == thread
    pinned = store.change_thread(thread.id, pinned=True).result(WAIT)
    assert pinned == replace(thread, pinned=True)
    told = store.change_thread(thread.id, instructions="Rhyme.").result(WAIT)
    assert told == replace(pinned, instructions="Rhyme.") == store.thread(thread.id)
    last = store.change_thread(thread.id, pinned=False, instructions="").result(WAIT)
    assert last == thread == store.thread(thread.id)


def test_title_given_is_a_persons(store: Store, clock: Clock) -> None:
    thread = talk(store, clock, "one")

    changed = store.change_thread(thread.id, title="My talk").result(WAIT)

    assert (changed.title, changed.titled_by) == ("My talk", "person")
    assert store.thread(thread.id) == changed


def test_unknown_thread_is_not_changed(store: Store) -> None:
    for pinned in (None, True):
        with pytest.raises(NotFound):
            store.change_thread("thread_nobody", pinned=pinned).result(WAIT)


def test_model_titles_a_thread_once(store: Store, clock: Clock) -> None:
    thread = talk(store, clock, "one")

    assert store.entitle(thread.id, "Numbers").result(WAIT) is True
    assert store.entitle(thread.id, "Digits").result(WAIT) is False

    assert store.thread(thread.id) == replace(thread, title="Numbers", titled_by="model")


def test_model_leaves_a_persons_title(store: Store, clock: Clock) -> None:
    thread = talk(store, clock, "one")
    mine = store.change_thread(thread.id, title="Mine").result(WAIT)

    assert store.entitle(thread.id, "Numbers").result(WAIT) is False
    assert store.entitle("thread_nobody", "Numbers").result(WAIT) is False
    assert store.thread(thread.id) == mine


def test_what_no_database_takes_is_replaced(sql: SqlStore, clock: Clock) -> None:
    thread = talk(sql, clock, "one")

    changed = sql.change_thread(thread.id, title="a\0b", instructions="c\ud800d").result(WAIT)

    assert changed == sql.thread(thread.id)
    assert (changed.title, changed.instructions) == ("a\ufffdb", "c\ufffdd")


@pytest.mark.parametrize("at_once", [1, 500])
def test_runs_of_messages_are_those_before_and_after_them(
    store: Store, clock: Clock, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "IDS_AT_ONCE", at_once)
    thread = talk(store, clock, "one", "two")
    talk(store, clock, "elsewhere")
    question, answer, second, _ = store.messages(thread.id)
    again = regenerate(store, clock, question, "uno")
    first, other, _ = store.runs(thread.id)

    assert store.runs_of([]) == []
    assert store.runs_of([answer]) == [first]
    assert store.runs_of([second]) == [other]
    assert [run.id for run in store.runs_of([question])] == [first.id, again.id]
    everything = [question, answer, second, *store.messages(thread.id)]
    assert store.runs_of(everything) == store.runs(thread.id)


@pytest.mark.parametrize("at_once", [1, 500])
def test_logs_of_several_runs_are_read_together(
    store: Store, clock: Clock, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "IDS_AT_ONCE", at_once)
    thread = talk(store, clock, "one")
    edit(store, clock, store.messages(thread.id)[0], "uno")
    go_on(store, clock, thread.id, "dos")
    ids = [run.id for run in store.runs(thread.id)]

    found = store.logs([*ids, ids[0], "run_nobody"])

    assert found == {run_id: store.events(run_id) for run_id in ids}
    assert store.logs([]) == {}


def model_call(clock: Clock, run_id: str, number: int, attempt: int = 1) -> ModelCall:
    """A request without a response."""
    return ModelCall(
        run_id=run_id,
        number=number,
        attempt=attempt,
        provider="openai",
        request='{"input": "Grüße \N{GRINNING FACE}"}',
        started_at=clock.time,
    )


def test_model_calls_are_kept_in_order(store: Store, clock: Clock) -> None:
    run = begin(store, clock)
    to_running(store, run)
    first, retry, second = (
        model_call(clock, run.id, number, attempt) for number, attempt in ((1, 1), (1, 2), (2, 1))
    )

    for calls in ((second,), (retry, first)):
        store.write(move(run, State.RUNNING, State.RUNNING, model_calls=calls)).result(WAIT)

    assert store.model_calls(run.id) == [first, retry, second]
    assert store.model_calls(begin(store, clock).id) == []
    with pytest.raises(NotFound):
        store.model_calls("run_nobody")


def test_response_completes_a_model_call(store: Store, clock: Clock) -> None:
    run = begin(store, clock)
    asked = model_call(clock, run.id, 1)
    store.write(move(run, State.READY, State.STARTED, model_calls=(asked,))).result(WAIT)
    clock.forward(2)
    whole = replace(asked, response='{"output": []}', ended_at=clock.time)

    store.write(move(run, State.STARTED, State.COMPLETED, model_calls=(whole,))).result(WAIT)

    assert store.model_calls(run.id) == [whole]
    with pytest.raises(Superseded):
        late = move(run, State.COMPLETED, State.COMPLETED, model_calls=(asked,))
        store.write(late).result(WAIT)
    assert store.model_calls(run.id) == [whole]
