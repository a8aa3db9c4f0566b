"""A conversation as one JSON document; docs/exports.md describes its shape."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Final

from conversation.exports.lines import json_line
from conversation.exports.transcript import Passage, Transcript, Utterance
from conversation.records import Message, Run

FORMAT: Final = "parley.conversation/1"


def document(transcript: Transcript) -> Iterator[str]:
    """Yield the conversation, an exchange a line."""
    thread = transcript.thread
    head = {
        "id": thread.id,
        "title": thread.title,
        "metadata": thread.metadata,
        "created_at": thread.created_at,
    }
    yield f'{{"format": {json_line(FORMAT)},\n"thread": {json_line(head)},\n"exchanges": ['
    for number, passage in enumerate(transcript.passages):
        yield (",\n" if number else "\n") + json_line(_passage(passage))
    yield "\n]}\n"


def _passage(passage: Passage) -> dict[str, Any]:
    return {
        "user": [_message(message) for message in passage.asked],
        "run": _run(passage.run) if passage.run else None,
        "states": [{"state": state, "at": at} for state, at in passage.path],
        "assistant": [_said(said) for said in passage.said],
    }


def _message(message: Message) -> dict[str, Any]:
    told = {"id": message.id, "text": message.text, "at": message.created_at}
    others = {
        "role": message.role if message.role != "user" else None,
        "parts": [asdict(part) for part in message.parts],
        "attachments": message.attachments,
    }
    return told | {name: value for name, value in others.items() if value}


def _run(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "state": run.state,
        "spec": asdict(run.spec),
        "usage": asdict(run.usage),
        "error": asdict(run.error) if run.error else None,
        "incomplete_reason": run.incomplete_reason,
        "attempt": run.attempt,
        "created_at": run.created_at,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
    }


def _said(said: Utterance) -> dict[str, Any]:
    return {
        "at": said.at,
        "text": said.text,
        "refusal": said.refusal,
        "partial": said.partial,
        "calls": [asdict(call) for call in said.calls],
    }
