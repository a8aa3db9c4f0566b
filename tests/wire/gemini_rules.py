"""What Gemini does not accept."""

import base64
import re
from collections.abc import Set as AbstractSet
from typing import Final

from tests.wire.server import Json, Rejected, Request

_ADDRESS: Final = re.compile(
    r"/(v1beta|v1beta1/projects/[\w-]+/locations/[\w-]+/publishers/google)"
    r"/models/[\w.-]+:(generateContent|streamGenerateContent\?alt=sse)"
)
_FIELDS: Final = {
    "contents", "generationConfig", "safetySettings", "systemInstruction", "toolConfig", "tools",
}  # fmt: skip
_CONFIG: Final = {
    "maxOutputTokens", "responseJsonSchema", "responseMimeType", "temperature", "thinkingConfig",
    "topP",
}  # fmt: skip
# Google reads either spelling of a field; the SDK leaves this one as it is.
_DECLARATION: Final = {"name", "description", "parametersJsonSchema", "parameters_json_schema"}
_UNSIGNED: Final = b"skip_thought_signature_validator"


def check(request: Request, signatures: AbstractSet[str]) -> None:
    """Raise `Rejected`; `signatures` are those the server has made."""
    if not _ADDRESS.fullmatch(request.path):
        raise Rejected(f"Unknown address: {request.path}")
    body = request.body
    _check_names(body, _FIELDS)
    _check_names(body.get("generationConfig", {}), _CONFIG)
    for tool in body.get("tools", ()):
        for declaration in tool["functionDeclarations"]:
            _check_names(declaration, _DECLARATION)
    _check_wishes(request)
    contents: list[Json] = body["contents"]
    followers: list[Json] = [*contents[1:], {}]
    for content, follower in zip(contents, followers, strict=True):
        _check_answered(content, follower)
        _check_signed(content, signatures)


def _check_names(given: Json, known: set[str]) -> None:
    if unknown := given.keys() - known:
        raise Rejected(f'Invalid JSON payload received. Unknown name "{min(unknown)}".')


def _check_wishes(request: Request) -> None:
    """Want names among the functions, JSON where there is a schema, and the kinds of files."""
    body = request.body
    functions = [
        one["name"] for tool in body.get("tools", ()) for one in tool["functionDeclarations"]
    ]
    calling = body.get("toolConfig", {}).get("functionCallingConfig", {})
    if calling.get("mode", "AUTO") not in ("AUTO", "ANY", "NONE"):
        raise Rejected("Invalid function calling mode.")
    if not set(calling.get("allowedFunctionNames", ())) <= set(functions):
        raise Rejected("Allowed function names must be among the function declarations.")
    config = body.get("generationConfig", {})
    if "responseJsonSchema" in config and "responseMimeType" not in config:
        raise Rejected("A response schema needs the MIME type application/json.")
    if "responseMimeType" in config and functions and "gemini-2" in request.path:
        raise Rejected(
            "Function calling with a response mime type: 'application/json' is unsupported"
        )
    files = [
        part["fileData"] for content in body["contents"] for part in _parts_with_files(content)
    ]
    if not all(file.get("mimeType") or file.get("mime_type") for file in files):
        raise Rejected("A file needs its MIME type.")


def _parts_with_files(content: Json) -> list[Json]:
    return [part for part in content["parts"] if "fileData" in part]


def _check_answered(content: Json, follower: Json) -> None:
    """Want one response for each call, in the next content, with its name and its id."""
    calls = _of_kind(content, "functionCall")
    responses = _of_kind(follower, "functionResponse")
    if len(calls) != len(responses):
        raise Rejected("The number of function response parts must equal that of the calls.")
    for call, response in zip(calls, responses, strict=True):
        if (call["name"], call.get("id")) != (response["name"], response.get("id")):
            raise Rejected(f"The function response does not match the call of {call['name']}.")
        if not isinstance(response.get("response"), dict):
            raise Rejected("A function response must be an object.")


def _of_kind(content: Json, kind: str) -> list[Json]:
    return [part[kind] for part in content.get("parts", ()) if kind in part]


def _check_signed(content: Json, signatures: AbstractSet[str]) -> None:
    known = {base64.b64decode(signature) for signature in signatures} | {_UNSIGNED}
    first = next((part for part in content["parts"] if "functionCall" in part), None)
    if first is None:
        return
    if "thoughtSignature" not in first:
        raise Rejected("Function call is missing a thought_signature.")
    if _decoded(first["thoughtSignature"]) not in known:
        raise Rejected("Thought signature is not valid.")


def _decoded(text: str) -> bytes:
    return base64.b64decode(text.replace("-", "+").replace("_", "/"))
