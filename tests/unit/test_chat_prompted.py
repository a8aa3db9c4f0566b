"""Reading calls from what a model writes, in whatever pieces it comes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversation.signals import Saying, Signal
from proxies.chat_prompted import Scanner
from proxies.chat_thoughts import Thoughts

PRICE = {"name": "price", "arguments": {"symbol": "A"}}
WRITTEN = json.dumps(PRICE)

texts = st.text(alphabet='ab \n`<>{}[]":,tool_cl/', max_size=60)
pieces = st.lists(st.integers(1, 7), max_size=40)


def scanned(text: str, sizes: list[int] | None = None) -> tuple[str, Scanner]:
    """Return what is said of a text that comes in pieces of these sizes, and the scanner."""
    scanner = Scanner(frozenset({"price"}))
    said: list[Signal] = []
    at = 0
    for size in [*(sizes or []), len(text)]:
        said += scanner.heard(Saying(text[at : at + size]))
        at += size
    said += scanner.rest()
    return "".join(one.text for one in said if isinstance(one, Saying)), scanner


def called(text: str, sizes: list[int] | None = None) -> list[tuple[str, str]]:
    return [(call.name, call.arguments) for call in scanned(text, sizes)[1].calls]


@pytest.mark.parametrize(
    "text",
    [
        f"<tool_call>{WRITTEN}</tool_call>",
        f"<tool_call>\n{WRITTEN}\n</tool_call>",
        f"<tool_call>```json\n{WRITTEN}\n```</tool_call>",
        f"<tool_call>{WRITTEN}",
        f"Let me look.\n\n```json\n{WRITTEN}\n```\nThen we shall see.",
        f"```tool_call\n{WRITTEN}\n```",
        f"```\n{WRITTEN}",
        WRITTEN,
        f"Sure!\n{WRITTEN}\nDone.",
        f"[{WRITTEN}]",
        json.dumps({"tool_calls": [{"type": "function", "function": PRICE}]}),
        json.dumps({"name": "price", "parameters": {"symbol": "A"}}),
        json.dumps({"tool": "price", "args": {"symbol": "A"}}),
        json.dumps({"name": "price", "arguments": '{"symbol": "A"}'}),
        json.dumps(PRICE, indent=2),
    ],
)
@given(sizes=pieces)
def test_a_call_is_found_however_it_is_written(text: str, sizes: list[int]) -> None:
    assert called(text, sizes) == [("price", '{"symbol": "A"}')]


@given(sizes=pieces)
def test_several_calls_are_found_in_order(sizes: list[int]) -> None:
    other = json.dumps({"name": "price", "arguments": {"symbol": "B"}})
    text = f"Both.\n<tool_call>{WRITTEN}</tool_call>\n<tool_call>{other}</tool_call>\n"

    assert called(text, sizes) == [("price", '{"symbol": "A"}'), ("price", '{"symbol": "B"}')]
    assert scanned(text, sizes)[0].strip() == "Both."


@pytest.mark.parametrize(
    "text",
    [
        "Just an answer with `code`, <b>tags</b> and {braces}.",
        'Like this:\n```json\n{"a": 1}\n```\nDone.',
        '{"answer": 42}',
        '```python\nprint("hello")\n```',
        "[a link](https://example.com)",
        '{"name": "Ada", "age": 36}',
        '```json\n{"name": "unknown", "arguments": {}}\n```',
    ],
)
@given(sizes=pieces)
def test_what_is_no_call_is_said_as_it_came(text: str, sizes: list[int]) -> None:
    said, scanner = scanned(text, sizes)

    assert said == text
    assert scanner.calls == []
    assert scanner.broken is None


@given(texts, pieces)
def test_pieces_make_no_difference(text: str, sizes: list[int]) -> None:
    whole, at_once = scanned(text)
    cut, in_pieces = scanned(text, sizes)

    assert cut == whole
    assert len(in_pieces.calls) == len(at_once.calls)


def test_prose_is_said_while_it_comes() -> None:
    scanner = Scanner(frozenset({"price"}))

    said = [*scanner.heard(Saying("One two ")), *scanner.heard(Saying("three four"))]

    assert said == [Saying("One two "), Saying("three four")]


def test_a_call_that_was_meant_but_is_broken_is_told() -> None:
    said, scanner = scanned('So: <tool_call>{"name": </tool_call>')

    assert said == "So: "
    assert scanner.broken is not None
    assert scanner.broken[0] == '<tool_call>{"name": </tool_call>'


@given(texts, pieces)
def test_thoughts_are_left_out_in_any_pieces(text: str, sizes: list[int]) -> None:
    thoughts, said, at = Thoughts(), "", 0
    whole = f"<think>{text.replace('</think>', '')}</think>\n\nSo it is."
    for size in [*sizes, len(whole)]:
        said += thoughts.spoken(whole[at : at + size])
        at += size

    assert said + thoughts.rest() == "So it is."


@given(st.text(max_size=20).filter(lambda text: not text.lstrip().startswith("<think>")), pieces)
def test_a_text_without_thoughts_is_left_alone(text: str, sizes: list[int]) -> None:
    thoughts, said, at = Thoughts(), "", 0
    for size in [*sizes, len(text)]:
        said += thoughts.spoken(text[at : at + size])
        at += size

    assert said + thoughts.rest() == text
