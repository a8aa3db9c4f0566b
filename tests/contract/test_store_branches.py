"""Branches: what each of them shows, at which positions, and which one is written to."""

from dataclasses import replace

import pytest

from conversation.errors import NotFound, ThreadBusy
from conversation.ids import new_id
from conversation.ports import Store
from conversation.records import Branch, Page
from conversation.script import State
from tests.contract.forks import (
    answered,
    asked,
    edit,
    editing,
    go_on,
    regenerate,
    regenerating,
    shown,
    talk,
)
from tests.contract.stores import WAIT, Clock, begin, move


def positions(store: Store, thread_id: str) -> list[int]:
    """Where the active branch's messages are."""
    return [message.position for message in store.messages(thread_id)]


def test_edit_in_the_middle_keeps_what_was_before(store: Store, clock: Clock) -> None:
    thread = talk(store, clock, "one", "two", "three")
    second = store.messages(thread.id)[2]

    edit(store, clock, second, "two again")

    assert shown(store, thread.id) == ["one", "ONE", "two again", "TWO AGAIN"]
    assert positions(store, thread.id) == [1, 2, 3, 4]


def test_edit_of_the_first_message_shares_nothing(store: Store, clock: Clock) -> None:
    thread = talk(store, clock, "one", "two")

    edit(store, clock, store.messages(thread.id)[0], "uno")
    go_on(store, clock, thread.id, "dos")

    assert shown(store, thread.id) == ["uno", "UNO", "dos", "DOS"]
    assert positions(store, thread.id) == [1, 2, 3, 4]


def test_message_is_answered_again_beside_itself(store: Store, clock: Clock) -> None:
    thread = talk(store, clock, "one", "two")
    question = store.messages(thread.id)[2]

    run = regenerate(store, clock, question, "deux")

    assert shown(store, thread.id) == ["one", "ONE", "two", "deux"]
    assert positions(store, thread.id) == [1, 2, 3, 4]
    assert [message.text for message in store.exchange(run.id).messages] == shown(store, thread.id)
    assert store.run(run.id).message_id == question.id


def test_fork_of_a_fork_shares_each_line_up_to_its_fork(store: Store, clock: Clock) -> None:
    thread = talk(store, clock, "a", "b", "c")
    edit(store, clock, store.messages(thread.id)[2], "b2")
    go_on(store, clock, thread.id, "c2")
    edit(store, clock, store.messages(thread.id)[4], "c3")
    go_on(store, clock, thread.id, "d3")
    deepest = store.thread(thread.id).branch_id
    edit(store, clock, store.messages(thread.id)[2], "b3")

    assert shown(store, thread.id) == ["a", "A", "b3", "B3"]
    store.choose_branch(thread.id, deepest).result(WAIT)
    assert shown(store, thread.id) == ["a", "A", "b2", "B2", "c3", "C3", "d3", "D3"]
    assert positions(store, thread.id) == list(range(1, 9))
    assert [branch.fork_position for branch in store.branches(thread.id)] == [None, 3, 5, 3]


def test_earlier_fork_cuts_what_a_later_one_shares(store: Store, clock: Clock) -> None:
    thread = talk(store, clock, "a", "b")
    root = thread.branch_id
    inner = Branch(
        id=new_id("branch"), thread_id=thread.id, parent_id=root, fork_position=4,
        forked_at=clock.time,
    )  # fmt: skip
    outer = Branch(
        id=new_id("branch"), thread_id=thread.id, parent_id=inner.id, fork_position=2,
        forked_at=clock.time,
    )  # fmt: skip

    for branch in (inner, outer):
        began = regenerating(store, clock, store.messages(thread.id)[0])
        run = replace(began.run, branch_id=branch.id)
        answered(store, clock, replace(began, run=run, branch=branch), f"at {branch.fork_position}")

    assert shown(store, thread.id) == ["a", "at 2"]
    assert positions(store, thread.id) == [1, 2]


def test_older_branches_stay_as_they_are(store: Store, clock: Clock) -> None:
    thread = talk(store, clock, "one", "two")
    before = store.messages(thread.id)
    edit(store, clock, before[0], "uno")

    store.choose_branch(thread.id, thread.branch_id).result(WAIT)

    assert store.messages(thread.id) == before
    go_on(store, clock, thread.id, "three")
    assert shown(store, thread.id) == ["one", "ONE", "two", "TWO", "three", "THREE"]


@pytest.mark.parametrize("newest_first", [True, False])
def test_pages_go_across_a_fork(store: Store, clock: Clock, newest_first: bool) -> None:
    thread = talk(store, clock, "a", "b", "c")
    edit(store, clock, store.messages(thread.id)[2], "b2")
    go_on(store, clock, thread.id, "c2")
    expected = store.messages(thread.id)

    found = []
    after = None
    while page := store.messages(thread.id, Page(limit=2, after=after, newest_first=newest_first)):
        found += page
        after = page[-1].id

    assert found == (expected[::-1] if newest_first else expected)


def test_page_after_another_branches_message_is_refused(store: Store, clock: Clock) -> None:
    thread = talk(store, clock, "a", "b")
    hidden = store.messages(thread.id)[3]
    edit(store, clock, store.messages(thread.id)[2], "b2")

    with pytest.raises(NotFound):
        store.messages(thread.id, Page(after=hidden.id))


def test_message_of_any_branch_is_found(store: Store, clock: Clock) -> None:
    thread = talk(store, clock, "one")
    hidden = store.messages(thread.id)[0]
    edit(store, clock, hidden, "uno")

    assert store.message(hidden.id) == hidden
    with pytest.raises(NotFound):
        store.message("msg_nobody")


def test_branches_are_listed_as_they_were_forked_off(store: Store, clock: Clock) -> None:
    thread = talk(store, clock, "one")
    (root,) = store.branches(thread.id)
    assert root == Branch(id=thread.branch_id, thread_id=thread.id)
    first = editing(store, clock, store.messages(thread.id)[0], "uno")
    answered(store, clock, first, "UNO")
    second = regenerating(store, clock, store.messages(thread.id)[0])
    answered(store, clock, second, "ichi")

    assert store.branches(thread.id) == [root, first.branch, second.branch]
    assert store.thread(thread.id).branch_id == second.run.branch_id
    with pytest.raises(NotFound):
        store.branches("thread_nobody")


def test_chosen_branch_is_shown(store: Store, clock: Clock) -> None:
    thread = talk(store, clock, "one")
    edit(store, clock, store.messages(thread.id)[0], "uno")

    chosen = store.choose_branch(thread.id, thread.branch_id).result(WAIT)

    assert chosen == store.thread(thread.id) == thread
    assert shown(store, thread.id) == ["one", "ONE"]


def test_only_the_threads_own_branches_are_chosen(store: Store, clock: Clock) -> None:
    thread, other = talk(store, clock, "one"), talk(store, clock, "two")

    for thread_id, branch_id in (
        (thread.id, other.branch_id),
        (thread.id, "branch_nobody"),
        ("thread_nobody", thread.branch_id),
    ):
        with pytest.raises(NotFound):
            store.choose_branch(thread_id, branch_id).result(WAIT)
    assert store.thread(thread.id) == thread


def test_no_branch_is_chosen_while_a_run_is_under_way(store: Store, clock: Clock) -> None:
    thread = talk(store, clock, "one")
    edit(store, clock, store.messages(thread.id)[0], "uno")
    run = begin(store, clock, store.thread(thread.id))

    with pytest.raises(ThreadBusy) as refused:
        store.choose_branch(thread.id, thread.branch_id).result(WAIT)

    assert refused.value.run_id == run.id
    assert store.thread(thread.id).branch_id == run.branch_id
    store.write(move(run, State.READY, State.CANCELLED)).result(WAIT)
    store.choose_branch(thread.id, thread.branch_id).result(WAIT)


def test_no_branch_is_forked_while_a_run_is_under_way(store: Store, clock: Clock) -> None:
    thread = talk(store, clock, "one")
    run = begin(store, clock, thread)
    began = editing(store, clock, store.messages(thread.id)[0], "uno")

    with pytest.raises(ThreadBusy) as refused:
        store.accept(began).result(WAIT)

    assert (refused.value.thread_id, refused.value.run_id) == (thread.id, run.id)
    assert len(store.branches(thread.id)) == 1
    assert store.thread(thread.id) == thread


def test_answer_goes_on_without_a_message(store: Store, clock: Clock) -> None:
    thread = talk(store, clock, "one")
    began = asked(clock, thread, "unused")
    run = replace(began.run, message_id=store.messages(thread.id)[0].id)

    answered(store, clock, replace(began, run=run, messages=()), "and more")

    assert shown(store, thread.id) == ["one", "ONE", "and more"]
