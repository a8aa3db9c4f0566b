"""What comes with a message beside its text: pictures and files, by name.

None of it is fetched: the address of a picture is a link, for whoever wants to follow it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from streamlit.delta_generator import DeltaGenerator
from streamlit.elements.lib.layout_utils import HorizontalAlignment

from conversation.records import ContentPart, Message
from ui.language import number, texts
from ui.prose import literal

LONGEST: Final = 80

_PLAIN: Final = "%/:?#@!&'*+,;=~-._"
"""What may stand in a link beside letters and digits, and ends none."""


def draw_enclosures(place: DeltaGenerator, message: Message) -> None:
    """Name the pictures and files of a message, a line each."""
    lines = [*_pictures(message.parts), *map(_file, message.attachments)]
    if lines:
        side: HorizontalAlignment = "right" if message.role == "user" else "left"
        row = place.container(horizontal=True, horizontal_alignment=side)
        row.caption("  \n".join(lines), width="content")


def encloses(message: Message) -> bool:
    """Tell whether a message has more than its text."""
    return bool(message.attachments) or any(part.kind != "text" for part in message.parts)


def _pictures(parts: Iterable[ContentPart]) -> Iterator[str]:
    for part in parts:
        match part.kind:
            case "image_url":
                yield f":material/image: {texts.PICTURE.format(name=_address(part.url))}"
            case "image_file":
                yield f":material/image: {texts.PICTURE.format(name=literal(part.file_id))}"
            case "text":
                pass


def _address(url: str) -> str:
    scheme, colon, rest = url.partition(":")
    if colon and scheme.lower() == "data":
        size = number(max(1, len(rest) * 3 // 4 // 1000))
        return texts.PICTURE_INSIDE.format(type=literal(rest.partition(";")[0][:40]), size=size)
    shown = literal(_short(url))
    if scheme.lower() not in {"http", "https"}:
        return shown
    return f"[{shown}]({quote(url, safe=_PLAIN)})"


def _file(attachment: Mapping[str, Any]) -> str:
    tools = ", ".join(str(tool.get("type", "")) for tool in attachment.get("tools") or ())
    file = str(attachment.get("file_id", ""))
    said = texts.FILE_FOR.format(name=literal(file), tools=literal(tools)) if tools else ""
    return f":material/attach_file: {said or texts.FILE.format(name=literal(file))}"


def _short(url: str) -> str:
    return url if len(url) <= LONGEST else f"{url[: LONGEST - 1]}…"
