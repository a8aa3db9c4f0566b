"""What a message says to a model: its text, and the pictures that can be shown."""

from typing import Final

from conversation.records import ContentPart, Message
from conversation.turns import Image, Said

_NOT_SHOWN: Final = "[picture {file_id}, which can't be shown yet]"


def said_in(message: Message) -> Said:
    """Return what a message says; a picture that is a file is only mentioned."""
    if not message.parts:
        return Said(role=message.role, text=message.text)
    return Said(
        role=message.role,
        text="\n\n".join(filter(None, map(_words, message.parts))),
        images=tuple(
            Image(url=part.url, detail=part.detail)
            for part in message.parts
            if part.kind == "image_url"
        ),
    )


def _words(part: ContentPart) -> str:
    if part.kind == "image_file":
        return _NOT_SHOWN.format(file_id=part.file_id)
    return part.text if part.kind == "text" else ""
