"""Messages as the Assistants API shows them."""

from typing import Any, Final, Literal, get_args

from pydantic import BaseModel

from conversation.records import Message
from conversation.turns import Role
from server.assistants_api.contents import content_shown
from server.assistants_api.times import unix

Json = dict[str, Any]
Reason = Literal["content_filter", "max_tokens", "run_cancelled", "run_expired", "run_failed"]

_REASONS: Final[frozenset[str]] = frozenset(get_args(Reason))


class IncompleteDetails(BaseModel):
    """Why a message is not whole."""

    reason: Reason


class MessageObject(BaseModel):
    """A message."""

    id: str
    object: Literal["thread.message"] = "thread.message"
    created_at: int
    thread_id: str
    status: Literal["in_progress", "incomplete", "completed"]
    incomplete_details: IncompleteDetails | None
    completed_at: int | None
    incomplete_at: int | None
    role: Role
    content: list[Json]
    assistant_id: str | None
    run_id: str | None
    attachments: list[Json]
    metadata: dict[str, str]

    @classmethod
    def of(cls, message: Message) -> "MessageObject":
        """Return a message as the API shows it."""
        ended = unix(message.ended_at or message.created_at)
        return cls(
            id=message.id,
            created_at=unix(message.created_at),
            thread_id=message.thread_id,
            status=message.status,
            incomplete_details=_details(message),
            completed_at=ended if message.status == "completed" else None,
            incomplete_at=ended if message.status == "incomplete" else None,
            role=message.role,
            content=content_shown(message),
            assistant_id=message.assistant_id,
            run_id=message.run_id,
            attachments=[dict(one) for one in message.attachments],
            metadata=message.metadata,
        )


def _details(message: Message) -> IncompleteDetails | None:
    """Return why a message is not whole, in the API's words; what has none of those has failed."""
    if message.status != "incomplete":
        return None
    known = message.incomplete_reason in _REASONS
    return IncompleteDetails.model_validate(
        {"reason": message.incomplete_reason if known else "run_failed"}
    )
