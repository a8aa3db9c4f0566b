from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from conversation import events
from conversation.events import Event
from conversation.narration import call_text, cut_off, narrate, outcome, system_line
from conversation.phrases.english import ENGLISH
from conversation.phrases.german import GERMAN
from conversation.phrases.phrases import Phrases
from conversation.records import Run, RunError, RunSpec
from conversation.script import TERMINAL, State, Trigger
from conversation.turns import ToolCall

AAPL = '{"symbol": "AAPL"}'
CALL = ToolCall(call_id="call_1", name="get_stock_price", arguments=AAPL)
EXECUTED = events.ToolExecuted(
    call_id="call_1", name="get_stock_price", arguments=AAPL, output="227.5", seconds=0.012
)
SAID: dict[Event, str] = {
    events.MessageSent(message_id="msg_1", text="Hello"): "The user wrote: Hello",
    events.StateChanged(trigger=Trigger.STARTED, before=State.READY, after=State.STARTED): (
        "From ready to started: the model was asked"
    ),
    events.StatusChecked(status="queued"): "The provider says: queued",
    events.ToolCallsRequested(step_id="step_1", calls=(CALL, CALL)): (
        "The model asks for get_stock_price, get_stock_price"
    ),
    events.ApprovalRequested(call_id="call_1", name="pay", arguments='{"sum": 5}'): (
        "pay(sum=5) needs a person's approval"
    ),
    events.ApprovalDecided(call_id="call_1", name="pay", approved=True): "pay was allowed",
    events.ApprovalDecided(call_id="call_1", name="pay", approved=False): "pay was declined",
    events.ToolStarted(call_id="call_1", name="now", arguments=""): "now() begins",
    EXECUTED: 'get_stock_price(symbol="AAPL") → 227.5 · 0.01 s',
    replace(EXECUTED, output="No network", failed=True, seconds=1200.0): (
        'get_stock_price(symbol="AAPL") → failed: No network · 1,200 s'
    ),
    events.ToolOutputsSubmitted(call_ids=("call_1",)): "1 output sent back to the model",
    events.ToolOutputsSubmitted(call_ids=("a", "b")): "2 outputs sent back to the model",
    events.UsageRecorded(input=1200, output=30): "Tokens: 1,200 read, 30 written",
    events.UsageRecorded(input=1200, output=30, cached=1000, reasoning=20): (
        "Tokens: 1,200 read (1,000 cached), 30 written (20 reasoning)"
    ),
    events.RetryScheduled(code="rate_limited", reason="Too many requests", delay=2, attempt=1): (
        "Retry 1 follows in 2.0 s: Too many requests"
    ),
    events.Retried(attempt=2): "Taken up again after an interruption, attempt 2",
    events.TriggerRefused(trigger=Trigger.STARTED, state=State.COMPLETED): (
        "'started' is not possible while completed"
    ),
    events.MessageRetrieved(message_id="msg_2", text="Hi"): "The model wrote: Hi",
    events.MessageRetrieved(message_id="msg_2", text="No", refusal=True): "The model declined: No",
    events.Failed(code="key_rejected", message="No such key.", hint="Check it."): (
        "No such key. Check it."
    ),
    events.Cancelled(): "Stopped",
    events.Expired(): "Out of time: the answer did not come soon enough",
    events.Incomplete(reason="content_filter", detail="violence"): (
        "Cut short: the provider's content filter stepped in (violence)"
    ),
    events.Incomplete(reason="other"): "Cut short: other",
    events.Incomplete(reason="max_tool_rounds", detail="1 rounds"): (
        "Cut short: the model kept asking for functions (1 round)"
    ),
    events.Incomplete(reason="max_completion_tokens", detail="1200 tokens"): (
        "Cut short: the run's budget of tokens for answers was used up (1,200 tokens)"
    ),
}
START = datetime(2025, 1, 1, tzinfo=UTC)
RUN = Run(
    id="run_1",
    thread_id="thread_1",
    branch_id="branch_1",
    spec=RunSpec(provider="demo", model="demo"),
    state=State.COMPLETED,
    created_at=START,
    started_at=START,
    ended_at=START + timedelta(seconds=2.5),
)


@pytest.mark.parametrize(("event", "said"), SAID.items(), ids=lambda value: str(value)[:40])
def test_event_becomes_a_sentence(event: Event, said: str) -> None:
    assert narrate(event) == said


def test_every_kind_of_event_is_tried_here() -> None:
    assert {type(event) for event in SAID} == set(get_args(Event))


@pytest.mark.parametrize("trigger", Trigger)
def test_every_trigger_has_words(trigger: Trigger) -> None:
    change = events.StateChanged(trigger=trigger, before=State.READY, after=State.STARTED)

    assert narrate(change).startswith("From ready to started: ")


def test_chat_shows_functions_approvals_waits_and_bad_endings() -> None:
    shown = {event.kind for event in SAID if system_line(event)}

    assert shown == {
        "tool_executed", "approval_requested", "approval_decided", "retrying",
        "failed", "expired", "incomplete",
    }  # fmt: skip
    assert system_line(EXECUTED) == narrate(EXECUTED)


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ('{"city": "Zürich", "days": [1, 2]}', 'f(city="Zürich", days=[1, 2])'),
        ('{"city": "Zür', 'f({"city": "Zür)'),
        ("[1]", "f([1])"),
        ("[" * 100_000, "f(" + "[" * 159 + "…)"),
    ],
)
def test_arguments_are_shown_compactly(arguments: str, shown: str) -> None:
    assert call_text("f", arguments) == shown


def test_text_is_data_on_one_bounded_line() -> None:
    said = narrate(
        events.MessageSent(message_id="msg_1", text="**a**\n\x1b[31m<b>\u202e" + "x" * 999)
    )

    assert said.startswith("The user wrote: **a** [31m<b> xxx")
    assert said.endswith("x…")
    assert len(said) == len("The user wrote: ") + 300


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (RUN, "Answered after 2.50 s"),
        (replace(RUN, started_at=RUN.ended_at, ended_at=RUN.started_at), "Answered after 0.00 s"),
        (replace(RUN, state=State.REQUIRES_ACTION), "Under way: requires action"),
        (replace(RUN, state=State.CANCELLED, started_at=None), "Stopped"),
        (
            replace(
                RUN, state=State.ERROR, error=RunError(code="stream_cut", message="Broke off.")
            ),
            "Failed after 2.50 s: Broke off.",
        ),
        (
            replace(RUN, state=State.INCOMPLETE, incomplete_reason="max_tokens"),
            "Cut short after 2.50 s: its limit of tokens was reached",
        ),
    ],
)
def test_outcome_says_how_a_run_ended(run: Run, said: str) -> None:
    assert outcome(run) == said


GERMAN_SAID: dict[Event, str] = {
    events.MessageSent(message_id="msg_1", text="{Hallo}"): "Geschrieben wurde: {Hallo}",
    events.StateChanged(trigger=Trigger.STARTED, before=State.READY, after=State.STARTED): (
        "Von „bereit“ zu „begonnen“: Das Modell wurde gefragt"
    ),
    events.ToolCallsRequested(step_id="step_1", calls=()): "Das Modell verlangt nichts",
    replace(EXECUTED, failed=True, seconds=1200.0): (
        'get_stock_price(symbol="AAPL") → fehlgeschlagen: 227.5 · 1.200 s'
    ),
    EXECUTED: 'get_stock_price(symbol="AAPL") → 227.5 · 0,01 s',
    events.ToolOutputsSubmitted(call_ids=("a", "b")): ("2 Ausgaben gingen zurück an das Modell"),
    events.UsageRecorded(input=1200, output=30, cached=1000, reasoning=20): (
        "Token: 1.200 gelesen (1.000 aus dem Cache), 30 geschrieben (20 zum Nachdenken)"
    ),
    events.RetryScheduled(code="rate_limited", reason="Too many requests", delay=2, attempt=1): (
        "Versuch 1 folgt in 2,0 s: Too many requests"
    ),
    events.TriggerRefused(trigger=Trigger.CUT_SHORT, state=State.COMPLETED): (
        "„cut short“ ist nicht möglich im Zustand „abgeschlossen“"
    ),
    events.Incomplete(reason="max_tokens"): "Abgeschnitten: Die Höchstzahl an Token ist erreicht",
    events.Incomplete(reason="max_tool_rounds", detail="25 rounds"): (
        "Abgeschnitten: Das Modell verlangte immer weitere Funktionen (25 Runden)"
    ),
    events.Incomplete(reason="max_prompt_tokens", detail="1200 tokens"): (
        "Abgeschnitten: Das Token-Budget für das, was dem Modell gesagt wird, ist verbraucht "
        "(1.200 Token)"
    ),
    events.Incomplete(reason="max_tool_rounds", detail="too many"): (
        "Abgeschnitten: Das Modell verlangte immer weitere Funktionen (too many)"
    ),
    events.Failed(code="key_rejected", message="No such key.", hint="Check it."): (
        "No such key. Check it."
    ),
}


@pytest.mark.parametrize(("event", "said"), GERMAN_SAID.items(), ids=lambda value: str(value)[:40])
def test_event_is_told_in_german(event: Event, said: str) -> None:
    assert narrate(event, GERMAN) == said


@pytest.mark.parametrize("event", SAID, ids=lambda event: event.kind)
def test_no_event_is_told_in_english_to_germans(event: Event) -> None:
    said = narrate(event, GERMAN)

    assert isinstance(event, events.Failed) or said != narrate(event)
    assert (system_line(event, GERMAN) is None) is (system_line(event) is None)


def test_outcome_is_told_in_german() -> None:
    cut = replace(RUN, state=State.INCOMPLETE, incomplete_reason="max_tokens")

    assert outcome(RUN, GERMAN) == "Beantwortet nach 2,50 s"
    assert outcome(replace(RUN, state=State.RUNNING), GERMAN) == "Im Gange: läuft"
    assert outcome(cut, GERMAN).endswith(": Die Höchstzahl an Token ist erreicht")
    assert cut_off("run_failed", GERMAN) == "der Austausch ist fehlgeschlagen"
    assert cut_off("odd", GERMAN) == cut_off("odd") == "odd"


@pytest.mark.parametrize("words", [ENGLISH, GERMAN])
def test_every_word_of_the_script_is_known(words: Phrases) -> None:
    assert words.states.keys() == set(State)
    assert words.triggers.keys() == set(Trigger)
    assert words.endings.keys() == TERMINAL
