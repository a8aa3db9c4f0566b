"""Exports that people and programs read: nothing that anybody wrote is lost or escapes."""

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from conversation.events import Logged, MessageSent, StateChanged
from conversation.exports.document import FORMAT, document
from conversation.exports.lines import event_lines, json_line
from conversation.exports.markdown import fenced, markdown, plain, quoted
from conversation.exports.tables import csv_lines, defused
from conversation.exports.transcript import Transcript
from conversation.records import RunError
from conversation.script import State, Trigger
from tests.unit.transcripts import (
    AT,
    TRANSCRIPTS,
    WITH_CALLS,
    call,
    passage,
    said,
    transcript,
)

NASTY = "```\n# Not a heading\r> <script>&amp;\x00\u2028\n````\n---\n<!-- "


@dataclass(frozen=True, slots=True)
class Row:
    """A row of any grid."""

    text: str
    number: float | None = None
    at: datetime | None = None
    flag: bool = False
    many: tuple[str, ...] = ()


def read_csv(pieces: list[str]) -> list[list[str]]:
    return list(csv.reader(io.StringIO("".join(pieces), newline="")))


# CSV


def fused(text: str) -> str:
    """Take the apostrophe away as docs/exports.md says."""
    signs = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(tuple(signs)) else text


@given(st.lists(st.text()))
def test_any_text_survives_csv(texts: list[str]) -> None:
    rows = read_csv(list(csv_lines(Row, [Row(text) for text in texts])))

    assert rows[0] == ["text", "number", "at", "flag", "many"]
    assert [fused(row[0]) for row in rows[1:]] == texts


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "'=", "\uff1d"])
def test_formula_is_defused(start: str) -> None:
    assert defused(f"{start}cmd|'/C calc'!A0") == f"'{start}cmd|'/C calc'!A0"


@given(st.text())
def test_no_cell_begins_like_a_formula(text: str) -> None:
    assert not defused(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_values_have_one_form_each() -> None:
    east = timezone(timedelta(hours=2))
    row = Row("", -1.5, datetime(2026, 1, 1, 1, tzinfo=east), flag=True, many=("a", "b"))

    _, cells = read_csv(list(csv_lines(Row, [row])))

    assert cells == ["", "-1.5", "2025-12-31T23:00:00+00:00", "true", '["a", "b"]']


def test_csv_comes_in_pieces() -> None:
    pieces = list(csv_lines(Row, (Row(str(n)) for n in range(1200))))

    assert len(pieces) == 3
    assert len(read_csv(pieces)) == 1201


# events


@given(st.text())
def test_any_event_is_one_line(text: str) -> None:
    event = MessageSent(message_id="msg_1", text=text)
    (line,) = event_lines([Logged(run_id="run_1", seq=3, at=AT, event=event)])

    assert line.splitlines() == [line[:-1]]
    line.encode()
    assert json.loads(line) == {
        "run_id": "run_1",
        "seq": 3,
        "at": "2026-05-17T12:30:15+00:00",
        "kind": "message_sent",
        "message_id": "msg_1",
        "text": text,
    }


def test_event_names_its_states() -> None:
    event = StateChanged(trigger=Trigger.STARTED, before=State.READY, after=State.STARTED)
    (line,) = event_lines([Logged(run_id="run_1", seq=1, at=AT, event=event)])

    assert '"before": "ready", "after": "started"' in line


def test_what_has_no_json_is_refused() -> None:
    with pytest.raises(TypeError, match="object has no form"):
        json_line(object())


# Markdown


def tops(text: str, kind: str) -> list[str]:
    """Return the tokens of a kind that stand in no quotation, as a reader of Markdown sees them."""
    return [
        token.content
        for token in MarkdownIt().parse(text)
        if token.type == kind and not token.level
    ]


@given(st.text())
def test_any_text_survives_quotation(text: str) -> None:
    lines = quoted(text)[:-1].removeprefix("> ")

    assert re.sub(r"(\r\n|\r|\n)> ", r"\1", lines) == text


@given(st.text())
def test_any_text_survives_a_fence(text: str) -> None:
    block = fenced(text).split("\n")

    assert "\n".join(block[1:-2]) == text
    assert block[0] not in text
    assert len(tops(fenced(text), "fence")) == 1


@given(TRANSCRIPTS)
def test_nobody_can_write_our_headings(given_one: Transcript) -> None:
    text = "".join(markdown(given_one))
    tokens = MarkdownIt().parse(text)
    headings = [
        following.content
        for token, following in pairwise(tokens)
        if token.type == "heading_open" and token.level == 0
    ]

    users = sum(len(passage.asked) for passage in given_one.passages)
    answers = sum(
        bool(said.text) for passage in given_one.passages if passage.run for said in passage.said
    )
    assert headings[1:].count("User") == users
    assert headings[1:].count("Assistant") == answers
    assert len(headings) == 1 + users + answers


def test_markdown_tells_calls_and_how_they_went() -> None:
    text = "".join(markdown(transcript(WITH_CALLS)))

    assert text.startswith("# Shares\n")
    assert '**System:** price was called with\n\n```json\n{"symbol": "AAPL"}\n```\n' in text
    assert "and returned after 0.25 s:\n\n```json\n227.50\n```\n" in text
    assert "and failed after 0.25 s:\n\n```\nno such share\n```\n" in text
    assert "demo\\-1 · 2026-05-17 12:30:15 UTC\n\n> It trades at 227.50.\n" in text


def test_markdown_tells_what_is_not_whole() -> None:
    error = RunError(code="stream_cut", message="It broke off.")
    cut = passage(
        said("It tr", call(output=None), partial="run_failed"), state=State.ERROR, error=error
    )
    text = "".join(markdown(transcript(cut)))

    assert "*Not a whole answer: the exchange failed.*" in text
    assert "and has no output." in text
    assert "**System:** Failed after 2\\.00 s: It broke off\\." in text


def test_plain_text_is_no_markdown() -> None:
    assert tops(f"# {plain(NASTY)}\n", "heading_open") == [""]
    assert "script" in plain(NASTY)
    assert "<script" not in plain(NASTY).replace("\\<", "")


# JSON


@given(TRANSCRIPTS)
def test_any_conversation_survives_json(given_one: Transcript) -> None:
    loaded = json.loads("".join(document(given_one)))

    assert loaded["format"] == FORMAT
    assert loaded["thread"]["title"] == given_one.thread.title
    for exchange, past in zip(loaded["exchanges"], given_one.passages, strict=True):
        assert [m["text"] for m in exchange["user"]] == [m.text for m in past.asked]
        assert [s["text"] for s in exchange["assistant"]] == [s.text for s in past.said]
        calls = [made for told in exchange["assistant"] for made in told["calls"]]
        assert calls == [asdict(made) for made in past.calls]


def test_json_has_the_run_as_it_was() -> None:
    (exchange,) = json.loads("".join(document(transcript(WITH_CALLS))))["exchanges"]

    assert exchange["run"]["spec"]["model"] == "demo-1"
    assert exchange["run"]["usage"]["input"] == 10
    assert exchange["run"]["ended_at"] == "2026-05-17T12:30:17+00:00"
    assert [step["state"] for step in exchange["states"]] == ["ready", "started", "completed"]


@pytest.mark.parametrize("export", [markdown, document])
def test_conversation_without_messages_is_exported(
    export: Callable[[Transcript], object],
) -> None:
    assert "".join(export(transcript()))  # type: ignore[arg-type]


def test_times_are_utc() -> None:
    assert json_line({"at": datetime(2026, 1, 1, tzinfo=UTC)}) == (
        '{"at": "2026-01-01T00:00:00+00:00"}'
    )
