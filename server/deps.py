"""What routes are given: the core, the project they work for, and which part of a list is wanted.

Everything that reads the store is a plain function: FastAPI calls it in a thread.
"""

from typing import Annotated, Literal

from fastapi import Depends, Query, Request

from conversation import ports
from conversation.errors import NotFound
from conversation.records import DEFAULT_PROJECT, Assistant, Message, Page, Run, Thread
from server.assistants_api.errors import not_found
from server.assistants_api.parameters import AssistantId, MessageId, RunId, ThreadId


async def _core(request: Request) -> ports.Core:
    core: ports.Core = request.app.state.core
    return core


async def project_of(request: Request) -> str:
    """Return the project that a request is made for; middleware may have put another one there."""
    project: str = getattr(request.state, "project_id", DEFAULT_PROJECT)
    return project


Core = Annotated[ports.Core, Depends(_core)]
Project = Annotated[str, Depends(project_of)]


def _assistant(assistant_id: AssistantId, core: Core, project: Project) -> Assistant:
    assistant = core.store.assistant(assistant_id)
    if assistant.project_id != project:
        raise not_found("assistant", assistant_id)
    return assistant


def _thread(thread_id: ThreadId, core: Core, project: Project) -> Thread:
    thread = core.store.thread(thread_id)
    if thread.project_id != project:
        raise not_found("thread", thread_id)
    return thread


OwnAssistant = Annotated[Assistant, Depends(_assistant)]
"""The assistant that the path names; of another project it is as if there were none."""

OwnThread = Annotated[Thread, Depends(_thread)]
"""The thread that the path names."""


def _message(message_id: MessageId, thread: OwnThread, core: Core) -> Message:
    message = core.store.message(message_id)
    if message.thread_id != thread.id:
        raise not_found("message", message_id)
    return message


def _run(thread_id: ThreadId, run_id: RunId, core: Core, project: Project) -> Run:
    """Return a run by one look at the database: many ask for one again and again."""
    run = _found(core, run_id)
    if run is None or (run.thread_id, run.project_id) != (thread_id, project):
        _thread(thread_id, core, project)  # that it is not there is said first
        raise not_found("run", run_id)
    return run


def _found(core: ports.Core, run_id: str) -> Run | None:
    try:
        return core.store.run(run_id)
    except NotFound:
        return None


OwnMessage = Annotated[Message, Depends(_message)]
"""The message that the path names, in the thread that the path names."""

OwnRun = Annotated[Run, Depends(_run)]
"""The run that the path names, in the thread that the path names."""


async def _page(
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    order: Literal["asc", "desc"] = "desc",
    after: str | None = None,
    before: str | None = None,
) -> Page:
    return Page(
        limit=limit, after=after or None, before=before or None, newest_first=order == "desc"
    )


Paging = Annotated[Page, Depends(_page)]
"""Which part of a list is wanted: `limit`, `order`, `after` and `before` of the query."""
