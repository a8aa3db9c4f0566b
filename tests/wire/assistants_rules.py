"""What the Assistants API does not accept."""

import re
from typing import Final

from tests.wire.server import Json, Rejected, Request

_BETA: Final = "assistants=v2"
_COMMON: Final = {"metadata", "model", "temperature", "tools", "top_p", "response_format"}
_TAKES: Final[tuple[tuple[str, set[str]], ...]] = (
    (r"/v1/assistants", _COMMON | {"name", "description", "instructions", "reasoning_effort"}),
    (r"/v1/threads", {"messages", "metadata", "tool_resources"}),
    (
        r"/v1/threads/\w+/runs",
        _COMMON
        | {
            "assistant_id", "reasoning_effort", "instructions", "additional_instructions",
            "additional_messages", "stream", "max_prompt_tokens", "max_completion_tokens",
            "truncation_strategy", "tool_choice", "parallel_tool_calls",
        },
    ),
    (r"/v1/threads/\w+/runs/\w+/submit_tool_outputs", {"tool_outputs", "stream"}),
)  # fmt: skip


def check(request: Request) -> None:
    """Raise `Rejected`."""
    path = request.path.partition("?")[0]
    if request.headers.get("openai-beta") != _BETA:
        raise Rejected("You must provide the 'OpenAI-Beta' header to access the Assistants API.")
    for pattern, known in _TAKES:
        if request.method == "POST" and re.fullmatch(pattern, path):
            _check_names(request.body, known)
            _check_values(request.body)


def _check_names(given: Json, known: set[str]) -> None:
    if unknown := given.keys() - known:
        raise Rejected(f"Unknown parameter: '{min(unknown)}'.")


def _check_values(body: Json) -> None:
    if body.get("max_completion_tokens", 256) < 256:
        raise Rejected("Invalid 'max_completion_tokens': integer below minimum value.")
    for message in body.get("messages", ()):
        if message["role"] not in {"user", "assistant"} or not message["content"]:
            raise Rejected("Invalid 'messages'.")
    for tool in body.get("tools", ()):
        if tool["type"] == "function":
            _check_names(tool["function"], {"name", "description", "parameters", "strict"})
