"""Messages that no request makes, as the API shows them."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from conversation.records import Message
from server.assistants_api.message_objects import MessageObject
from tests.server.schemas import check

BEGUN = datetime(2026, 1, 2, 3, 4, 5, 678_900, tzinfo=UTC)
ENDED = datetime(2026, 1, 2, 3, 4, 9, tzinfo=UTC)
ANSWER = Message(
    id="msg_1",
    thread_id="thread_1",
    branch_id="branch_1",
    role="assistant",
    text="It is",
    run_id="run_1",
    assistant_id="asst_1",
    created_at=BEGUN,
)


def shown(message: Message) -> MessageObject:
    made = MessageObject.of(message)
    check("MessageObject", made.model_dump())
    return made


def test_times_are_whole_seconds() -> None:
    made = shown(replace(ANSWER, ended_at=ENDED))

    assert (made.created_at, made.completed_at) == (1767323045, 1767323049)
    assert (made.run_id, made.assistant_id) == ("run_1", "asst_1")


def test_a_message_in_progress_has_not_ended() -> None:
    made = shown(replace(ANSWER, text="", status="in_progress"))

    assert (made.content, made.status) == ([], "in_progress")
    assert (made.completed_at, made.incomplete_at, made.incomplete_details) == (None, None, None)


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("run_cancelled", "run_cancelled"),
        ("max_tokens", "max_tokens"),
        ("superseded", "run_failed"),
        (None, "run_failed"),
    ],
)
def test_a_message_that_is_not_whole_says_why(reason: str | None, told: str) -> None:
    made = shown(replace(ANSWER, status="incomplete", incomplete_reason=reason, ended_at=ENDED))

    assert made.incomplete_details
    assert made.incomplete_details.reason == told
    assert (made.completed_at, made.incomplete_at) == (None, 1767323049)
    assert made.content[0]["text"]["value"] == "It is"


def test_a_refusal_is_a_part_of_its_own() -> None:
    made = shown(replace(ANSWER, text="I won't.", refusal=True))

    assert made.content == [{"type": "refusal", "refusal": "I won't."}]
