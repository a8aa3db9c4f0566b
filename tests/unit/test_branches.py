from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from conversation.branches import fork, line, runs_of_line, variants
from conversation.records import Branch, Message, Run
from tests.unit.transcripts import RUN, asked

AT = datetime(2026, 5, 17, 12, 30, tzinfo=UTC)
FIRST = Branch(id="first", thread_id="thread_1")


def forked(name: str, position: int, parent: str = "first", minute: int = 1) -> Branch:
    return Branch(
        id=name,
        thread_id="thread_1",
        parent_id=parent,
        fork_position=position,
        forked_at=AT + timedelta(minutes=minute),
    )


def owners(branches: list[Branch], branch_id: str, length: int) -> list[str]:
    here = line(branches, branch_id)
    return [here.owner(position).id for position in range(1, length + 1)]


def run(name: str, message_id: str | None, branch_id: str) -> Run:
    return replace(RUN, id=name, message_id=message_id, branch_id=branch_id)


def said(name: str, position: int, run_id: str | None = None) -> Message:
    return replace(asked(), id=name, position=position, run_id=run_id)


# lines


def test_thread_without_forks_is_one_line() -> None:
    assert owners([FIRST], "first", 3) == ["first"] * 3
    assert variants([FIRST], "first") == {}


def test_fork_shares_what_precedes_it() -> None:
    branches = [FIRST, forked("edit", 3)]

    assert owners(branches, "edit", 4) == ["first", "first", "edit", "edit"]
    assert owners(branches, "first", 4) == ["first"] * 4


def test_fork_of_a_fork_shares_of_both() -> None:
    branches = [FIRST, forked("edit", 3), forked("again", 6, "edit", 2)]

    assert owners(branches, "again", 6) == ["first"] * 2 + ["edit"] * 3 + ["again"]


def test_first_message_is_forked_off_the_first_branch() -> None:
    edited = fork(line([FIRST], "first"), 1, AT)

    assert (edited.parent_id, edited.fork_position, edited.forked_at) == ("first", 1, AT)
    assert owners([FIRST, edited], edited.id, 2) == [edited.id] * 2


def test_edit_of_an_edited_message_stands_beside_it() -> None:
    branches = [FIRST, forked("edit", 3)]

    once_more = fork(line(branches, "edit"), 3, AT)

    assert (once_more.parent_id, once_more.thread_id) == ("first", "thread_1")


def test_fork_behind_a_fork_begins_in_that() -> None:
    branches = [FIRST, forked("edit", 3)]

    assert fork(line(branches, "edit"), 4, AT).parent_id == "edit"


# runs


def test_line_shows_the_runs_that_answer_in_it() -> None:
    branches = [FIRST, forked("again", 2)]
    answered, answered_again = run("run_1", "msg_1", "first"), run("run_2", "msg_1", "again")

    assert line(branches, "first").shows(answered, 1)
    assert not line(branches, "first").shows(answered_again, 1)
    assert line(branches, "again").shows(answered_again, 1)


def test_runs_of_a_line_leave_out_other_answers() -> None:
    branches = [FIRST, forked("again", 2)]
    runs = [run("run_1", "msg_1", "first"), run("run_2", "msg_1", "again")]
    carried_on = run("run_3", "msg_1", "again")
    messages = [said("msg_1", 1), said("msg_2", 2, "run_2"), said("msg_3", 3, "run_3")]

    shown = runs_of_line(line(branches, "again"), [*runs, carried_on], messages)

    assert [one.id for one in shown] == ["run_2", "run_3"]


def test_run_without_a_message_belongs_where_it_wrote() -> None:
    runs = [run("run_1", None, "first"), run("run_2", None, "first")]

    shown = runs_of_line(line([FIRST], "first"), runs, [said("msg_1", 1, "run_1")])

    assert [one.id for one in shown] == ["run_1"]


# variants


def test_variants_are_in_the_order_they_came() -> None:
    branches = [FIRST, forked("two", 3, minute=1), forked("three", 3, minute=2)]

    found = variants(branches, "two")

    assert {place: (one.leaves, one.current) for place, one in found.items()} == {
        3: (("first", "two", "three"), 1)
    }


def test_variant_is_chosen_with_the_newest_that_followed() -> None:
    branches = [
        FIRST,
        forked("edit", 3, minute=1),
        forked("again", 6, "edit", minute=2),
        forked("other", 1, minute=3),
    ]

    found = variants(branches, "first")

    assert found[3].leaves == ("first", "again")
    assert found[1].leaves == ("again", "other")


def test_forks_elsewhere_are_no_variants_here() -> None:
    branches = [FIRST, forked("edit", 3), forked("again", 6, "edit", 2)]

    assert set(variants(branches, "first")) == {3}
    assert set(variants(branches, "again")) == {3, 6}


@dataclass
class Tree:
    """A thread as it grows: answered, edited and answered again, anywhere."""

    branches: list[Branch] = field(default_factory=lambda: [FIRST])
    lengths: dict[str, int] = field(default_factory=lambda: {"first": 2})
    active: str = "first"

    def grow(self, step: tuple[str, int]) -> None:
        """Go on by a question and its answer, or fork at a message of the active line."""
        what, where = step
        length = self.lengths[self.active]
        if what == "say":
            self.lengths[self.active] = length + 2
        elif what == "choose":
            self.active = self.branches[where % len(self.branches)].id
        else:
            question = where % (length // 2) * 2 + 1
            self._fork(question if what == "edit" else question + 1)

    def _fork(self, position: int) -> None:
        here = line(self.branches, self.active)
        branch = fork(here, position, AT + timedelta(seconds=len(self.branches)))
        branch = replace(branch, id=f"fork {len(self.branches)}")
        self.branches.append(branch)
        self.active = branch.id
        self.lengths[branch.id] = position + position % 2

    def shown(self, branch_id: str) -> list[str]:
        return owners(self.branches, branch_id, self.lengths[branch_id])


STEPS = st.tuples(st.sampled_from(["say", "choose", "edit", "again"]), st.integers(0, 50))


@given(st.lists(STEPS, max_size=14))
def test_exactly_one_variant_is_current_and_choosing_shows_it(
    steps: list[tuple[str, int]],
) -> None:
    tree = Tree()
    for step in steps:
        tree.grow(step)

    for branch in tree.branches:
        shown = tree.shown(branch.id)
        for position, found in variants(tree.branches, branch.id).items():
            for place, leaf in enumerate(found.leaves):
                chosen = variants(tree.branches, leaf)[position]
                same = tree.shown(leaf)[: position - 1] == shown[: position - 1]
                current = tree.shown(leaf)[position - 1 : position] == [
                    line(tree.branches, branch.id).owner(position).id
                ]
                assert (chosen.current, same) == (place, True)
                assert current == (place == found.current) or position > tree.lengths[leaf]


@given(st.lists(STEPS, max_size=14))
def test_forks_on_a_line_rise(steps: list[tuple[str, int]]) -> None:
    tree = Tree()
    for step in steps:
        tree.grow(step)

    for branch in tree.branches:
        places = [one.fork_position or 0 for one in line(tree.branches, branch.id).branches]
        assert places == sorted(set(places), reverse=True)
