"""A conversation in Markdown, for people.

Messages are quoted and calls are in fenced blocks, so nothing that anybody wrote can end its own
place: a heading outside a quotation is always ours.
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from conversation.exports.enclosed import enclosed
from conversation.exports.transcript import Call, Passage, Transcript, Utterance
from conversation.narration import cut_off, outcome
from conversation.records import Message, Run
from conversation.script import State

_END_OF_LINE: Final = re.compile(r"\r\n|\r|\n")
_PUNCTUATION: Final = re.compile(r"([\\`*_{}\[\]<>()#+.!|~&$^=-])")


def markdown(transcript: Transcript) -> Iterator[str]:
    """Yield the conversation, passage by passage."""
    thread = transcript.thread
    yield f"# {plain(thread.title) or 'Conversation'}\n\n"
    yield f"Thread `{thread.id}`, begun {_time(thread.created_at)}.\n"
    for passage in transcript.passages:
        yield from _passage(passage)


def quoted(text: str) -> str:
    """Return `text` as a quotation; taking `> ` away from its lines gives it back."""
    return "> " + _END_OF_LINE.sub(lambda end: f"{end[0]}> ", text) + "\n"


def fenced(text: str, language: str = "") -> str:
    """Return `text` in a block whose fence is longer than any in it."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}\n"


def plain(text: str) -> str:
    """Return `text` on one line, with nothing in it that Markdown would take for a sign."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return _PUNCTUATION.sub(r"\\\1", line)


def _passage(passage: Passage) -> Iterator[str]:
    for message in passage.asked:
        yield _asked(message)
    if passage.run is None:
        return
    for said in passage.said:
        yield from _said(said, passage.run)
    if passage.run.state is not State.COMPLETED:
        yield f"\n**System:** {plain(outcome(passage.run))}.\n"


def _asked(message: Message) -> str:
    lines = "".join(f"\n*{plain(line)}*\n" for line in enclosed(message))
    head = f"\n## {message.role.capitalize()}\n\n{_time(message.created_at)}\n\n"
    return f"{head}{quoted(message.text) if message.text else ''}{lines}"


def _said(said: Utterance, run: Run) -> Iterator[str]:
    if said.text:
        yield f"\n## Assistant\n\n{plain(run.spec.model)} · {_time(said.at)}\n\n{quoted(said.text)}"
    if said.partial:
        yield f"\n*Not a whole answer: {plain(cut_off(said.partial))}.*\n"
    for call in said.calls:
        yield _call(call)


def _call(call: Call) -> str:
    told = f"\n**System:** {plain(call.name)} was called with\n\n{_block(call.arguments)}"
    if call.output is None:
        return f"{told}\nand has no output.\n"
    verb = "failed" if call.failed else "returned"
    seconds = "" if call.seconds is None else f" after {call.seconds:.2f} s"
    return f"{told}\nand {verb}{seconds}:\n\n{_block(call.output)}"


def _block(text: str) -> str:
    return fenced(text, "json" if _is_json(text) else "")


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
