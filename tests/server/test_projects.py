"""What is of another project is as if it were not there."""

from collections.abc import Iterator

import httpx2
import openai
import pytest
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from conversation.ports import Core
from tests.server.checked import openai_client, served_core


class InProject:
    """Middleware that puts requests into the project that a header names."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        for name, value in scope.get("headers", ()):
            if name == b"openai-project":
                scope["state"]["project_id"] = value.decode()
        await self._app(scope, receive, send)


@pytest.fixture(scope="module")
def projects(core: Core) -> Iterator[tuple[openai.OpenAI, openai.OpenAI]]:
    """Clients of two projects."""
    with (
        served_core(core, middleware=[Middleware(InProject)]) as address,
        openai_client(address, project="proj_a") as one,
        openai_client(address, project="proj_b") as other,
    ):
        yield one, other


def test_assistants_are_their_projects(projects: tuple[openai.OpenAI, openai.OpenAI]) -> None:
    one, other = projects
    made = one.beta.assistants.create(model="demo")

    assert [assistant.id for assistant in one.beta.assistants.list()] == [made.id]
    assert not other.beta.assistants.list().data
    for refused in (other.beta.assistants.retrieve, other.beta.assistants.update,
                    other.beta.assistants.delete):  # fmt: skip
        with pytest.raises(openai.NotFoundError, match=f"No assistant found with id '{made.id}'"):
            refused(made.id)


def test_threads_and_messages_are_their_projects(
    projects: tuple[openai.OpenAI, openai.OpenAI],
) -> None:
    one, other = projects
    made = one.beta.threads.create(messages=[{"role": "user", "content": "Hello"}])
    message = one.beta.threads.messages.list(made.id).data[0]

    threads = other.beta.threads
    for refused in (threads.retrieve, threads.update, threads.delete, threads.messages.list):
        with pytest.raises(openai.NotFoundError, match=f"No thread found with id '{made.id}'"):
            refused(made.id)
    with pytest.raises(openai.NotFoundError, match=f"No thread found with id '{made.id}'"):
        threads.messages.retrieve(message.id, thread_id=made.id)
    with pytest.raises(openai.NotFoundError, match=f"No message found with id '{message.id}'"):
        threads.messages.retrieve(message.id, thread_id=threads.create().id)


def test_lists_of_threads_are_their_projects(
    projects: tuple[openai.OpenAI, openai.OpenAI],
) -> None:
    one, other = projects
    made = one.beta.threads.create().id

    assert made in _threads(one)
    assert made not in _threads(other)


def _threads(client: openai.OpenAI) -> list[str]:
    page = client.get("/threads?limit=100", cast_to=httpx2.Response)
    return [thread["id"] for thread in page.json()["data"]]
