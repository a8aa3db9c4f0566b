"""The chunks of a Gemini stream as the one answer that they are pieces of."""

from typing import Any, Final

from google.genai import types
from pydantic import BaseModel

# What the SDK adds to what it received.
_ADDED: Final = {"sdk_http_response", "automatic_function_calling_history", "parsed"}


class Merged:
    """What the chunks have told so far; of what is told twice, the last."""

    def __init__(self) -> None:
        self._response: dict[str, Any] = {}
        self._candidate: dict[str, Any] = {}

    def take(self, chunk: types.GenerateContentResponse) -> None:
        """Take a chunk."""
        self._response.update(_told(chunk))
        for candidate in (chunk.candidates or ())[:1]:
            self._candidate.update(_told(candidate))

    def body(self, parts: list[types.Part]) -> dict[str, Any] | None:
        """Return the answer, whose content has these parts; None when nothing came."""
        if not self._response:
            return None
        told = dict(self._response)
        if self._candidate:
            content = types.Content(role="model", parts=parts)
            named = {**self._candidate, "content": content}
            told["candidates"] = [types.Candidate.model_construct(**named)]
        response = types.GenerateContentResponse.model_construct(**told)
        return response.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=_ADDED)


def _told(model: BaseModel) -> dict[str, Any]:
    named = {name: getattr(model, name) for name in model.model_fields_set - _ADDED}
    return {name: value for name, value in named.items() if value is not None}
