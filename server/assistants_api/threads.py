"""Threads of the Assistants API, and a list of them, which that has not."""

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel

from conversation.ids import new_id
from conversation.records import Message, Thread
from server.assistants_api.errors import not_found
from server.assistants_api.messages import NewMessage, message_from
from server.assistants_api.pages import Deleted, ListOf, listed
from server.assistants_api.parameters import BETA, MetadataFilter
from server.assistants_api.requests import Body, Metadata, Strict
from server.assistants_api.resources import ToolResources, kept, resources_shown
from server.assistants_api.times import now, unix
from server.deps import Core, OwnThread, Paging, Project

router = APIRouter(prefix="/threads", tags=["threads"], dependencies=[BETA])

Json = dict[str, Any]


class NewThread(Strict):
    """What a thread begins with."""

    messages: list[NewMessage] | None = None
    tool_resources: ToolResources | None = None
    metadata: Metadata | None = None


class CreateThread(Body, NewThread):
    """What a thread begins with, as a body of its own."""


class ModifyThread(Body):
    """What of a thread can be changed; what is not given stays, null clears."""

    tool_resources: ToolResources | None = None
    metadata: Metadata | None = None


class ThreadObject(BaseModel):
    """A thread."""

    id: str
    object: Literal["thread"] = "thread"
    created_at: int
    tool_resources: Json
    metadata: dict[str, str]

    @classmethod
    def of(cls, thread: Thread) -> "ThreadObject":
        """Return a thread as the API shows it."""
        return cls(
            id=thread.id,
            created_at=unix(thread.created_at),
            tool_resources=resources_shown(thread.resources),
            metadata=thread.metadata,
        )


@router.post("")
def create_thread(body: CreateThread, core: Core, project: Project) -> ThreadObject:
    """Begin a thread, with messages in this order."""
    thread, messages = thread_from(body, project, now())
    return ThreadObject.of(core.store.add_thread(thread, messages).result())


@router.get("")
def list_threads(
    core: Core, project: Project, page: Paging, metadata: MetadataFilter
) -> ListOf[ThreadObject]:
    """List threads, newest first unless asked otherwise; `metadata[key]=value` chooses some."""
    return listed(
        lambda wanted: core.store.threads(wanted, metadata=metadata, project_id=project),
        page,
        ThreadObject.of,
    )


@router.get("/{thread_id}")
def retrieve_thread(thread: OwnThread) -> ThreadObject:
    """Return a thread."""
    return ThreadObject.of(thread)


@router.post("/{thread_id}")
def modify_thread(thread: OwnThread, body: ModifyThread, core: Core) -> ThreadObject:
    """Change what is given of a thread."""
    given = body.model_fields_set
    changed = core.store.set_thread(
        thread.id,
        metadata=(body.metadata or {}) if "metadata" in given else None,
        resources=kept(body.tool_resources) if "tool_resources" in given else None,
    )
    return ThreadObject.of(changed.result())


@router.delete("/{thread_id}")
def delete_thread(thread: OwnThread, core: Core) -> Deleted:
    """Delete a thread with all that is its own."""
    if not core.history.delete_threads([thread.id]).threads:
        raise not_found("thread", thread.id)
    return Deleted(id=thread.id, object="thread.deleted")


def thread_from(
    wanted: NewThread, project: str, at: datetime
) -> tuple[Thread, tuple[Message, ...]]:
    """Return a new thread and its messages."""
    thread = Thread(
        id=new_id("thread"),
        branch_id=new_id("branch"),
        resources=kept(wanted.tool_resources),
        metadata=wanted.metadata or {},
        project_id=project,
        created_at=at,
    )
    messages = wanted.messages or ()
    return thread, tuple(message_from(message, thread, at) for message in messages)
