"""What comes with a message beside its text: pictures by their address, files by their id."""

from collections.abc import Iterator
from typing import Final

from conversation.records import Message

_LONGEST: Final = 500


def enclosed(message: Message) -> Iterator[str]:
    """Yield a line for each picture and file; a picture that is its own address only by kind."""
    for part in message.parts:
        if part.kind == "image_url":
            yield f"Picture: {_address(part.url)}"
        elif part.kind == "image_file":
            yield f"Picture: {part.file_id}"
    for attachment in message.attachments:
        yield f"File: {attachment.get('file_id') or 'without a name'}"


def _address(url: str) -> str:
    kind, is_data, _ = url.partition(",")
    if url.startswith("data:") and is_data:
        return f"{kind.removeprefix('data:').partition(';')[0]}, within the message"
    return url if len(url) <= _LONGEST else f"{url[:_LONGEST]}…"
