"""Transcripts to export: small ones by hand, and any that Hypothesis can think of."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from conversation.exports.transcript import Call, Passage, Transcript, Utterance
from conversation.records import Message, Run, RunSpec, Thread, Usage
from conversation.script import State
from conversation.turns import ToolSpec

AT = datetime(2026, 5, 17, 12, 30, 15, tzinfo=UTC)
PRICE = ToolSpec(
    name="price",
    description="Return what a share costs.",
    parameters={
        "type": "object",
        "properties": {"symbol": {"type": "string"}},
        "required": ["symbol"],
        "additionalProperties": False,
    },
)
THREAD = Thread(id="thread_1", branch_id="branch_1", title="Shares", created_at=AT)
SPEC = RunSpec(provider="demo", model="demo-1", instructions="Be brief.", tools=(PRICE,))
RUN = Run(
    id="run_1",
    thread_id="thread_1",
    branch_id="branch_1",
    message_id="msg_1",
    spec=SPEC,
    state=State.COMPLETED,
    usage=Usage(input=10, output=5),
    created_at=AT,
    started_at=AT,
    ended_at=AT + timedelta(seconds=2),
)


def asked(text: str = "What is Apple trading at?", **given: Any) -> Message:
    return Message(
        id=given.pop("id", "msg_1"),
        thread_id="thread_1",
        branch_id="branch_1",
        role="user",
        text=text,
        created_at=AT,
        **given,
    )


def call(symbol: str = "AAPL", number: int = 1, **given: Any) -> Call:
    known: dict[str, Any] = {
        "arguments": f'{{"symbol": "{symbol}"}}',
        "output": "227.50",
        "seconds": 0.25,
    }
    return Call(call_id=f"call_{number}", name="price", **(known | given))


def said(text: str = "", *calls: Call, **given: Any) -> Utterance:
    return Utterance(at=AT, text=text, calls=calls, **given)


def passage(
    *answers: Utterance, question: str = "What is Apple trading at?", **run: Any
) -> Passage:
    path = ((State.READY, AT), (State.STARTED, AT), (State.COMPLETED, AT))
    return Passage(asked=(asked(question),), run=replace(RUN, **run), said=answers, path=path)


def transcript(*passages: Passage, **thread: Any) -> Transcript:
    return Transcript(thread=replace(THREAD, **thread), passages=passages)


WITH_CALLS = passage(
    said("I look it up.", call(), call("MSFT", 2, output="no such share", failed=True)),
    said("It trades at 227.50."),
)

_TEXTS = st.text(max_size=40)
_CALLS = st.builds(
    Call,
    call_id=st.uuids().map(str),
    name=st.just("price"),
    arguments=st.just('{"symbol": "AAPL"}') | _TEXTS,
    output=_TEXTS | st.none(),
    failed=st.booleans(),
    seconds=st.none() | st.floats(0, 1000),
)
_SAID = st.builds(
    Utterance,
    at=st.just(AT),
    text=_TEXTS,
    calls=st.lists(_CALLS, max_size=2).map(tuple),
    partial=st.none() | st.just("run_cancelled"),
)
PASSAGES = st.builds(
    Passage,
    asked=st.lists(_TEXTS.map(asked), max_size=2).map(tuple),
    run=st.just(RUN)
    | st.none()
    | st.sampled_from(State).map(lambda state: replace(RUN, state=state)),
    said=st.lists(_SAID, max_size=3).map(tuple),
)
TRANSCRIPTS = st.builds(transcript, st.just(WITH_CALLS), PASSAGES, PASSAGES, title=_TEXTS)
