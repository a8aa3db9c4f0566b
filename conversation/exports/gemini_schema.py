"""A function's JSON schema in the words that Gemini's files know, which are some of OpenAPI's."""

from collections.abc import Callable
from typing import Any, Final

Schema = dict[str, Any]

_KEPT: Final = {
    "title", "description", "format", "required", "pattern", "nullable", "default",
    "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems",
    "minProperties", "maxProperties",
}  # fmt: skip
_DEEPEST: Final = 20


def gemini_schema(schema: Schema) -> Schema:
    """Return `schema` without what Gemini does not know; references are replaced by their aim."""
    return _translated(schema, schema.get("$defs", {}), 0)


def _translated(schema: Schema, named: Schema, depth: int) -> Schema:
    """Translate one level; a schema that holds itself ends somewhere."""
    if depth > _DEEPEST:
        return {"type": "OBJECT"}
    known = _resolved(schema, named)

    def inner(part: Any) -> Schema:
        return _translated(part, named, depth + 1) if isinstance(part, dict) else {}

    result = {key: value for key, value in known.items() if key in _KEPT} | _typed(known)
    words = known.get("enum", [known["const"]] if "const" in known else [])
    if words and all(isinstance(word, str) for word in words):
        result |= {"type": "STRING", "enum": words}
    if isinstance(known.get("properties"), dict):
        result["properties"] = {name: inner(part) for name, part in known["properties"].items()}
    if "items" in known:
        result["items"] = inner(known["items"])
    return result | _either(known, inner)


def _resolved(schema: Schema, named: Schema) -> Schema:
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    aim = named.get(name)
    return aim | {key: value for key, value in schema.items() if key != "$ref"} if aim else schema


def _typed(schema: Schema) -> Schema:
    """Return the type, of which Gemini knows one; that it may be null is said beside it."""
    given = schema.get("type", [])
    types = given if isinstance(given, list) else [given]
    real = [str(name).upper() for name in types if name != "null"]
    nullable = {"nullable": True} if "null" in types else {}
    if len(real) > 1:
        return {"anyOf": [{"type": name} for name in real]} | nullable
    return {"type": real[0]} | nullable if real else nullable


def _either(schema: Schema, inner: Callable[[Any], Schema]) -> Schema:
    """Return the alternatives; one of them and null is that one."""
    options = schema.get("anyOf") or schema.get("oneOf") or []
    real = [inner(option) for option in options if option.get("type") != "null"]
    nullable = {"nullable": True} if len(real) < len(options) else {}
    if len(real) == 1:
        return real[0] | nullable
    return ({"anyOf": real} if real else {}) | nullable
