"""Exports of conversations that programs have begun: nothing that was said is left out."""

import json
from dataclasses import replace
from datetime import timedelta

from conversation.events import Logged, MessageRetrieved
from conversation.exports.document import document
from conversation.exports.examples import Tally, example_of
from conversation.exports.gemini_examples import gemini_example
from conversation.exports.html import html
from conversation.exports.markdown import markdown
from conversation.exports.openai_examples import openai_example
from conversation.exports.transcript import Transcript, transcribe
from conversation.records import ContentPart, Message, Run
from tests.unit.transcripts import AT, RUN, THREAD, asked

PICTURE = "https://example.com/chart.png"
BEFORE = Message(
    id="msg_0",
    thread_id="thread_1",
    branch_id="branch_1",
    role="assistant",
    text="Good morning.",
    created_at=AT,
)
SHOWN = asked(
    "What is on it?",
    parts=(
        ContentPart(kind="text", text="What is on it?"),
        ContentPart(kind="image_url", url=PICTURE),
        ContentPart(kind="image_url", url="data:image/png;base64,iVBORw0KGgo="),
    ),
    attachments=({"file_id": "file-0123456789", "tools": []},),
)
ANSWER = Message(
    id="msg_2",
    thread_id="thread_1",
    branch_id="branch_1",
    role="assistant",
    text="A chart.",
    run_id="run_1",
    created_at=AT,
)


def told(run: Run = RUN) -> Transcript:
    whole = MessageRetrieved(message_id="msg_2", text="A chart.")
    log = [Logged(run_id="run_1", seq=1, at=AT, event=whole)]
    return transcribe(THREAD, [BEFORE, SHOWN, ANSWER], [run], log)


def test_what_a_program_let_the_assistant_say_is_there() -> None:
    text, page = "".join(markdown(told())), "".join(html(told(), {}))
    passage = json.loads("".join(document(told())))["exchanges"][0]

    assert text.index("## Assistant") < text.index("Good morning.") < text.index("## User")
    assert page.index('<article class="assistant">') < page.index("Good morning.")
    assert [one.get("role", "user") for one in passage["user"]] == ["assistant", "user"]


def test_pictures_and_files_are_named() -> None:
    text, page = "".join(markdown(told())), "".join(html(told(), {}))
    message = json.loads("".join(document(told())))["exchanges"][0]["user"][1]

    for said in ("chart", "image/png, within the message", "file-0123456789"):
        assert said in text.replace("\\", "")
        assert said in page
    assert "iVBORw0KGgo" not in text + page
    assert "<img" not in page
    assert message["parts"][1]["url"] == PICTURE
    assert message["attachments"][0]["file_id"] == "file-0123456789"


def test_example_for_training_keeps_who_said_what() -> None:
    example = example_of(told(), Tally())
    assert example

    said = openai_example(example)["messages"]
    contents = gemini_example(example)["contents"]

    assert [one["role"] for one in said] == ["system", "assistant", "user", "assistant"]
    assert [one["role"] for one in contents] == ["model", "user", "model"]


def test_run_without_a_word_stands_where_it_began() -> None:
    later = AT + timedelta(seconds=5)
    silent = replace(RUN, id="run_0", message_id=None, created_at=later)
    after = asked("And then?", id="msg_9")
    after = replace(after, created_at=later + timedelta(seconds=1))

    shown = transcribe(THREAD, [BEFORE, SHOWN, ANSWER, after], [RUN, silent], [])

    assert [passage.run.id if passage.run else None for passage in shown.passages] == [
        "run_1",
        "run_0",
        None,
    ]
    assert [one.text for one in shown.passages[-1].asked] == ["And then?"]
