"""Frames of streams: what is in a text never looks like an end of a line."""

import json

import pytest

from server.assistants_api.sse import ServerEvent


@pytest.mark.parametrize("end", ["\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_frame_has_no_ends_of_lines_but_its_own(end: str) -> None:
    event = ServerEvent("thread.message.delta", {"text": f"one{end}two"}, id=7)

    number, name, data, *rest = event.frame().decode().splitlines()

    assert (number, name, rest) == ("id: 7", "event: thread.message.delta", [""])
    assert json.loads(data.removeprefix("data: ")) == {"text": f"one{end}two"}


def test_letters_of_all_languages_stay_as_they_are() -> None:
    assert "Grüße, 世界 😀".encode() in ServerEvent("text", {"text": "Grüße, 世界 😀"}).frame()
