"""Assistants through OpenAI's clients."""

from typing import Any

import openai
import pytest

from conversation.ports import Core

FUNCTION: Any = {
    "name": "weather",
    "description": "The weather somewhere.",
    "parameters": {
        "type": "object",
        "properties": {"place": {"type": "string"}},
        "required": ["place"],
    },
}
SCHEMA: dict[str, Any] = {
    "type": "json_schema",
    "json_schema": {"name": "answer", "schema": {"type": "object"}, "strict": True},
}


def test_an_assistant_has_every_field_with_its_default(client: openai.OpenAI) -> None:
    made = client.beta.assistants.create(model="demo")

    shown = made.model_dump(exclude={"id", "created_at"})
    assert shown == {
        "object": "assistant",
        "name": None,
        "description": None,
        "model": "demo",
        "instructions": None,
        "tools": [],
        "tool_resources": {"code_interpreter": None, "file_search": None},
        "metadata": {},
        "temperature": 1.0,
        "top_p": 1.0,
        "reasoning_effort": None,
        "response_format": "auto",
    }
    assert made.id.startswith("asst_")


def test_an_assistant_comes_back_as_it_was_given(client: openai.OpenAI) -> None:
    made = client.beta.assistants.create(
        model="gpt-4o",
        name="Weather",
        description="Knows the weather.",
        instructions="Be brief.",
        reasoning_effort="low",
        tools=[
            {"type": "code_interpreter"},
            {"type": "file_search", "file_search": {"max_num_results": 7}},
            {"type": "function", "function": FUNCTION},
        ],
        tool_resources={
            "code_interpreter": {"file_ids": ["file-1"]},
            "file_search": {"vector_store_ids": ["vs_1"]},
        },
        metadata={"team": "sky"},
        temperature=0.3,
        top_p=0.5,
        response_format=SCHEMA,  # type: ignore[arg-type]
    )

    assert client.beta.assistants.retrieve(made.id) == made
    assert (made.name, made.description) == ("Weather", "Knows the weather.")
    assert (made.instructions, made.model) == ("Be brief.", "gpt-4o")
    assert (made.temperature, made.top_p) == (0.3, 0.5)
    assert made.metadata == {"team": "sky"}
    wire = made.to_dict()
    assert wire["reasoning_effort"] == "low"
    assert wire["response_format"] == SCHEMA
    assert wire["tool_resources"] == {
        "code_interpreter": {"file_ids": ["file-1"]},
        "file_search": {"vector_store_ids": ["vs_1"]},
    }
    ranking = {"ranker": "default_2024_08_21", "score_threshold": 0.0}
    assert wire["tools"] == [
        {"type": "code_interpreter"},
        {"type": "file_search", "file_search": {"max_num_results": 7, "ranking_options": ranking}},
        {"type": "function", "function": {**FUNCTION, "strict": False}},
    ]


def test_tools_of_the_api_have_a_place_for_what_they_work_on(client: openai.OpenAI) -> None:
    made = client.beta.assistants.create(
        model="demo", tools=[{"type": "file_search"}, {"type": "code_interpreter"}]
    )

    assert made.to_dict()["tool_resources"] == {
        "code_interpreter": {"file_ids": []},
        "file_search": {"vector_store_ids": []},
    }


def test_a_function_that_is_only_named_is_parleys_own(client: openai.OpenAI, core: Core) -> None:
    made = client.beta.assistants.create(
        model="demo", tools=[{"type": "function", "function": {"name": "get_stock_price"}}]
    )

    own = next(spec for spec in core.tools().specs() if spec.name == "get_stock_price")
    assert core.store.assistant(made.id).tools == (own,)
    assert made.to_dict()["tools"][0]["function"]["parameters"] == own.parameters  # type: ignore[index]


def test_a_function_runs_at_the_client_unless_it_is_parleys_own(
    client: openai.OpenAI, core: Core
) -> None:
    made = client.beta.assistants.create(
        model="demo",
        tools=[
            {"type": "function", "function": {"name": "get_stock_price", "description": "Mine."}},
            {"type": "function", "function": {"name": "unheard_of"}},
        ],
    )

    assert [tool.runs for tool in core.store.assistant(made.id).tools] == ["client", "client"]


def test_tools_that_are_sent_back_stay_what_they_were(client: openai.OpenAI, core: Core) -> None:
    own: Any = {"type": "function", "function": {"name": "get_stock_price"}}
    made = client.beta.assistants.create(
        model="demo", tools=[own, {"type": "function", "function": FUNCTION}]
    )
    before = core.store.assistant(made.id).tools

    client.beta.assistants.update(made.id, tools=[tool.to_dict() for tool in made.tools])  # type: ignore[misc]

    assert core.store.assistant(made.id).tools == before
    assert [tool.runs for tool in before] == ["parley", "client"]


def test_only_what_is_given_changes(client: openai.OpenAI) -> None:
    made = client.beta.assistants.create(
        model="demo", name="One", instructions="Be brief.", temperature=0.5, metadata={"a": "1"}
    )

    changed = client.beta.assistants.update(made.id, name="Two")

    assert changed.to_dict() == {**made.to_dict(), "name": "Two"}
    assert client.beta.assistants.update(made.id).to_dict() == changed.to_dict()


def test_null_clears_what_may_be_empty(client: openai.OpenAI) -> None:
    made = client.beta.assistants.create(
        model="demo",
        name="One",
        description="First.",
        instructions="Be brief.",
        reasoning_effort="high",
        temperature=0.5,
        top_p=0.5,
        metadata={"a": "1"},
        tools=[{"type": "code_interpreter"}],
        tool_resources={"code_interpreter": {"file_ids": ["file-1"]}},
        response_format={"type": "json_object"},
    )
    nothing: Any = dict.fromkeys(
        (
            "name", "description", "instructions", "reasoning_effort", "temperature", "top_p",
            "metadata", "tools", "tool_resources", "response_format",
        )
    )  # fmt: skip

    cleared = client.beta.assistants.update(made.id, **nothing)

    blank = client.beta.assistants.create(model="demo")
    new = {"id": made.id, "created_at": made.created_at}
    assert cleared.to_dict() == {**blank.to_dict(), **new}


@pytest.mark.parametrize("wanted", ["auto", {"type": "text"}, {"type": "json_object"}, SCHEMA])
def test_format_of_answers_comes_back_as_it_was_given(client: openai.OpenAI, wanted: Any) -> None:
    made = client.beta.assistants.create(model="demo", response_format=wanted)

    assert client.beta.assistants.retrieve(made.id).to_dict()["response_format"] == wanted


def test_each_change_is_a_version(client: openai.OpenAI, core: Core) -> None:
    made = client.beta.assistants.create(model="demo", name="One")
    client.beta.assistants.update(made.id, name="Two")

    assert core.store.assistant(made.id).version == 2
    assert core.store.assistant(made.id, 1).name == "One"


def test_a_deleted_assistant_is_found_no_more(client: openai.OpenAI) -> None:
    made = client.beta.assistants.create(model="demo", metadata={"list": "deleted"})

    gone = client.beta.assistants.delete(made.id)

    assert gone.to_dict() == {"id": made.id, "object": "assistant.deleted", "deleted": True}
    with pytest.raises(openai.NotFoundError, match=f"No assistant found with id '{made.id}'."):
        client.beta.assistants.retrieve(made.id)
    assert not list(client.beta.assistants.list(extra_query={"metadata[list]": "deleted"}))


def test_a_list_is_read_page_by_page(client: openai.OpenAI) -> None:
    wanted: Any = {"metadata[list]": "pages"}
    made = [
        client.beta.assistants.create(model="demo", metadata={"list": "pages"}).id for _ in range(5)
    ]

    newest = [one.id for one in client.beta.assistants.list(limit=2, extra_query=wanted)]
    oldest = client.beta.assistants.list(limit=2, order="asc", extra_query=wanted)

    assert newest == made[::-1]
    assert [one.id for one in oldest] == made
    assert oldest.has_more


def test_a_list_can_be_read_backwards(client: openai.OpenAI) -> None:
    wanted: Any = {"metadata[list]": "backwards"}
    made = [
        client.beta.assistants.create(model="demo", metadata={"list": "backwards"}).id
        for _ in range(4)
    ]

    page = client.beta.assistants.list(before=made[0], limit=2, extra_query=wanted)
    first = client.beta.assistants.list(before=made[2], limit=2, extra_query=wanted)

    assert [one.id for one in page.data] == [made[2], made[1]]
    assert page.has_more
    assert [one.id for one in first.data] == [made[3]]
    assert not first.has_more


async def test_the_asynchronous_client_does_the_same(async_client: openai.AsyncOpenAI) -> None:
    made = await async_client.beta.assistants.create(model="demo", metadata={"list": "async"})
    await async_client.beta.assistants.update(made.id, name="Two")
    listed = async_client.beta.assistants.list(limit=1, extra_query={"metadata[list]": "async"})

    assert [one.name async for one in listed] == ["Two"]
    assert (await async_client.beta.assistants.delete(made.id)).deleted
