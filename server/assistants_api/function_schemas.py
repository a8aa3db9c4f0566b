"""What is wrong with the JSON schema of a function's parameters, as far as clients can expect."""

from collections.abc import Mapping
from typing import Any, Final

Json = Mapping[str, Any]
Path = tuple[str, ...]

_TYPES: Final = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})


def flaw(schema: Json) -> str | None:
    """Return what is wrong with it; an empty schema stands for no parameters."""
    if not schema:
        return None
    if schema.get("type") != "object":
        given = schema.get("type")
        return f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{given}\"'."
    return _flaw(schema, ())


def _flaw(schema: Any, path: Path) -> str | None:
    if isinstance(schema, bool):
        return None
    if not isinstance(schema, dict):
        return f"In context={path}, {schema!r} is not of type 'object', 'boolean'."
    return _own_flaw(schema, path) or _inner_flaw(schema, path)


def _own_flaw(schema: Json, path: Path) -> str | None:
    named = schema.get("type", [])
    types = named if isinstance(named, list) else [named]
    for unknown in (one for one in types if not (isinstance(one, str) and one in _TYPES)):
        return f"{unknown!r} is not valid under any of the given schemas."
    if named == "array" and "items" not in schema and "prefixItems" not in schema:
        return f"In context={path}, array schema missing items."
    if not isinstance(schema.get("properties", {}), dict):
        return f"In context={path}, {schema['properties']!r} is not of type 'object'."
    required = schema.get("required", [])
    if not isinstance(required, list) or not all(isinstance(name, str) for name in required):
        return f"In context={path}, 'required' must be an array of strings."
    return None


def _inner_flaw(schema: Json, path: Path) -> str | None:
    for name, part in schema.get("properties", {}).items():
        if found := _flaw(part, (*path, "properties", name)):
            return found
    items = schema.get("items")
    return None if items is None else _flaw(items, (*path, "items"))
