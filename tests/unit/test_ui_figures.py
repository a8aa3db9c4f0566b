"""The line that says what an answer took."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from conversation.events import Logged, StateChanged
from conversation.history import RunLine
from conversation.script import State, Trigger
from ui.chat.figures import figures_text, tool_seconds
from ui.chat.telling import Telling

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LINE = RunLine(
    run_id="run_1",
    thread_id="thread_1",
    state=State.COMPLETED,
    waiting=None,
    assistant_id=None,
    provider="demo",
    model="demo",
    events=9,
    tool_calls=1,
    input_tokens=1200,
    output_tokens=30,
    cached_tokens=0,
    reasoning_tokens=0,
    tokens=1230,
    cost=0.5,
    attempt=1,
    error_code=None,
    first_token=0.25,
    duration=2.5,
    created_at=NOW,
)


def moved(after: State, seconds: float) -> Logged:
    change = StateChanged(trigger=Trigger.HEARTBEAT, before=State.RUNNING, after=after)
    return Logged(run_id="run_1", seq=1, at=NOW + timedelta(seconds=seconds), event=change)


def test_figures_are_said_in_a_line() -> None:
    telling = Telling("run_1")
    telling.take([moved(State.REQUIRES_ACTION, 1), moved(State.TOOLS_EXECUTED, 2.5)])

    said = figures_text([LINE], [telling])

    assert said == (
        "demo · 1,200 in · 30 out · first token 0.25 s · functions 1.50 s · total 2.50 s · $0.5000"
    )


def test_parts_are_said_where_there_are_any() -> None:
    said = figures_text([replace(LINE, cached_tokens=800, reasoning_tokens=20)], [])

    assert "1,200 in (800 cached) · 30 out (20 reasoning)" in said


def test_exchanges_of_one_answer_are_added_up() -> None:
    later = replace(LINE, run_id="run_2", model="other", first_token=9.0)

    said = figures_text([LINE, later], [])

    assert said.startswith("other · 2,400 in · 60 out · first token 0.25 s · total 5.00 s · $1.00")


@pytest.mark.parametrize(
    ("cost", "said"), [(None, "cost unknown"), (0.00001, "<$0.0001"), (0.0, "$0.00")]
)
def test_cost_is_as_exact_as_it_is_known(cost: float | None, said: str) -> None:
    line = replace(LINE, provider="openai", cost=cost)

    assert figures_text([line], []).endswith(said)


def test_demo_that_broke_off_cost_nothing() -> None:
    stopped = replace(LINE, state=State.CANCELLED, tokens=0, cost=None)

    assert figures_text([stopped], []).endswith(" · $0.00")


def test_clock_that_jumps_back_takes_no_time() -> None:
    steps = [moved(State.REQUIRES_ACTION, 10), moved(State.TOOLS_EXECUTED, 3)]

    assert tool_seconds(steps) == 0
    assert "-" not in figures_text([replace(LINE, duration=-5.0, first_token=-1.0)], [])


def test_nothing_known_says_nothing() -> None:
    assert figures_text([], []) == ""


def test_model_that_never_answered_has_no_cost_to_be_known() -> None:
    silent = replace(LINE, input_tokens=0, output_tokens=0, tokens=0, cost=None, first_token=None)

    assert figures_text([silent], []) == "demo · total 2.50 s"
