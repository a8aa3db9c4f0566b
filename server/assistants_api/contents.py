"""What messages consist of: as requests say it, as records keep it, as answers show it."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from conversation.records import ContentPart, Message
from conversation.turns import Detail
from server.assistants_api.requests import Strict
from server.assistants_api.tools import CodeInterpreterTool, type_tag

Json = dict[str, Any]

Text = Annotated[str, Field(min_length=1, max_length=256_000)]


class TextPart(Strict):
    """A text."""

    type: Literal["text"]
    text: Text


class ImageUrl(Strict):
    """A picture's address."""

    url: Annotated[str, Field(min_length=1)]
    detail: Detail | None = None


class ImageUrlPart(Strict):
    """A picture by its address."""

    type: Literal["image_url"]
    image_url: ImageUrl


class ImageFile(Strict):
    """A picture's file."""

    file_id: str
    detail: Detail | None = None


class ImageFilePart(Strict):
    """A picture by its file."""

    type: Literal["image_file"]
    image_file: ImageFile


Part = Annotated[
    Annotated[ImageFilePart, Tag("<image_file>")]
    | Annotated[ImageUrlPart, Tag("<image_url>")]
    | Annotated[TextPart, Tag("<text>")],
    Discriminator(type_tag),
]


def _form(value: Any) -> str | None:
    if isinstance(value, str):
        return "<words>"
    return "<parts>" if isinstance(value, list) else None


Content = Annotated[
    Annotated[Text, Tag("<words>")] | Annotated[list[Part], Field(min_length=1), Tag("<parts>")],
    Discriminator(
        _form,
        custom_error_type="neither_form",
        custom_error_message="neither a string nor an array",
    ),
]


class SearchAttachmentTool(Strict):
    """The tool that searches the attached file."""

    type: Literal["file_search"]


AttachmentTool = Annotated[
    Annotated[CodeInterpreterTool, Tag("<code_interpreter>")]
    | Annotated[SearchAttachmentTool, Tag("<file_search>")],
    Discriminator(type_tag),
]


class Attachment(Strict):
    """A file with a message, and for which tools it is."""

    file_id: str
    tools: list[AttachmentTool] | None = None


def text_of(content: Content) -> str:
    """Return the text of a message: that of its parts, with a blank line between them."""
    if isinstance(content, str):
        return content
    return "\n\n".join(part.text for part in content if isinstance(part, TextPart))


def parts_of(content: Content) -> tuple[ContentPart, ...]:
    """Return the parts of a message that consists of more than one text."""
    if isinstance(content, str) or (len(content) == 1 and isinstance(content[0], TextPart)):
        return ()
    return tuple(_part(part) for part in content)


def attachments_of(attachments: Iterable[Attachment] | None) -> tuple[Json, ...]:
    """Return the attachments of a message as they are kept."""
    return tuple(
        {"file_id": one.file_id, "tools": [tool.model_dump() for tool in one.tools or ()]}
        for one in attachments or ()
    )


def content_shown(message: Message) -> list[Json]:
    """Return a message's content as answers show it; one without text has none."""
    if message.parts:
        return [_part_shown(part) for part in message.parts]
    if message.refusal:
        return [{"type": "refusal", "refusal": message.text}]
    return [text_shown(message.text)] if message.text else []


def text_shown(text: str) -> Json:
    """Return a text as a part of a message."""
    return {"type": "text", "text": {"value": text, "annotations": []}}


def _part(part: Part) -> ContentPart:
    match part:
        case TextPart():
            return ContentPart(kind="text", text=part.text)
        case ImageUrlPart():
            image = part.image_url
            return ContentPart(kind="image_url", url=image.url, detail=image.detail or "auto")
        case ImageFilePart():
            file = part.image_file
            return ContentPart(
                kind="image_file", file_id=file.file_id, detail=file.detail or "auto"
            )


def _part_shown(part: ContentPart) -> Json:
    match part.kind:
        case "text":
            return text_shown(part.text)
        case "image_url":
            return {"type": "image_url", "image_url": {"url": part.url, "detail": part.detail}}
        case "image_file":
            image = {"file_id": part.file_id, "detail": part.detail}
            return {"type": "image_file", "image_file": image}
