"""What people think of answers, and what they have set for themselves."""

from dataclasses import replace

import pytest

from conversation.errors import NotFound
from conversation.ports import Store
from conversation.records import Feedback
from storage import paging
from tests.contract.stores import WAIT, Clock, begin


def test_rating_takes_the_place_of_the_one_before(store: Store, clock: Clock) -> None:
    run = begin(store, clock)
    before = Feedback(run_id=run.id, rating="down", comment="Wrong.", at=clock.time)
    store.rate(before).result(WAIT)
    assert store.feedback([run.id]) == {run.id: before}
    clock.forward(60)
    after = Feedback(run_id=run.id, rating="up", at=clock.time)

    store.rate(after).result(WAIT)

    assert store.feedback([run.id]) == {run.id: after}


def test_rating_is_taken_back(store: Store, clock: Clock) -> None:
    run = begin(store, clock)
    store.rate(Feedback(run_id=run.id, rating="up", at=clock.time)).result(WAIT)

    for _ in range(2):
        store.unrate(run.id).result(WAIT)

    assert store.feedback([run.id]) == {}


def test_rating_changes_nothing_of_the_run(store: Store, clock: Clock) -> None:
    run = begin(store, clock)
    before = store.run(run.id), store.thread(run.thread_id), store.events(run.id)

    store.rate(Feedback(run_id=run.id, rating="up", at=clock.time)).result(WAIT)

    assert (store.run(run.id), store.thread(run.thread_id), store.events(run.id)) == before


def test_unknown_runs_are_not_rated(store: Store, clock: Clock) -> None:
    with pytest.raises(NotFound):
        store.rate(Feedback(run_id="run_nobody", rating="up", at=clock.time)).result(WAIT)


@pytest.mark.parametrize("at_once", [1, 500])
def test_feedback_of_many_runs_is_read_together(
    store: Store, clock: Clock, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "IDS_AT_ONCE", at_once)
    runs = [begin(store, clock) for _ in range(3)]
    up = Feedback(run_id=runs[0].id, rating="up", at=clock.time)
    down = replace(up, run_id=runs[2].id, rating="down")
    for one in (up, down):
        store.rate(one).result(WAIT)

    found = store.feedback([*(run.id for run in runs), "run_nobody"])

    assert found == {runs[0].id: up, runs[2].id: down}
    assert store.feedback([]) == {}


def test_preferences_are_kept_besides_the_others(store: Store) -> None:
    store.prefer("ann", {"language": "de", "model": "demo"}).result(WAIT)
    store.prefer("bob", {"language": "en"}).result(WAIT)

    store.prefer("ann", {"model": "gpt-4o", "steps": ""}).result(WAIT)
    store.prefer("ann", {}).result(WAIT)

    assert store.preferences("ann") == {"language": "de", "model": "gpt-4o", "steps": ""}
    assert store.preferences("bob") == {"language": "en"}
    assert store.preferences("nobody") == {}
