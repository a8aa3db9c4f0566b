"""Messages of the Assistants API."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from conversation.ids import new_id
from conversation.records import Message, Page, Thread
from conversation.turns import Role
from server.assistants_api.contents import (
    Attachment,
    Content,
    attachments_of,
    parts_of,
    text_of,
)
from server.assistants_api.message_objects import MessageObject
from server.assistants_api.pages import Deleted, ListOf, listed
from server.assistants_api.parameters import BETA, begins_with, documented
from server.assistants_api.requests import Body, Metadata, Strict
from server.assistants_api.times import now
from server.deps import Core, OwnMessage, OwnThread, Paging

router = APIRouter(prefix="/threads/{thread_id}/messages", tags=["messages"], dependencies=[BETA])


class NewMessage(Strict):
    """A message to be put at the end of a thread."""

    role: Role
    content: Content
    attachments: list[Attachment] | None = None
    metadata: Metadata | None = None


class CreateMessage(Body, NewMessage):
    """A message to be put at the end of a thread, as a body of its own."""


class ModifyMessage(Body):
    """What of a message can be changed."""

    metadata: Metadata | None = None


@router.post("")
def create_message(thread: OwnThread, body: CreateMessage, core: Core) -> MessageObject:
    """Put a message at the end of a thread."""
    message = message_from(body, thread, now())
    return MessageObject.of(core.store.add_message(message).result())


@router.get("")
def list_messages(
    thread: OwnThread,
    core: Core,
    page: Paging,
    run_id: Annotated[
        str | None, begins_with("run"), Query(json_schema_extra=documented("run"))
    ] = None,
) -> ListOf[MessageObject]:
    """List a thread's messages, newest first unless asked otherwise."""

    def read(wanted: Page) -> list[Message]:
        return core.store.messages(thread.id, wanted, run_id=run_id)

    return listed(read, page, MessageObject.of)


@router.get("/{message_id}")
def retrieve_message(message: OwnMessage) -> MessageObject:
    """Return a message."""
    return MessageObject.of(message)


@router.post("/{message_id}")
def modify_message(message: OwnMessage, body: ModifyMessage, core: Core) -> MessageObject:
    """Give a message other metadata."""
    if "metadata" not in body.model_fields_set:
        return MessageObject.of(message)
    metadata = body.metadata or {}
    return MessageObject.of(core.store.change_message(message.id, metadata=metadata).result())


@router.delete("/{message_id}")
def delete_message(message: OwnMessage, core: Core) -> Deleted:
    """Delete a message."""
    core.store.remove_message(message.id).result()
    return Deleted(id=message.id, object="thread.message.deleted")


def message_from(wanted: NewMessage, thread: Thread, at: datetime) -> Message:
    """Return a new message of a thread."""
    return Message(
        id=new_id("msg"),
        thread_id=thread.id,
        branch_id=thread.branch_id,
        role=wanted.role,
        text=text_of(wanted.content),
        parts=parts_of(wanted.content),
        attachments=attachments_of(wanted.attachments),
        metadata=wanted.metadata or {},
        created_at=at,
        ended_at=at,
    )
