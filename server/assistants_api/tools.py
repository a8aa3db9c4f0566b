"""Tools of assistants and runs: as requests name them, as records keep them, as answers show them.

Functions run at the client, but for those of Parley's own that a request only names. The API's own
tools are kept in its words.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import Discriminator, Field, Tag, ValidationInfo, field_validator

from conversation.turns import ToolSpec
from server.assistants_api.function_schemas import flaw
from server.assistants_api.requests import Strict
from server.assistants_api.validation import fault

MOST_TOOLS: Final = 128

Json = dict[str, Any]

_NOTHING: Final[Json] = {"type": "object", "properties": {}}
_RANKING: Final[Json] = {"ranker": "default_2024_08_21", "score_threshold": 0.0}


class RankingOptions(Strict):
    """How results of a file search are ranked."""

    ranker: Literal["auto", "default_2024_08_21"] | None = None
    score_threshold: Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]


class FileSearchOptions(Strict):
    """How files are searched."""

    max_num_results: Annotated[int, Field(ge=1, le=50)] | None = None
    ranking_options: RankingOptions | None = None


class CodeInterpreterTool(Strict):
    """The tool that runs code."""

    type: Literal["code_interpreter"]


class FileSearchTool(Strict):
    """The tool that searches files."""

    type: Literal["file_search"]
    file_search: FileSearchOptions | None = None


class Function(Strict):
    """A function: without `parameters` it takes none, or is one of Parley's own."""

    name: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]+$", max_length=64)]
    description: str | None = None
    parameters: Json | None = None
    strict: bool | None = None

    @field_validator("parameters")
    @classmethod
    def _checked(cls, parameters: Json | None, info: ValidationInfo) -> Json | None:
        found = flaw(parameters or {})
        if found:
            name = info.data.get("name", "")
            message = f"Invalid schema for function '{name}': {found}"
            raise fault(message, "invalid_function_parameters")
        return parameters


class FunctionTool(Strict):
    """A function on offer."""

    type: Literal["function"]
    function: Function


def type_tag(value: Any) -> str | None:
    """Return the tag of a member of a union that its `type` tells."""
    given = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return f"<{given}>" if isinstance(given, str) else None


Tool = Annotated[
    Annotated[CodeInterpreterTool, Tag("<code_interpreter>")]
    | Annotated[FileSearchTool, Tag("<file_search>")]
    | Annotated[FunctionTool, Tag("<function>")],
    Discriminator(type_tag),
]
ToolList = Annotated[list[Tool], Field(max_length=MOST_TOOLS)]


def specs(
    tools: Iterable[Tool] | None,
    ours: Sequence[ToolSpec] = (),
    known: Iterable[ToolSpec] = (),
) -> tuple[ToolSpec, ...]:
    """Return the functions among the tools; `ours` are Parley's own.

    `known` are those an assistant had: one of Parley's that comes back as it was shown stays so.
    """
    named = {spec.name: spec for spec in ours}
    shown = [spec for spec in known if spec.runs == "parley"]
    functions = (tool.function for tool in tools or () if isinstance(tool, FunctionTool))
    return tuple(_spec(function, named, shown) for function in functions)


def hosted(tools: Iterable[Tool] | None) -> tuple[Json, ...]:
    """Return the API's own tools among these."""
    return tuple(
        tool.model_dump(exclude_none=True)
        for tool in tools or ()
        if not isinstance(tool, FunctionTool)
    )


def tools_shown(functions: Iterable[ToolSpec], own: Iterable[Mapping[str, Any]]) -> list[Json]:
    """Return tools as answers show them: the API's own ones first."""
    return [*(_hosted_shown(tool) for tool in own), *(_function_shown(spec) for spec in functions)]


def _spec(function: Function, ours: Mapping[str, ToolSpec], shown: list[ToolSpec]) -> ToolSpec:
    given = function.model_dump(exclude_none=True)
    if given.keys() == {"name"} and function.name in ours:
        return ours[function.name]
    spec = ToolSpec(
        name=function.name,
        description=function.description or "",
        parameters=function.parameters or _NOTHING,
        strict=bool(function.strict),
        runs="client",
    )
    wire = _function_shown(spec)
    return next((one for one in shown if _function_shown(one) == wire), spec)


def _function_shown(spec: ToolSpec) -> Json:
    described = {"description": spec.description} if spec.description else {}
    function = {"name": spec.name, **described, "parameters": spec.parameters or _NOTHING}
    return {"type": "function", "function": {**function, "strict": spec.strict}}


def _hosted_shown(tool: Mapping[str, Any]) -> Json:
    if tool["type"] != "file_search":
        return dict(tool)
    options = tool.get("file_search", {})
    ranking = {**_RANKING, **options.get("ranking_options", {})}
    return {"type": "file_search", "file_search": {**options, "ranking_options": ranking}}
