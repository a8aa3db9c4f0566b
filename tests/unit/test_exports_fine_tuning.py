"""Files for fine-tuning, loaded back by the providers' rules."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given

from conversation.exports.examples import Flaw, Tally, example_of
from conversation.exports.gemini_examples import gemini_example
from conversation.exports.gemini_schema import gemini_schema
from conversation.exports.lines import json_line
from conversation.exports.openai_examples import openai_example
from conversation.exports.transcript import Passage, Transcript
from conversation.records import RunSpec
from conversation.script import State
from conversation.turns import ToolSpec
from tests.unit.fine_tuning_rules import load_gemini, load_openai
from tests.unit.transcripts import PRICE, TRANSCRIPTS, WITH_CALLS, call, passage, said, transcript

Body = dict[str, Any]
LOADERS: dict[Any, Callable[[str], list[Body]]] = {
    openai_example: load_openai,
    gemini_example: load_gemini,
}
FORMATS = pytest.mark.parametrize("form", LOADERS, ids=["openai", "gemini"])


def file_of(form: Any, *conversations: Transcript, tally: Tally | None = None) -> str:
    examples = (example_of(one, tally or Tally()) for one in conversations)
    return "".join(json_line(form(example)) + "\n" for example in examples if example)


@FORMATS
@given(given_one=TRANSCRIPTS)
def test_any_conversation_makes_a_valid_file(form: Any, given_one: Transcript) -> None:
    assert len(LOADERS[form](file_of(form, given_one))) == 1


@FORMATS
def test_half_characters_are_replaced(form: Any) -> None:
    half = passage(said("", call(arguments='{"symbol": "\\ud800"}')), said("Hm."))
    file = file_of(form, transcript(half))

    assert len(LOADERS[form](file)) == 1
    assert "\\ud800" not in file
    assert "\\ufffd" in file or "\ufffd" in file


def test_openai_example_answers_every_call() -> None:
    (example,) = load_openai(file_of(openai_example, transcript(WITH_CALLS)))

    assert [message["role"] for message in example["messages"]] == [
        "system", "user", "assistant", "tool", "tool", "assistant",
    ]  # fmt: skip
    first, second = example["messages"][2]["tool_calls"]
    assert json.loads(first["function"]["arguments"]) == {"symbol": "AAPL"}
    assert example["messages"][4] == {
        "role": "tool",
        "tool_call_id": second["id"],
        "content": "no such share",
    }
    assert example["tools"][0]["function"]["parameters"] == PRICE.parameters


def test_gemini_example_answers_calls_in_one_content() -> None:
    (example,) = load_gemini(file_of(gemini_example, transcript(WITH_CALLS)))
    _, asking, outputs, last = example["contents"]

    assert example["systemInstruction"]["parts"] == [{"text": "Be brief."}]
    assert asking["parts"][1:] == [
        {"functionCall": {"name": "price", "args": {"symbol": "AAPL"}}},
        {"functionCall": {"name": "price", "args": {"symbol": "MSFT"}}},
    ]
    assert outputs["parts"] == [
        {"functionResponse": {"name": "price", "response": {"output": "227.50"}}},
        {"functionResponse": {"name": "price", "response": {"error": "no such share"}}},
    ]
    assert last == {"role": "model", "parts": [{"text": "It trades at 227.50."}]}


@FORMATS
def test_plain_conversation_needs_no_tools(form: Any) -> None:
    plain = passage(said("Hello!"), spec=RunSpec(provider="demo", model="demo"))

    (example,) = LOADERS[form](file_of(form, transcript(plain)))

    assert "tools" not in example
    assert "systemInstruction" not in example


@pytest.mark.parametrize(
    ("bad", "flaw"),
    [
        (passage(said("Half an"), state=State.INCOMPLETE), "not_completed"),
        (passage(state=State.ERROR), "not_completed"),
        (Passage(asked=()), "not_completed"),
        (passage(said("Hello"), question=" "), "no_question"),
        (passage(), "no_answer"),
        (passage(said("", call())), "no_answer"),
        (passage(said(" \n")), "no_answer"),
        (passage(said("", call(output=None)), said("Hm.")), "unanswered_call"),
        (passage(said("", call(arguments='{"a": NaN}')), said("Hm.")), "broken_arguments"),
        (passage(said("", call(arguments="[1]")), said("Hm.")), "broken_arguments"),
        (passage(said("", call(arguments='{"sym')), said("Hm.")), "broken_arguments"),
        (
            passage(said("", call()), said("Hm."), spec=RunSpec(provider="demo", model="demo")),
            "unknown_function",
        ),
    ],
)
def test_exchange_that_teaches_nothing_is_counted(bad: Passage, flaw: Flaw) -> None:
    tally = Tally()

    assert example_of(transcript(bad), tally) is None
    assert example_of(transcript(bad, WITH_CALLS), tally) is not None
    assert tally.left_out == {flaw: 2}
    assert (tally.examples, tally.exchanges, tally.conversations_left_out) == (1, 1, 1)


def test_example_has_the_last_instructions_and_all_tools() -> None:
    other = ToolSpec(name="advice", parameters={"type": "object", "properties": {}})
    later = passage(
        said("Yes."), spec=RunSpec(provider="d", model="d", instructions="New.", tools=(other,))
    )

    example = example_of(transcript(WITH_CALLS, later), Tally())

    assert example is not None
    assert example.instructions == "New."
    assert [tool.name for tool in example.tools] == ["price", "advice"]
    load_gemini(json_line(gemini_example(example)) + "\n")


def test_gemini_schema_keeps_what_gemini_knows() -> None:
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "side": {"enum": ["buy", "sell"]},
            "level": {"enum": [1, 2], "type": "integer"},
            "limit": {"anyOf": [{"type": "number"}, {"type": "null"}], "title": "Limit"},
            "at": {"type": ["string", "null"]},
            "size": {"type": ["string", "integer"]},
            "tags": {"type": "array", "items": {"$ref": "#/$defs/Tag"}},
            "node": {"$ref": "#/$defs/Node"},
            "anything": True,
        },
        "$defs": {
            "Tag": {"const": "x"},
            "Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}},
        },
    }
    spec = RunSpec(provider="d", model="d", tools=(ToolSpec(name="order", parameters=schema),))

    load_gemini(file_of(gemini_example, transcript(passage(said("Done."), spec=spec))))
    known = gemini_schema(schema)

    assert known["type"] == "OBJECT"
    assert known["properties"]["side"] == {"type": "STRING", "enum": ["buy", "sell"]}
    assert known["properties"]["level"] == {"type": "INTEGER"}
    assert known["properties"]["limit"] == {"type": "NUMBER", "title": "Limit", "nullable": True}
    assert known["properties"]["at"] == {"type": "STRING", "nullable": True}
    assert known["properties"]["size"]["anyOf"] == [{"type": "STRING"}, {"type": "INTEGER"}]
    assert known["properties"]["tags"]["items"] == {"type": "STRING", "enum": ["x"]}
