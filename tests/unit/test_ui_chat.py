"""What the chat page keeps: what a run has told, and what was typed and not sent."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from conversation import events
from conversation.errors import StoreUnavailable
from conversation.events import Event, Logged
from conversation.ports import TextDelta
from conversation.records import Message
from conversation.script import State, Trigger
from conversation.turns import ToolCall
from ui.chat.outbox import Letter, Outbox
from ui.chat.telling import Answer, Notice, Round, Telling, told_by


def logged(event: Event) -> Logged:
    return Logged(run_id="run_1", seq=1, at=datetime.now(UTC), event=event)


def moved(after: State) -> Logged:
    change = events.StateChanged(trigger=Trigger.HEARTBEAT, before=State.RUNNING, after=after)
    return logged(change)


def said(text: str, offset: int = 0, message_id: str = "msg_1") -> TextDelta:
    return TextDelta(message_id=message_id, offset=offset, text=text)


def telling(*news: Logged | TextDelta) -> Telling:
    made = Telling("run_1")
    made.take(news)
    return made


CALL = ToolCall(call_id="call_1", name="price", arguments="{}")
ASKED = logged(events.ToolCallsRequested(step_id="step_1", calls=(CALL,)))
EXECUTED = logged(
    events.ToolExecuted(call_id="call_1", name="price", arguments="{}", output="5", seconds=0.1)
)


def test_pieces_join_by_their_offset() -> None:
    told = telling(said("It "), said("is", offset=3), said("is 5", offset=3))

    assert list(told.items.values()) == [Answer(id="msg_1", text="It is 5")]
    assert told.writing


def test_live_and_later_readers_see_the_same() -> None:
    retrieved = logged(events.MessageRetrieved(message_id="msg_1", text="Well: 5"))
    failed = logged(events.Failed(code="x", message="Broken.", hint="Again."))
    end = moved(State.ERROR)

    live = telling(ASKED, EXECUTED, said("We"), said("ll", offset=2), failed, end)
    later = telling(ASKED, EXECUTED, failed, said("Well"), end)
    whole = telling(ASKED, EXECUTED, said("Well: 5"), retrieved, moved(State.COMPLETED))

    assert list(live.items.values()) == list(later.items.values())
    assert [type(item) for item in live.items.values()] == [Round, Answer, Notice]
    assert list(whole.items.values())[1] == Answer(id="msg_1", text="Well: 5", progress="whole")


def test_new_attempt_replaces_what_the_dead_one_said() -> None:
    told = telling(said("Half"), logged(events.Retried(attempt=2)), said("Whole", 0, "msg_2"))

    assert list(told.items) == ["msg_2"]


@pytest.mark.parametrize(
    ("event", "phase"),
    [
        (events.ApprovalRequested(call_id="call_1", name="price", arguments="{}"), "waiting"),
        (events.ApprovalDecided(call_id="call_1", name="price", approved=True), "asked"),
        (events.ToolStarted(call_id="call_1", name="price", arguments="{}"), "running"),
    ],
)
def test_call_goes_through_its_phases(event: Event, phase: str) -> None:
    [call] = telling(ASKED, logged(event)).calls

    assert call.phase == phase


def test_call_without_output_is_dropped_at_the_end() -> None:
    told = telling(ASKED, logged(events.Cancelled()), moved(State.CANCELLED))

    assert [call.phase for call in told.calls] == ["dropped"]
    assert [type(item) for item in told.items.values()] == [Round, Notice]


def test_stopped_answer_needs_no_notice() -> None:
    told = telling(said("Half"), logged(events.Cancelled()), moved(State.CANCELLED))

    assert list(told.items.values()) == [Answer(id="msg_1", text="Half", progress="stopped")]


@pytest.mark.parametrize("event", [events.Expired(), events.Incomplete(reason="max_tokens")])
def test_bad_ending_is_a_notice(event: events.Expired | events.Incomplete) -> None:
    [notice] = telling(logged(event), moved(State.EXPIRED)).items.values()

    assert isinstance(notice, Notice)
    assert notice.ending == event


def test_calls_of_a_round_stay_in_its_order() -> None:
    calls = tuple(
        ToolCall(call_id=f"call_{number}", name="price", arguments="{}") for number in range(3)
    )
    asked = logged(events.ToolCallsRequested(step_id="step_1", calls=calls))
    done = [
        logged(
            events.ToolExecuted(
                call_id=f"call_{number}", name="price", arguments="{}", output="5", seconds=-1
            )
        )
        for number in (2, 0)
    ]

    told = telling(asked, *done)

    assert [call.id for call in told.calls] == ["call_0", "call_1", "call_2"]
    assert [call.phase for call in told.calls] == ["done", "asked", "done"]
    assert told.calls[0].seconds == 0


def test_log_and_messages_tell_what_the_feed_told() -> None:
    part = Message(
        id="msg_1",
        thread_id="thread_1",
        role="assistant",
        text="Half",
        branch_id="branch_1",
        status="incomplete",
        incomplete_reason="run_failed",
        run_id="run_1",
        created_at=datetime.now(UTC),
    )
    dead = replace(part, id="msg_0", text="Dead", incomplete_reason="superseded")
    failed, end = logged(events.Failed(code="x", message="Broken.")), moved(State.ERROR)

    later = told_by("run_1", [ASKED, EXECUTED, failed, end], [dead, part])

    live = telling(ASKED, EXECUTED, said("Half"), failed, end)
    assert list(later.items.values()) == list(live.items.values())
    assert later.text == "Half"


def test_letter_stays_until_it_is_sent() -> None:
    outbox = Outbox()
    outbox.put("Hello", None)

    def fail(_letter: Letter) -> str:
        assert outbox.busy(None)
        raise StoreUnavailable("The database is locked.")

    outbox.deliver(fail)
    [letter] = outbox.letters(None)
    assert (letter.state, str(letter.problem)) == ("failed", "The database is locked.")
    outbox.again(letter.number)
    outbox.deliver(lambda _: "thread_1")
    assert not outbox.letters(None)


def test_letter_is_taken_once() -> None:
    outbox, taken = Outbox(), []
    outbox.put("Hello", None)

    def send(letter: Letter) -> str:
        taken.append(letter.text)
        outbox.deliver(send)  # as another run of the script would
        return "thread_1"

    outbox.deliver(send)

    assert taken == ["Hello"]


def test_unforeseen_fault_leaves_the_letter() -> None:
    outbox = Outbox()
    outbox.put("Hello", None)

    def fail(_letter: Letter) -> str:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        outbox.deliver(fail)

    assert [letter.state for letter in outbox.letters(None)] == ["failed"]


def test_letters_of_a_new_thread_stay_together() -> None:
    outbox, sent = Outbox(), []
    outbox.put("One", None)
    outbox.put("Two", None)

    def send(letter: Letter) -> str:
        sent.append(letter.thread_id)
        return "thread_1"

    outbox.deliver(send)

    assert sent == [None, "thread_1"]
