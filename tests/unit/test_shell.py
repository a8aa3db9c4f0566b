"""The shell without a browser: what is told, and what is in its files."""

import re
from typing import Any, Final

import pytest
from streamlit import config
from streamlit.testing.v1 import AppTest

from conversation.events import (
    Cancelled,
    Event,
    Expired,
    Failed,
    Logged,
    MessageRetrieved,
    StateChanged,
)
from conversation.narration import narrate
from conversation.script import State, Trigger
from tests.unit.transcripts import AT
from ui.chat.telling import Telling
from ui.shell import frame
from ui.shell.shortcuts import shortcuts_html
from ui.shell.voice import LONGEST, beginning, told
from ui.texts.english import English
from ui.texts.german import German

STYLE, SCRIPT = re.fullmatch(  # type: ignore[union-attr]
    r"<style>(.*)</style><script>(.*)</script>", frame._files(), re.DOTALL
).groups()
HOSTILE: Final = '"><script>alert(1)</script> --> </title>'


def telling(*events: Event, state: State) -> Telling:
    moved = StateChanged(trigger=Trigger.STARTED, before=State.READY, after=state)
    made = Telling("run_1")
    made.take(
        Logged(run_id="run_1", seq=seq, at=AT, event=event)
        for seq, event in enumerate((*events, moved), 1)
    )
    return made


def said(text: str) -> MessageRetrieved:
    return MessageRetrieved(message_id="msg_1", text=text)


FAILED: Final = Failed(code="x", message="It broke off.", hint="Try again.")


@pytest.mark.parametrize(
    ("events", "state", "words"),
    [
        ((), State.RUNNING, "Answer is being written."),
        ((said("# **Apples** cost `5`"),), State.COMPLETED, "Answer complete: Apples cost 5"),
        ((said("> 5 > 3\n\n| a | b |"),), State.COMPLETED, "Answer complete: 5 > 3 a b"),
        ((said(" "),), State.COMPLETED, "Answer complete."),
        ((), State.COMPLETED, "Answer complete."),
        ((Cancelled(),), State.CANCELLED, "Stopped."),
        ((said("Half"), Cancelled()), State.CANCELLED, "Stopped."),
        ((FAILED,), State.ERROR, "It broke off. Try again."),
        ((), State.ERROR, English.BROKEN_OFF),
    ],
)
def test_screen_readers_are_told_how_it_stands(
    events: tuple[Event, ...], state: State, words: str
) -> None:
    assert told(telling(*events, state=state)) == words


def test_expiry_is_told_like_elsewhere() -> None:
    assert told(telling(Expired(), state=State.EXPIRED)) == narrate(Expired())


def test_only_the_beginning_of_an_answer_is_told() -> None:
    words = beginning("word " * 10_000)

    assert len(words) <= LONGEST + 2
    assert words.endswith("word …")


# The files


def test_script_survives_the_cleaning_of_html() -> None:
    assert not re.search(r"<[/\w!]", SCRIPT)
    assert not re.search(r"<[/\w!]", STYLE)


def test_files_are_long_enough_to_be_sent_once() -> None:
    assert len(frame._files()) > int(config.get_option("global.minCachedMessageSize"))


def test_files_fetch_nothing() -> None:
    addresses = re.findall(r"https?://[^\s'\"]+", frame._files())

    assert set(addresses) <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"@import|\bimport\b|fetch\(|XMLHttp|\beval\b|innerHTML", frame._files())
    assert all(url.startswith('"data:') for url in re.findall(r"url\((.{6})", STYLE))


def test_what_is_told_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def page() -> None:
        from tests.unit.test_shell import HOSTILE
        from ui.chat.clipboard import copy_button
        from ui.chat.sought import Sought
        from ui.shell.frame import draw_shell

        draw_shell(HOSTILE, sought=Sought(HOSTILE, (HOSTILE,))).say(HOSTILE)
        copy_button(HOSTILE, HOSTILE, label=HOSTILE)

    shown = AppTest.from_function(page).run()
    bodies = [one.proto.body for one in shown.get("html") if "parley" in one.proto.body]

    assert not shown.exception
    assert len(bodies) == 5
    for body in bodies:
        assert "<script>alert" not in body
        assert " --> " not in body


@pytest.mark.parametrize("language", [English, German])
def test_keys_are_listed_in_every_language(language: Any) -> None:
    assert [keys for keys, _ in language.KEYS] == [keys for keys, _ in English.KEYS]
    assert shortcuts_html().count("<kbd>") == sum(
        len(way.split("+")) for keys, _ in English.KEYS for way in keys.split()
    )
