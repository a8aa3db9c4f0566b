"""A conversation put together from its messages, runs and events."""

from dataclasses import replace
from datetime import timedelta

from conversation.events import (
    Event,
    Logged,
    MessageRetrieved,
    StateChanged,
    ToolCallsRequested,
    ToolExecuted,
)
from conversation.exports.transcript import transcribe
from conversation.records import Branch, Message
from conversation.script import State, Trigger
from conversation.turns import ToolCall
from tests.unit.transcripts import AT, RUN, THREAD, asked


def log(*events: Event, run_id: str = "run_1") -> list[Logged]:
    return [
        Logged(run_id=run_id, seq=seq, at=AT + timedelta(seconds=seq), event=event)
        for seq, event in enumerate(events, 1)
    ]


def answered(text: str, **given: object) -> Message:
    known = {"id": "msg_2", "role": "assistant", "run_id": "run_1", "text": text}
    return Message(
        thread_id="thread_1",
        branch_id="branch_1",
        created_at=AT,
        **(known | given),  # type: ignore[arg-type]
    )


def test_rounds_hold_their_calls_and_outputs() -> None:
    calls = tuple(ToolCall(call_id=f"call_{n}", name="price", arguments="{}") for n in (1, 2))
    events = log(
        MessageRetrieved(message_id="msg_2", text="I look."),
        ToolCallsRequested(step_id="step_1", calls=calls),
        *(
            ToolExecuted(call_id=c.call_id, name="price", arguments="{}", output=f"{n}", seconds=1)
            for n, c in reversed(list(enumerate(calls)))
        ),
        MessageRetrieved(message_id="msg_3", text="It is 1."),
    )

    (passage,) = transcribe(THREAD, [asked()], [RUN], events).passages

    assert [utterance.text for utterance in passage.said] == ["I look.", "It is 1."]
    assert [call.output for call in passage.calls] == ["0", "1"]
    assert passage.answer == "It is 1."


def test_call_without_output_has_none() -> None:
    call = ToolCall(call_id="call_1", name="price", arguments="{}")

    (passage,) = transcribe(
        THREAD, [asked()], [RUN], log(ToolCallsRequested(step_id="step_1", calls=(call,)))
    ).passages

    assert [call.output for call in passage.calls] == [None]


def test_path_has_every_state_with_its_time() -> None:
    moves = [(State.NEW, State.READY), (State.READY, State.STARTED)]
    events = log(*(StateChanged(trigger=Trigger.STARTED, before=b, after=a) for b, a in moves))

    (passage,) = transcribe(THREAD, [asked()], [RUN], events).passages

    assert passage.path == (
        (State.READY, AT + timedelta(seconds=1)),
        (State.STARTED, AT + timedelta(seconds=2)),
    )


def test_partial_answer_says_why() -> None:
    messages = [asked(), answered("It is", status="incomplete", incomplete_reason="run_cancelled")]

    (passage,) = transcribe(THREAD, messages, [RUN], []).passages

    assert [(said.text, said.partial) for said in passage.said] == [("It is", "run_cancelled")]


def test_answer_that_ended_while_we_read_is_told_once() -> None:
    messages = [asked(), answered("It", status="in_progress")]

    (passage,) = transcribe(
        THREAD, messages, [RUN], log(MessageRetrieved(message_id="msg_2", text="It is 1."))
    ).passages

    assert [(said.text, said.partial) for said in passage.said] == [("It is 1.", None)]


def test_what_a_dead_attempt_said_is_left_out() -> None:
    messages = [asked(), answered("It", status="incomplete", incomplete_reason="superseded")]

    (passage,) = transcribe(THREAD, messages, [RUN], []).passages

    assert passage.said == ()


def test_runs_of_other_branches_are_left_out() -> None:
    assert transcribe(THREAD, [], [RUN], []).passages == ()


def test_question_stays_with_its_run_when_a_clock_was_put_back() -> None:
    early = AT - timedelta(minutes=5)
    second = replace(RUN, id="run_2", message_id="msg_9", created_at=early)
    messages = [asked(), replace(asked("And Microsoft?"), id="msg_9", created_at=early)]

    passages = transcribe(THREAD, messages, [RUN, second], []).passages

    assert [[said.id for said in passage.asked] for passage in passages] == [["msg_1"], ["msg_9"]]


def test_question_without_a_run_comes_last() -> None:
    later = Message(
        id="msg_9",
        thread_id="thread_1",
        branch_id="branch_1",
        role="user",
        text="And Microsoft?",
        created_at=AT + timedelta(seconds=9),
    )

    first, last = transcribe(THREAD, [asked(), later], [RUN], []).passages

    assert first.run is RUN
    assert (last.run, last.asked) == (None, (later,))


def test_answers_in_other_branches_are_left_out() -> None:
    first = Branch(id="branch_1", thread_id="thread_1")
    again = Branch(id="branch_2", thread_id="thread_1", parent_id="branch_1", fork_position=2)
    other = replace(RUN, id="run_2", branch_id="branch_2")
    thread, asking = replace(THREAD, branch_id="branch_2"), asked(position=1)

    (passage,) = transcribe(thread, [asking], [RUN, other], [], [first, again]).passages

    assert passage.run is other


def test_runs_begun_by_one_message_are_told_in_order() -> None:
    second = replace(RUN, id="run_2")
    messages = [asked(), answered("It", status="incomplete", incomplete_reason="run_cancelled")]

    first, last = transcribe(
        THREAD,
        messages,
        [RUN, second],
        log(MessageRetrieved(message_id="msg_3", text=" is 1."), run_id="run_2"),
    ).passages

    assert (len(first.asked), first.answer) == (1, "It")
    assert (last.asked, last.answer) == ((), " is 1.")
