"""How Gemini is told what an answer has to be, what may be called, and what a picture shows."""

import base64
import mimetypes
import re
from binascii import Error as NotBase64
from typing import Any, Final
from urllib.parse import urlsplit

from google.genai import types

from conversation.turns import Image, Said, ToolChoice, Turn
from proxies.in_words import text_of, with_format_in_words

# These write JSON or call functions, not both.
_EITHER: Final = re.compile(r"(models/)?gemini-[12]\b")
_DATA: Final = re.compile(r"data:(?P<kind>image/[\w.+-]+);base64,(?P<data>.+)", re.DOTALL)
_SCHEMES: Final = ("https", "http", "gs")
_JSON: Final = "application/json"


def worded(turn: Turn) -> Turn:
    """Put into words what the model does not take otherwise."""
    either = turn.tools and _EITHER.match(turn.model)
    return with_format_in_words(turn) if either else turn


def format_of(turn: Turn) -> dict[str, Any]:
    """Return what the answer's text has to be."""
    if turn.answer.free:
        return {}
    schema = {"response_json_schema": turn.answer.schema} if turn.answer.schema else {}
    return {"response_mime_type": _JSON, **schema}


def choice_of(turn: Turn) -> types.ToolConfig | None:
    """Return whether functions may, must or must not be called."""
    choice = turn.tool_choice
    if not turn.tools or choice == ToolChoice():
        return None
    forced = choice.name is not None or choice.mode == "required"
    mode = types.FunctionCallingConfigMode.ANY if forced else types.FunctionCallingConfigMode.NONE
    names = [choice.name] if choice.name is not None else None
    calling = types.FunctionCallingConfig(mode=mode, allowed_function_names=names)
    return types.ToolConfig(function_calling_config=calling)


def parts_of(said: Said) -> list[types.Part]:
    """Return a message's text and pictures; a picture that can't be sent is mentioned."""
    shown = {image.url: part for image in said.images if (part := _picture(image))}
    text = text_of(said, *(image for image in said.images if image.url not in shown))
    return [*([types.Part(text=text)] if text else []), *shown.values()]


def _picture(image: Image) -> types.Part | None:
    if data := _DATA.fullmatch(image.url):
        try:
            decoded = base64.b64decode(data["data"], validate=True)
        except NotBase64:
            return None
        return types.Part.from_bytes(data=decoded, mime_type=data["kind"])
    kind = _kind(image.url)
    return types.Part.from_uri(file_uri=image.url, mime_type=kind) if kind else None


def _kind(url: str) -> str | None:
    """Return what kind of picture is at an address, as far as that says; Gemini wants to know."""
    try:
        scheme, _, path, _, _ = urlsplit(url)
    except ValueError:
        return None
    kind, _ = mimetypes.guess_type(path)
    return kind if scheme in _SCHEMES and kind and kind.startswith("image/") else None
