"""What a function takes: one pydantic model that makes its JSON schema and checks each call."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic_core import ErrorDetails

from tools.failures import ToolFailed

_NAMED: Final = frozenset({inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY})
_SUBSCHEMAS: Final = frozenset({"properties", "$defs"})
_VALUES: Final = frozenset({"default", "const", "enum", "examples", "required"})
_WORDS: Final = {"missing": "is missing", "extra_forbidden": "there is no such argument"}


class Arguments:
    """The arguments of one function."""

    def __init__(self, function: Callable[..., Any], descriptions: Mapping[str, str]) -> None:
        self._function = function.__name__
        self._model = _model(function, descriptions)

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema, of type object, that models are shown."""
        schema: dict[str, Any] = _untitled(self._model.model_json_schema())
        return {"type": "object", "properties": schema.get("properties", {})} | schema

    def read(self, text: str) -> dict[str, Any]:
        """Return the arguments in the JSON `text`; `ToolFailed` says what is wrong with them."""
        try:
            values = self._model.model_validate_json(text.strip() or "{}")
        except ValidationError as error:
            raise ToolFailed(self._complaint(error)) from error
        return {
            field.alias or name: getattr(values, name)
            for name, field in self._model.model_fields.items()
        }

    def _complaint(self, error: ValidationError) -> str:
        problems = error.errors(include_url=False, include_context=False)
        if problems[0]["type"] == "json_invalid":
            return f"The arguments of {self._function} are not JSON: {problems[0]['msg']}."
        takes = ", ".join(field.alias or "" for field in self._model.model_fields.values())
        said = "; ".join(_problem(problem) for problem in problems)
        return f"The arguments of {self._function} don't fit. {said}. It takes: {takes or 'none'}."


def _problem(problem: ErrorDetails) -> str:
    where = ".".join(str(part) for part in problem["loc"]) or "arguments"
    return f"{where}: {_WORDS.get(problem['type'], problem['msg'])}"


def _model(function: Callable[..., Any], descriptions: Mapping[str, str]) -> type[BaseModel]:
    """Make the model; its fields carry an alias, since not every parameter's name suits one."""
    hints = get_type_hints(function, include_extras=True)
    fields: dict[str, Any] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind not in _NAMED or name not in hints:
            message = f"{function.__name__}: '{name}' must be a named, typed parameter of a tool."
            raise TypeError(message)
        default = ... if parameter.default is inspect.Parameter.empty else parameter.default
        field = Field(default, alias=name, description=descriptions.get(name))
        fields[f"argument_{name}"] = (hints[name], field)
    return create_model(function.__name__, __config__=ConfigDict(extra="forbid"), **fields)


def _untitled(schema: Any) -> Any:
    """Return `schema` without its `title` keywords; arguments called `title` stay."""
    if isinstance(schema, list):
        return [_untitled(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _part(key, part) for key, part in schema.items() if key != "title"}


def _part(key: str, part: Any) -> Any:
    if key in _VALUES:
        return part
    if key in _SUBSCHEMAS:
        return {name: _untitled(subschema) for name, subschema in part.items()}
    return _untitled(part)
