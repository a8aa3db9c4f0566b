"""What the Responses API does not accept."""

import itertools
from dataclasses import dataclass, field
from typing import Final

from tests.wire.server import Json, Rejected, Request

_PARAMETERS: Final = {
    "include", "input", "instructions", "max_output_tokens", "model", "parallel_tool_calls",
    "reasoning", "store", "stream", "temperature", "tool_choice", "tools", "top_p",
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
    if request.path != "/v1/responses":
        raise Rejected(f"Unknown address: {request.path}")
    body = request.body
    _check_names(body, _PARAMETERS)
    _check_parameters(body)
    for tool in body.get("tools", ()):
        _check_names(tool, {"type", "name", "description", "parameters", "strict"})
    items: list[Json] = body["input"]
    for item in items:
        _check_names(item, _FIELDS[item.get("type", "message")])
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
