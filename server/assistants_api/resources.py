"""What the API's own tools work on, kept and shown in its words."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final

from pydantic import Field

from server.assistants_api.errors import ApiError
from server.assistants_api.requests import Strict

Json = dict[str, Any]

_SHOWN: Final[Mapping[str, str]] = {
    "code_interpreter": "file_ids",
    "file_search": "vector_store_ids",
}


class CodeResources(Strict):
    """Files that code can read."""

    file_ids: Annotated[list[str], Field(max_length=20)] | None = None


class SearchResources(Strict):
    """The vector store that is searched; `vector_stores` asks for a new one."""

    vector_store_ids: Annotated[list[str], Field(max_length=1)] | None = None
    vector_stores: Annotated[list[Json], Field(max_length=1)] | None = None


class ToolResources(Strict):
    """What each tool works on."""

    code_interpreter: CodeResources | None = None
    file_search: SearchResources | None = None


def later(what: str, param: str | None = None) -> ApiError:
    """Return the answer to what a later release brings; clients do not try it again."""
    message = f"{what} come with a later release of Parley."
    return ApiError(501, message, param, "not_implemented", headers={"x-should-retry": "false"})


def kept(resources: ToolResources | None) -> Json:
    """Return resources as they are kept."""
    if resources is None:
        return {}
    if resources.file_search and resources.file_search.vector_stores:
        raise later("Vector stores", "tool_resources.file_search.vector_stores")
    return resources.model_dump(exclude_none=True, exclude={"file_search": {"vector_stores"}})


def resources_shown(resources: Mapping[str, Any], tools: Iterable[Mapping[str, Any]] = ()) -> Json:
    """Return resources as answers show them: with a place for each of the API's own tools."""
    wanted = {tool["type"]: {} for tool in tools} | dict(resources)
    return {
        tool: {field: wanted[tool].get(field, [])}
        for tool, field in _SHOWN.items()
        if tool in wanted
    }
