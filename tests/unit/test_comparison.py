"""Two threads side by side, and how two texts differ."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversation.comparison import compare
from conversation.difference import difference
from conversation.equality import canonical_arguments
from conversation.records import Usage
from conversation.script import State
from tests.unit.transcripts import WITH_CALLS, call, passage, said, transcript


@given(st.text(), st.text())
def test_difference_holds_both_texts(before: str, after: str) -> None:
    parts = difference(before, after)

    assert "".join(text for op, text in parts if op != "insert") == before
    assert "".join(text for op, text in parts if op != "delete") == after


@given(st.text(min_size=1))
def test_equal_texts_do_not_differ(text: str) -> None:
    assert difference(text, text) == (("equal", text),)


def test_difference_is_by_word() -> None:
    assert difference("It is 227 dollars", "It is 228 dollars") == (
        ("equal", "It is "), ("delete", "227 "), ("insert", "228 "), ("equal", "dollars"),
    )  # fmt: skip


def test_long_texts_differ_by_line() -> None:
    line = "word " * 100 + "\n"

    assert difference(line * 50, line * 49 + "end\n") == (
        ("equal", line * 49), ("delete", line), ("insert", "end\n"),
    )  # fmt: skip


def test_very_long_texts_are_simply_different() -> None:
    before, after = "a\n" * 5000, "b\n" * 5000

    assert difference(before, after) == (("delete", before), ("insert", after))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ('{"a": 1, "b": 2}', '{"b":2,"a":1}', True),
        ('{"a": 1}', '{"a": 1.0}', True),
        ("", "{}", True),
        ('{"a": 1}', '{"a": true}', False),
        ('{"a": 1}', '{"a": "1"}', False),
        ('{"a', '{"a', True),
        ('{"a', '{"b', False),
        ('{"a": 1e999}', '{"a": 2e999}', True),
    ],
)
def test_arguments_are_equal_by_value(one: str, other: str, same: bool) -> None:
    assert (canonical_arguments(one) == canonical_arguments(other)) is same


def test_deepest_json_is_compared_as_text() -> None:
    deep = "[" * 100_000

    assert canonical_arguments(deep) == deep


def test_sides_tell_how_each_answered() -> None:
    other = passage(said("It trades at 230."), id="run_2", usage=Usage(input=4, output=2))
    compared = compare(transcript(WITH_CALLS), transcript(other), {"run_1": 0.5, "run_2": None})
    (pair,) = compared.pairs

    assert pair.asked == "What is Apple trading at?"
    assert pair.left is not None
    assert pair.left.path == (State.READY, State.STARTED, State.COMPLETED)
    assert pair.left.seconds == 2
    assert ("delete", "227.50.") in pair.answers
    assert (compared.left.cost, compared.right.cost) == (0.5, None)
    assert (compared.left.calls, compared.left.failed_calls, compared.right.calls) == (2, 1, 0)
    assert compared.right.usage == Usage(input=4, output=2)


def test_equal_calls_stand_side_by_side() -> None:
    left = passage(said("", call("AAPL", 1), call("MSFT", 2)), said("Done."))
    right = passage(
        said("", call("MSFT", 3, arguments='{"symbol":"MSFT"}'), call("TSLA", 4)), said("Done.")
    )
    (pair,) = compare(transcript(left), transcript(right), {}).pairs

    ids = [tuple(one.call_id if one else None for one in beside) for beside in pair.calls]
    assert ids == [("call_1", None), ("call_2", "call_3"), (None, "call_4")]


def test_side_that_did_not_answer_is_none() -> None:
    unanswered = passage(state=State.RUNNING, ended_at=None)
    first, second = compare(transcript(WITH_CALLS, WITH_CALLS), transcript(unanswered), {}).pairs

    assert first.right is not None
    assert (first.right.answer, first.right.seconds) == ("", None)
    assert second.right is None
    assert len(second.calls) == 2


def test_message_of_one_side_stands_alone() -> None:
    hello, bye = (passage(said(text), question=text) for text in ("Hello", "Bye"))
    aside = passage(said("Fine."), question="How are you?")

    pairs = compare(transcript(hello, aside, bye), transcript(hello, bye), {}).pairs

    assert [(pair.asked, bool(pair.left), bool(pair.right)) for pair in pairs] == [
        ("Hello", True, True), ("How are you?", True, False), ("Bye", True, True),
    ]  # fmt: skip


def test_other_messages_are_not_compared() -> None:
    one, other = (transcript(passage(said("Yes."), question=text)) for text in ("One?", "Two?"))

    pairs = compare(one, other, {}).pairs

    assert [(pair.asked, bool(pair.left), bool(pair.right)) for pair in pairs] == [
        ("One?", True, False), ("Two?", False, True),
    ]  # fmt: skip


def test_nothing_compares_to_nothing() -> None:
    compared = compare(transcript(), transcript(), {})

    assert compared.pairs == ()
    assert (compared.left.cost, compared.left.seconds) == (0, 0)
