"""Where a run's time went, from the times of its events."""

from datetime import UTC, datetime, timedelta

from conversation import events
from conversation.events import Event, Logged
from conversation.script import State, Trigger
from conversation.turns import ToolCall
from ui.exchange.timeline import Span, Stay, spans, stays, time_in_states
from ui.history.waterfall import name, waterfall

BEGUN = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
NOW = BEGUN + timedelta(seconds=100)

CALL = ToolCall(call_id="call_1", name="price", arguments="{}")
ASKED = events.ToolCallsRequested(step_id="step_1", calls=(CALL,))
STARTED = events.ToolStarted(call_id="call_1", name="price", arguments="{}")
APPROVAL = events.ApprovalRequested(call_id="call_1", name="price", arguments="{}")


def moved(after: State) -> Event:
    return events.StateChanged(trigger=Trigger.HEARTBEAT, before=State.NEW, after=after)


def executed(*, failed: bool = False) -> Event:
    return events.ToolExecuted(
        call_id="call_1", name="price", arguments="{}", output="5", seconds=1.0, failed=failed
    )


def decided(*, approved: bool) -> Event:
    return events.ApprovalDecided(call_id="call_1", name="price", approved=approved)


def log(*timed: tuple[float, Event]) -> list[Logged]:
    return [
        Logged(run_id="run_1", seq=seq, at=BEGUN + timedelta(seconds=after), event=event)
        for seq, (after, event) in enumerate(timed, 1)
    ]


ANSWERED = log(
    (0, moved(State.READY)),
    (1, moved(State.STARTED)),
    (2, moved(State.RUNNING)),
    (3, ASKED),
    (3, moved(State.REQUIRES_ACTION)),
    (3, STARTED),
    (5, executed()),
    (5, moved(State.TOOLS_EXECUTED)),
    (5, moved(State.TOOL_OUTPUTS_SUBMITTED)),
    (6, moved(State.STARTED)),
    (9, moved(State.COMPLETED)),
)


def test_run_is_split_into_its_parts() -> None:
    assert spans(ANSWERED, NOW) == (
        Span(kind="queue", start=0, end=1),
        Span(kind="model", start=1, end=3),
        Span(kind="tool", start=3, end=5, name="price"),
        Span(kind="queue", start=5, end=6),
        Span(kind="model", start=6, end=9),
    )


def test_time_is_summed_by_state() -> None:
    spent = time_in_states(stays(ANSWERED, NOW))

    assert spent[State.STARTED] == 4
    assert spent[State.REQUIRES_ACTION] == 2
    assert spent[State.COMPLETED] == 0
    assert list(spent)[:3] == [State.READY, State.STARTED, State.RUNNING]


def test_open_run_lasts_until_now() -> None:
    running = log((0, moved(State.READY)), (1, moved(State.STARTED)))

    assert stays(running, NOW)[-1] == Stay(state=State.STARTED, start=1, end=100)
    assert spans(running, NOW)[-1] == Span(kind="model", start=1, end=100)


def test_person_is_waited_for_before_the_call() -> None:
    allowed = log((0, ASKED), (0, APPROVAL), (40, decided(approved=True)), (41, STARTED))
    declined = log((0, ASKED), (0, APPROVAL), (40, decided(approved=False)), (41, executed()))

    person = Span(kind="person", start=0, end=40, name="price")
    assert spans(allowed, NOW)[0] == person
    assert spans(declined, NOW) == (person,)


def test_client_is_waited_for_until_its_output() -> None:
    [span] = spans(log((0, ASKED), (7, executed(failed=True))), NOW)

    assert span == Span(kind="client", start=0, end=7, name="price", failed=True)


def test_pause_before_a_retry_is_seen() -> None:
    retry = events.RetryScheduled(code="rate_limited", reason="Slow down", delay=4.0, attempt=2)

    assert spans(log((0, moved(State.STARTED)), (1, retry), (9, moved(State.ERROR))), NOW) == (
        Span(kind="model", start=0, end=9),
        Span(kind="pause", start=1, end=5),
    )


def test_call_without_an_end_ends_with_its_run() -> None:
    stopped = log((0, moved(State.REQUIRES_ACTION)), (1, STARTED), (3, moved(State.CANCELLED)))

    assert spans(stopped, NOW) == (Span(kind="tool", start=1, end=3, name="price"),)


def test_clock_that_went_back_makes_no_negative_time() -> None:
    back = log((0, moved(State.READY)), (-5, moved(State.STARTED)), (-4, moved(State.COMPLETED)))

    assert all(span.seconds >= 0 for span in spans(back, NOW))


def test_nothing_has_no_parts() -> None:
    assert spans([], NOW) == ()
    assert stays([], NOW) == ()


def test_waterfall_puts_each_part_where_it_began() -> None:
    spec = waterfall(spans(ANSWERED, NOW))

    gap, *kinds = spec["series"]
    assert gap["data"] == [0, 1, 3, 5, 6]
    assert [series["name"] for series in kinds] == ["Queue", "Model", "Tool"]
    assert kinds[1]["data"][4]["value"] == 3
    assert kinds[1]["data"][0] is None
    assert spec["yAxis"]["data"][2] == "3. price"


def test_failed_tool_says_so() -> None:
    assert name(Span(kind="tool", start=0, end=1, name="price", failed=True)) == "price (failed)"
    assert name(Span(kind="person", start=0, end=1, name="buy")) == "Waiting for a person: buy"
