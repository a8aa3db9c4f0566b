"""Messages through OpenAI's clients."""

from typing import Any

import httpx2
import openai
import pytest

from conversation.ports import Core


def test_a_message_has_every_field(client: openai.OpenAI, thread_id: str) -> None:
    made = client.beta.threads.messages.create(thread_id, role="user", content="Hello")

    assert made.to_dict() == {
        "id": made.id,
        "object": "thread.message",
        "created_at": made.created_at,
        "thread_id": thread_id,
        "status": "completed",
        "incomplete_details": None,
        "completed_at": made.created_at,
        "incomplete_at": None,
        "role": "user",
        "content": [{"type": "text", "text": {"value": "Hello", "annotations": []}}],
        "assistant_id": None,
        "run_id": None,
        "attachments": [],
        "metadata": {},
    }
    assert client.beta.threads.messages.retrieve(made.id, thread_id=thread_id) == made


def test_parts_and_attachments_are_kept(client: openai.OpenAI, thread_id: str, core: Core) -> None:
    content: Any = [
        {"type": "text", "text": "Compare"},
        {"type": "image_url", "image_url": {"url": "https://example.org/a.png", "detail": "low"}},
        {"type": "text", "text": "with"},
        {"type": "image_file", "image_file": {"file_id": "file-b"}},
    ]
    attachments: Any = [
        {"file_id": "file-c", "tools": [{"type": "file_search"}, {"type": "code_interpreter"}]}
    ]

    made = client.beta.threads.messages.create(
        thread_id, role="user", content=content, attachments=attachments, metadata={"a": "1"}
    )

    wire = made.to_dict()
    assert wire["content"] == [
        {"type": "text", "text": {"value": "Compare", "annotations": []}},
        content[1],
        {"type": "text", "text": {"value": "with", "annotations": []}},
        {"type": "image_file", "image_file": {"file_id": "file-b", "detail": "auto"}},
    ]
    assert wire["attachments"] == attachments
    assert core.store.message(made.id).text == "Compare\n\nwith"
    assert client.beta.threads.messages.retrieve(made.id, thread_id=thread_id) == made


def test_a_single_text_part_is_a_plain_message(
    client: openai.OpenAI, thread_id: str, core: Core
) -> None:
    made = client.beta.threads.messages.create(
        thread_id, role="user", content=[{"type": "text", "text": "Hello"}]
    )

    assert core.store.message(made.id).parts == ()
    assert core.store.message(made.id).text == "Hello"


def test_text_that_no_database_takes_is_replaced(raw: httpx2.Client, thread_id: str) -> None:
    made = raw.post(
        f"/threads/{thread_id}/messages",
        content=r'{"role": "user", "content": "a\u0000b\ud800c"}',
        headers={"content-type": "application/json"},
    )

    assert made.json()["content"][0]["text"]["value"] == "a\ufffdb\ufffdc"


def test_messages_are_read_page_by_page(client: openai.OpenAI, thread_id: str) -> None:
    made = [
        client.beta.threads.messages.create(thread_id, role="user", content=str(n)).id
        for n in range(5)
    ]
    messages = client.beta.threads.messages

    page = messages.list(thread_id, limit=2, before=made[0])

    assert [one.id for one in messages.list(thread_id, limit=2)] == made[::-1]
    assert [one.id for one in messages.list(thread_id, limit=3, order="asc")] == made
    assert [one.id for one in messages.list(thread_id, after=made[2])] == made[1::-1]
    assert [one.id for one in page.data] == [made[2], made[1]]
    assert page.has_more


def test_messages_are_found_by_the_run_that_wrote_them(
    client: openai.OpenAI, thread_id: str
) -> None:
    client.beta.threads.messages.create(thread_id, role="user", content="Hello")

    assert not client.beta.threads.messages.list(thread_id, run_id="run_none").data


def test_metadata_of_a_message_changes(client: openai.OpenAI, thread_id: str) -> None:
    messages = client.beta.threads.messages
    made = messages.create(thread_id, role="user", content="Hello", metadata={"a": "1"})

    changed = messages.update(made.id, thread_id=thread_id, metadata={"b": "2"})
    same = messages.update(made.id, thread_id=thread_id)
    cleared = messages.update(made.id, thread_id=thread_id, metadata=None)

    assert changed.to_dict() == {**made.to_dict(), "metadata": {"b": "2"}}
    assert same == changed
    assert cleared.metadata == {}


def test_a_deleted_message_is_found_no_more(client: openai.OpenAI, thread_id: str) -> None:
    messages = client.beta.threads.messages
    made = [messages.create(thread_id, role="user", content=str(n)).id for n in range(3)]

    gone = messages.delete(made[1], thread_id=thread_id)

    assert gone.to_dict() == {"id": made[1], "object": "thread.message.deleted", "deleted": True}
    assert [one.id for one in messages.list(thread_id, order="asc")] == [made[0], made[2]]
    with pytest.raises(openai.NotFoundError, match=f"No message found with id '{made[1]}'."):
        messages.retrieve(made[1], thread_id=thread_id)


def test_a_message_is_found_in_its_own_thread_alone(client: openai.OpenAI, thread_id: str) -> None:
    made = client.beta.threads.messages.create(thread_id, role="user", content="Hello")
    other = client.beta.threads.create()

    with pytest.raises(openai.NotFoundError, match=f"No message found with id '{made.id}'."):
        client.beta.threads.messages.retrieve(made.id, thread_id=other.id)


async def test_the_asynchronous_client_does_the_same(async_client: openai.AsyncOpenAI) -> None:
    thread = await async_client.beta.threads.create()
    messages = async_client.beta.threads.messages
    made = [(await messages.create(thread.id, role="user", content=str(n))).id for n in range(3)]

    assert [one.id async for one in messages.list(thread.id, limit=1)] == made[::-1]
    assert (await messages.delete(made[0], thread_id=thread.id)).deleted
