"""Threads through OpenAI's clients, and the list of them that is ours."""

from typing import Any

import httpx2
import openai
import pytest

from conversation.ports import Core
from conversation.records import Page


def test_a_thread_can_begin_with_nothing(client: openai.OpenAI) -> None:
    made = client.beta.threads.create()

    assert made.to_dict() == {
        "id": made.id,
        "object": "thread",
        "created_at": made.created_at,
        "metadata": {},
        "tool_resources": {},
    }
    assert client.beta.threads.retrieve(made.id) == made


def test_a_thread_needs_no_body(raw: httpx2.Client) -> None:
    bare = raw.post("/threads", headers={"content-type": "application/json"})

    assert bare.status_code == 200
    assert raw.post("/threads").json()["object"] == "thread"


def test_a_thread_begins_with_its_messages_in_order(client: openai.OpenAI) -> None:
    made = client.beta.threads.create(
        messages=[
            {"role": "user", "content": "One"},
            {"role": "assistant", "content": "Two"},
            {"role": "user", "content": "Three", "metadata": {"n": "3"}},
        ],
        metadata={"who": "me"},
    )

    messages = client.beta.threads.messages.list(made.id, order="asc").data
    assert [(one.role, _text(one)) for one in messages] == [
        ("user", "One"),
        ("assistant", "Two"),
        ("user", "Three"),
    ]
    assert messages[2].metadata == {"n": "3"}
    assert made.metadata == {"who": "me"}


def test_a_threads_title_is_how_it_begins(client: openai.OpenAI, core: Core) -> None:
    made = client.beta.threads.create(messages=[{"role": "user", "content": "Price of ACME?"}])

    assert core.store.thread(made.id).title == "Price of ACME?"


def test_a_thread_without_messages_is_titled_by_the_first_that_comes(
    client: openai.OpenAI, core: Core
) -> None:
    made = client.beta.threads.create()
    client.beta.threads.messages.create(made.id, role="user", content="Price of ACME?")

    assert core.store.thread(made.id).title == "Price of ACME?"


def test_only_what_is_given_of_a_thread_changes(client: openai.OpenAI) -> None:
    resources: Any = {"code_interpreter": {"file_ids": ["file-1"]}}
    made = client.beta.threads.create(metadata={"a": "1"}, tool_resources=resources)

    changed = client.beta.threads.update(made.id, metadata={"b": "2"})
    cleared = client.beta.threads.update(made.id, metadata=None, tool_resources=None)

    assert changed.to_dict() == {**made.to_dict(), "metadata": {"b": "2"}}
    assert changed.to_dict()["tool_resources"] == resources
    assert cleared.to_dict() == {**made.to_dict(), "metadata": {}, "tool_resources": {}}


def test_a_deleted_thread_is_found_no_more(client: openai.OpenAI) -> None:
    made = client.beta.threads.create(messages=[{"role": "user", "content": "One"}])

    gone = client.beta.threads.delete(made.id)

    assert gone.to_dict() == {"id": made.id, "object": "thread.deleted", "deleted": True}
    with pytest.raises(openai.NotFoundError, match=f"No thread found with id '{made.id}'."):
        client.beta.threads.retrieve(made.id)
    with pytest.raises(openai.NotFoundError, match=f"No thread found with id '{made.id}'."):
        client.beta.threads.delete(made.id)


def test_threads_are_listed_by_what_they_carry(client: openai.OpenAI, raw: httpx2.Client) -> None:
    made = [client.beta.threads.create(metadata={"list": "t", "n": str(n)}).id for n in range(3)]

    newest = raw.get("/threads", params={"metadata[list]": "t", "limit": 2}).json()
    rest = raw.get("/threads", params={"metadata[list]": "t", "after": newest["last_id"]}).json()
    one = raw.get("/threads", params={"metadata[list]": "t", "metadata[n]": "1"}).json()

    assert [thread["id"] for thread in newest["data"]] == [made[2], made[1]]
    assert (newest["first_id"], newest["last_id"], newest["has_more"]) == (made[2], made[1], True)
    assert [thread["id"] for thread in rest["data"]] == [made[0]]
    assert not rest["has_more"]
    assert [thread["id"] for thread in one["data"]] == [made[1]]


def test_an_empty_list_has_no_ids(raw: httpx2.Client) -> None:
    nothing = raw.get("/threads", params={"metadata[list]": "nothing of that name"}).json()

    assert nothing == {
        "object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False
    }  # fmt: skip


def test_threads_of_the_pages_are_there_too(client: openai.OpenAI, core: Core) -> None:
    made = client.beta.threads.create()

    assert made.id in [thread.id for thread in core.store.threads(Page(limit=5))]


async def test_the_asynchronous_client_does_the_same(async_client: openai.AsyncOpenAI) -> None:
    made = await async_client.beta.threads.create(messages=[{"role": "user", "content": "One"}])
    await async_client.beta.threads.update(made.id, metadata={"a": "1"})

    assert (await async_client.beta.threads.retrieve(made.id)).metadata == {"a": "1"}
    assert (await async_client.beta.threads.delete(made.id)).deleted


def _text(message: Any) -> str:
    text: str = message.content[0].text.value
    return text
