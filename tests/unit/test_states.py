"""The script's table, and what is made from it."""

import itertools
from pathlib import Path

import pytest

from conversation.records import Waiting
from conversation.script import OPEN, TERMINAL, State, Trigger
from mediator.diagram import USUAL, diagram, route
from mediator.states import STOPPABLE, TRANSITIONS, api_status, legal

ARCHITECTURE = Path(__file__).parents[2] / "docs" / "architecture.md"


def test_machine_allows_exactly_the_rows_of_the_table() -> None:
    rows = {(row.trigger, row.source) for row in TRANSITIONS}

    for trigger, state in itertools.product(Trigger, State):
        assert legal(trigger, state) == ((trigger, state) in rows)


def test_each_trigger_leads_to_one_state_only() -> None:
    for trigger in Trigger:
        assert len({row.target for row in TRANSITIONS if row.trigger is trigger}) == 1


def test_nothing_leads_out_of_a_terminal_state() -> None:
    assert not [row for row in TRANSITIONS if row.source in TERMINAL]


def test_every_state_can_be_reached_and_left_for_an_end() -> None:
    reached = {State.NEW}
    while more := {r.target for r in TRANSITIONS if r.source in reached} - reached:
        reached |= more

    assert reached == set(State)
    for state in OPEN:
        assert {Trigger.ERROR, Trigger.EXPIRE} <= {
            r.trigger for r in TRANSITIONS if r.source is state
        }
    assert {r.source for r in TRANSITIONS if r.trigger is Trigger.CANCEL} == STOPPABLE


@pytest.mark.parametrize(
    ("state", "waiting", "status"),
    [
        (State.NEW, None, None),
        (State.READY, None, "queued"),
        (State.STARTED, None, "in_progress"),
        (State.RUNNING, None, "in_progress"),
        (State.REQUIRES_ACTION, None, "in_progress"),
        (State.REQUIRES_ACTION, "client", "requires_action"),
        (State.REQUIRES_ACTION, "person", "requires_action"),
        (State.TOOLS_EXECUTED, None, "in_progress"),
        (State.TOOL_OUTPUTS_SUBMITTED, None, "queued"),
        (State.CANCELLING, None, "cancelling"),
        (State.COMPLETED, None, "completed"),
        (State.ERROR, None, "failed"),
        (State.CANCELLED, None, "cancelled"),
        (State.EXPIRED, None, "expired"),
        (State.INCOMPLETE, None, "incomplete"),
    ],
)
def test_each_state_has_its_status_in_the_assistants_api(
    state: State, waiting: Waiting | None, status: str | None
) -> None:
    assert api_status(state, waiting) == status


def test_diagram_in_the_docs_is_the_table() -> None:
    assert f"```mermaid\n{diagram()}```" in ARCHITECTURE.read_text()


def test_diagram_draws_every_row_once() -> None:
    drawn = [line.strip() for line in diagram().splitlines() if " : " in line]

    for row in TRANSITIONS:
        alone = f"{row.source} --> {row.target} : {row.trigger}"
        grouped = f"exchange --> {row.target} : {row.trigger}"
        assert drawn.count(alone) + (row.source in STOPPABLE) * drawn.count(grouped) == 1


def test_diagram_marks_the_path_and_where_the_run_stands() -> None:
    text = diagram(path=[State.NEW, State.READY], here=State.STARTED)

    assert "class new passed" in text
    assert "class started here" in text
    assert "class running" not in text


def test_usual_moves_are_those_of_the_table() -> None:
    table = {(row.source, row.target) for row in TRANSITIONS}

    assert set(USUAL) <= table


def test_route_counts_moves_and_draws_what_is_unusual() -> None:
    there, back = (State.STARTED, State.RUNNING), (State.RUNNING, State.STARTED)
    text = route([there, back, there, (State.RUNNING, State.ERROR)], {State.ERROR: 'a "fault"'})

    assert "started -->|2 x| running" in text
    assert "running --> started" in text
    assert 'error(["a #quot;fault#quot;"])' in text
    assert "class error here" in text
    assert "new -.-> ready" in text
    assert "class completed ahead" in text
    assert "expired" not in text


def test_route_of_nothing_is_the_usual_script() -> None:
    text = route([], {})

    assert "class new here" in text
    assert "linkStyle" not in text
    assert 'requires_action(["requires action"])' in text
