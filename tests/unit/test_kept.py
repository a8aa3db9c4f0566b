"""What is kept of requests and answers: always JSON, never too long, never with a secret."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxies.kept import LIMIT, kept, parsed
from proxies.redact import HIDDEN, Secrets, address, secrets_in

SECRET = st.from_regex(r"[A-Z]{4}[0-9]{4,20}[A-Z%/+ ]{0,3}", fullmatch=True)
LIMITS = st.integers(min_value=64, max_value=4000)
TEXT = st.text(st.characters(exclude_categories=()), max_size=40)
LEAF = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
LONG = st.builds(lambda text, times: text * times, TEXT, st.integers(1, 200))
VALUES = st.recursive(
    LEAF | LONG,
    lambda inside: st.lists(inside, max_size=12) | st.dictionaries(TEXT, inside, max_size=6),
    max_leaves=60,
)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("abc äöü😀\n\"\\'", max_size=20),
    lambda inside: st.lists(inside, max_size=5) | st.dictionaries(st.text("abc"), inside),
    max_leaves=20,
)


def nested(depth: int) -> Any:
    value: Any = "deep"
    for _ in range(depth):
        value = [value]
    return value


def chat(*texts: str) -> dict[str, Any]:
    return {"model": "m", "input": [{"role": "user", "content": text} for text in texts]}


@given(VALUES, LIMITS)
def test_kept_text_is_json_within_its_bound(value: object, limit: int) -> None:
    text = kept(value, limit=limit)

    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert len(text.encode()) <= limit


@given(VALUES, SECRET, LIMITS, st.data())
def test_no_secret_is_left_anywhere(
    value: object, secret: str, limit: int, data: st.DataObject
) -> None:
    planted = data.draw(_planted(value, secret))

    text = kept(planted, Secrets([secret]), limit=limit)

    assert secret not in text
    assert secret not in str(json.loads(text))


def _planted(value: object, secret: str) -> st.SearchStrategy[object]:
    """Put a secret before, in and behind texts, in names, and beside whatever is there."""
    pieces = st.tuples(TEXT, TEXT).map(lambda around: secret.join(around))
    long = pieces.map(lambda text: text * 100)
    return st.builds(
        lambda near, far, name: {name: [near, value, far, {"more": {name: near}}]},
        pieces,
        long,
        pieces,
    )


def test_what_nothing_takes_is_replaced() -> None:
    assert json.loads(kept({"a\0": ["\ud800", float("nan")]})) == {"a\ufffd": ["\ufffd", "nan"]}


@given(PLAIN)
def test_what_fits_is_kept_as_it_is(value: object) -> None:
    assert json.loads(kept(value)) == value


def test_newest_messages_stay_whole() -> None:
    texts = [f"{number}: " + "word " * 400 for number in range(100)]

    told = json.loads(kept(chat(*texts)))["input"]

    assert told[-1]["content"] == texts[-1]
    assert [part["content"] for part in told[1:]] == texts[-len(told) + 1 :]
    assert told[0] == f"[{100 - len(told) + 1} left out]"
    assert len(told) > 20


def test_long_text_keeps_its_beginning_and_its_end() -> None:
    text = "begin " + "x" * 100_000 + " end"

    (told,) = json.loads(kept(chat(text)))["input"]

    assert told["content"].startswith("begin xxx")
    assert told["content"].endswith("xxx end")
    assert f"[{len(text) - LIMIT // 4:,} characters left out]" in told["content"]


def test_one_heavy_message_of_many_parts_loses_the_oldest_parts() -> None:
    parts = [{"text": f"{number} " + "word " * 200} for number in range(200)]

    (content,) = json.loads(kept({"contents": [{"role": "user", "parts": parts}]}))["contents"]

    assert content["role"] == "user"
    assert content["parts"][-1] == parts[-1]


def test_what_cannot_be_shortened_is_told_by_its_size() -> None:
    value = {f"name {number}": number for number in range(10_000)}

    assert json.loads(kept(value)) == {"left_out": f"{len(json.dumps(value)):,} bytes"}


def test_depth_has_an_end() -> None:
    assert "too deep" in kept(nested(900))
    assert parsed("[" * 100_000) == "[" * 100_000


@pytest.mark.parametrize(
    ("given_text", "left"),
    [
        ("data:image/png;base64," + "iVBORw0K" * 300, "data:image/png;base64,["),
        ("aB3/" * 400, "["),
        ("aB3_" * 400 + "aB==", "["),
    ],
)
def test_inline_data_becomes_a_note_of_its_size(given_text: str, left: str) -> None:
    told = json.loads(kept({"inlineData": {"data": given_text}}))["inlineData"]["data"]

    assert told.startswith(left)
    assert told.endswith(" bytes of data left out]")
    assert len(told) < 80


@pytest.mark.parametrize("text", ["x" * 3000, "a long sentence " * 200, "dGhpcw=="])
def test_what_only_looks_like_data_stays(text: str) -> None:
    assert json.loads(kept([text])) == [text]


@pytest.mark.parametrize(
    "text",
    [
        "sk-proj-abc_DEF1234567",
        "sk-test********************abcd",
        "AIzaSyA-1234_abcdefgh",
        "ya29.a0AfH6SMabcdefg",
        "Bearer eyJhbGciOiJIUzI1NiJ9.e30",
    ],
)
def test_keys_nobody_knows_are_hidden_by_their_looks(text: str) -> None:
    assert text.removeprefix("Bearer ") not in kept({"error": f"You sent {text}."})


@pytest.mark.parametrize(
    "text", ["f(key=value, token=2)", "sk-learn", "a risk-free key", "Bearer of news", "task-1"]
)
def test_people_may_write_about_keys(text: str) -> None:
    assert json.loads(kept([text])) == [text]


def test_a_word_for_a_key_is_hidden_as_a_word_only() -> None:
    text = kept(["The key is none.", "nonexistent"], Secrets(["none"]))

    assert json.loads(text) == [f"The key is {HIDDEN}.", "nonexistent"]


def test_secret_is_hidden_in_its_escaped_form_too() -> None:
    assert kept("?key=abc%2Fdef%3D%3D", Secrets(["abc/def=="])) == f'"?key={HIDDEN}"'


@pytest.mark.parametrize(
    ("url", "shown", "secrets"),
    [
        ("https://a.test/v1/x?alt=sse", "https://a.test/v1/x?alt=sse", []),
        ("https://a.test/v1?key=s3cret&alt=sse", f"https://a.test/v1?key={HIDDEN}&alt=sse",
         ["s3cret"]),
        ("https://a.test/v1?alt=sse?key=s3cret-1", f"https://a.test/v1?alt={HIDDEN}",
         ["sse?key=s3cret-1", "s3cret-1"]),
        ("https://me:p%2Fss@a.test:8/v1", "https://a.test:8/v1", ["me", "p/ss"]),
        ("http://[::1]:8080/v1?api-version=1", "http://[::1]:8080/v1?api-version=1", []),
    ],
)  # fmt: skip
def test_addresses_are_told_without_secrets(url: str, shown: str, secrets: list[str]) -> None:
    assert (address(url), secrets_in(url)) == (shown, secrets)
