"""What the Responses API does not accept."""

import itertools
import re
from dataclasses import dataclass, field
from typing import Final

from tests.wire.server import Json, Rejected, Request

_ADDRESS: Final = re.compile(r"(/openai)?/v1/responses(\?api-version=preview)?")
_PARAMETERS: Final = {
    "include", "input", "instructions", "max_output_tokens", "model", "parallel_tool_calls",
    "reasoning", "store", "stream", "temperature", "text", "tool_choice", "tools", "top_p",
}  # fmt: skip

_FIELDS: Final = {
    "function_call": {"type", "id", "call_id", "name", "arguments", "status"},
    "function_call_output": {"type", "id", "call_id", "output", "status"},
    "message": {"type", "id", "role", "content", "status"},
    "reasoning": {"type", "id", "summary", "content", "encrypted_content", "status"},
}


@dataclass(frozen=True, slots=True)
class Made:
    """What the server has made: its items by id, and which one follows a reasoning item."""

    items: dict[str, Json] = field(default_factory=dict)
    followers: dict[str, str] = field(default_factory=dict)

    def remember(self, items: list[Json]) -> None:
        """Keep the items of one answer."""
        self.items.update({item["id"]: item for item in items})
        pairs = itertools.pairwise(items)
        self.followers.update({item["id"]: follower["id"] for item, follower in pairs})


def check(request: Request, made: Made) -> None:
    """Raise `Rejected`; `made` is what the server said before."""
    if not _ADDRESS.fullmatch(request.path):
        raise Rejected(f"Unknown address: {request.path}")
    body = request.body
    _check_names(body, _PARAMETERS)
    _check_parameters(body)
    _check_wishes(body)
    for tool in body.get("tools", ()):
        _check_names(tool, {"type", "name", "description", "parameters", "strict"})
    items: list[Json] = body["input"]
    for item in items:
        _check_names(item, _FIELDS[item.get("type", "message")])
        _check_content(item)
    _check_calls(items)
    _check_replayed(items, made)


def _check_names(given: Json, known: set[str]) -> None:
    if unknown := given.keys() - known:
        raise Rejected(f"Unknown parameter: '{min(unknown)}'.")


def _check_parameters(body: Json) -> None:
    if body.get("max_output_tokens", 16) < 16:
        raise Rejected("Invalid 'max_output_tokens': the minimum is 16.")
    effort = body.get("reasoning", {}).get("effort", "none")
    if "include" in body and effort == "none":
        raise Rejected("Encrypted content is not supported with this model.")
    if effort != "none" and {"temperature", "top_p"} & body.keys():
        raise Rejected("Unsupported parameter with this model: 'temperature'.")


def _check_wishes(body: Json) -> None:
    """Want a choice among tools that are there, and a format with its name and schema."""
    choice = body.get("tool_choice", "auto")
    names = [tool["name"] for tool in body.get("tools", ())]
    if "tool_choice" in body and not names:
        raise Rejected("Tool choice 'required' must be specified with 'tools' parameter.")
    if isinstance(choice, dict) and (choice["type"], choice["name"] in names) != ("function", True):
        raise Rejected(f"Tool choice '{choice['name']}' not found in 'tools' parameter.")
    if choice not in ("auto", "none", "required") and not isinstance(choice, dict):
        raise Rejected("Invalid value: 'tool_choice'.")
    format_ = body.get("text", {}).get("format", {"type": "text"})
    _check_names(format_, {"type", "name", "schema", "description", "strict"})
    if format_["type"] == "json_schema" and not {"name", "schema"} <= format_.keys():
        raise Rejected("Missing required parameter: 'text.format.schema'.")


def _check_content(item: Json) -> None:
    if not isinstance(item.get("content"), list) or "id" in item:
        return
    for part in item["content"]:
        if part["type"] == "input_image" and item["role"] != "user":
            raise Rejected("Invalid value: 'input_image'. Supported value: 'output_text'.")
        known = {"input_text": {"text"}, "input_image": {"image_url", "detail"}}
        _check_names(part, {"type"} | known[part["type"]])


def _check_calls(items: list[Json]) -> None:
    asked = [item["call_id"] for item in items if item.get("type") == "function_call"]
    told = [item["call_id"] for item in items if item.get("type") == "function_call_output"]
    if missing := set(asked) - set(told):
        raise Rejected(f"No tool output found for function call {min(missing)}.")
    if unasked := set(told) - set(asked):
        raise Rejected(f"No tool call found for function call output {min(unasked)}.")


def _check_replayed(items: list[Json], made: Made) -> None:
    """Want the server's own items as they were, and reasoning right before its item."""
    followers: list[Json] = [*items[1:], {}]
    for item, follower in zip(items, followers, strict=True):
        if "id" not in item:
            continue
        if item != made.items.get(item["id"]):
            raise Rejected(f"Item '{item['id']}' is not what it was.")
        if item["type"] == "reasoning" and follower.get("id") != made.followers[item["id"]]:
            raise Rejected(f"Item '{item['id']}' came without its required following item.")
