"""The view `run_details`: the log in the columns people know, on every database."""

from typing import Any, get_args

from sqlalchemy import create_engine, text

from conversation import events
from conversation.events import Event
from conversation.script import State, Trigger
from conversation.turns import ToolCall
from storage.store import SqlStore
from tests.contract.stores import WAIT, Clock, begin, move

CALL = ToolCall(call_id="call_1", name="price", arguments='{"symbol": "A"}')
ASKED: dict[str, Any] = {"call_id": "call_1", "name": "price", "arguments": CALL.arguments}
SHOWN: tuple[tuple[Event, tuple[str | None, ...]], ...] = (
    (events.StatusChecked(status="queued"), ("check_run_status", None, None, "queued")),
    (events.ApprovalRequested(**ASKED), ("approval", "price", CALL.arguments, None)),
    (events.ToolStarted(**ASKED), ("start_tool", "price", CALL.arguments, None)),
    (
        events.ToolExecuted(**ASKED, output="42\0", seconds=0.1),
        ("execute_tool", "price", CALL.arguments, "42\ufffd"),
    ),
    (
        events.ToolOutputsSubmitted(call_ids=("call_1",)),
        ("submit_tool_outputs", None, '["call_1"]', None),
    ),
    (events.UsageRecorded(input=7, output=3), ("usage", None, "7", "3")),
    (
        events.RetryScheduled(code="rate_limited", reason="429", delay=1.0, attempt=1),
        ("retry", None, "rate_limited", "429"),
    ),
    (events.Retried(attempt=2), ("retry", None, "2", None)),
    (
        events.TriggerRefused(trigger=Trigger.CANCEL, state=State.READY),
        ("trigger_refused", None, "cancel", "ready"),
    ),
    (
        events.MessageRetrieved(message_id="msg_1", text="It is \u20ac 42."),
        ("retrieve_asst_msg", None, None, "It is \u20ac 42."),
    ),
    (events.Failed(code="stream_cut", message="Cut."), ("error", None, "stream_cut", "Cut.")),
    (events.Cancelled(), ("cancel", None, None, None)),
    (events.Expired(), ("expire", None, None, None)),
    (events.Incomplete(reason="max_tokens"), ("incomplete", None, "max_tokens", "")),
)


def test_details_show_every_kind_of_event(sql: SqlStore, clock: Clock, url: str) -> None:
    run = begin(sql, clock)
    sql.write(move(run, State.READY, State.READY, *(event for event, _ in SHOWN))).result(WAIT)

    rows = _details(url, run.id)

    assert [tuple(row)[:4] for row in rows] == [
        ("submit_user_msg", None, "Hello", None),
        ("state_change", None, "new", "ready"),
        *(shown for _, shown in SHOWN),
    ]


def test_details_know_every_kind(sql: SqlStore, clock: Clock, url: str) -> None:
    rest: tuple[Event, ...] = (
        events.ToolCallsRequested(step_id="step_1", calls=(CALL,)),
        events.ApprovalDecided(call_id="call_1", name="price", approved=True),
    )
    seen = {event.kind for event in (*rest, *(event for event, _ in SHOWN))}
    assert seen | {"message_sent", "state_changed"} == {
        kind.__dataclass_fields__["kind"].default for kind in get_args(Event)
    }
    run = begin(sql, clock)
    sql.write(move(run, State.READY, State.READY, *rest)).result(WAIT)

    asked, decided = _details(url, run.id)[2:]

    assert (asked.type, decided.type, decided.tool) == ("tool_calls", "approval", "price")
    assert '"name"' in asked.input
    assert decided.output in ("true", "1")


def _details(url: str, run_id: str) -> list[Any]:
    engine = create_engine(url)
    query = text(
        "SELECT type, tool, input, output, run_id, created_at"
        " FROM run_details WHERE run_id = :run_id ORDER BY seq"
    )
    with engine.connect() as connection:
        rows = list(connection.execute(query, {"run_id": run_id}))
    engine.dispose()
    return rows
