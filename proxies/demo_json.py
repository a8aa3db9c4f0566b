"""What the demo model writes where it has to write JSON: a value that fits a simple schema.

It knows types, enums, bounds, lengths, a few formats, and references inside the schema. It knows
no patterns.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

Schema = dict[str, Any]

_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?")
_DEEP: Final = 6
"""From here on nothing is written that need not be."""
_DEEPEST: Final = 30
_FORMATS: Final = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "time": "12:00:00Z",
    "duration": "P1D",
    "email": "ada@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def fitting(schema: Schema, *, asked: str, said: str) -> Any:
    """Return a value that fits `schema`; its first free text is what the demo wants to say.

    Options and numbers are those that the user's message names, where it names any.
    """
    return _Writer(schema, asked, said).value(schema)


@dataclass(slots=True)
class _Writer:
    """Writes one value; `said` is what is left to be said."""

    root: Schema
    asked: str
    said: str

    def value(self, schema: object, name: str = "answer", depth: int = 0) -> Any:
        """Return a value for a part of the schema; `name` is its property's."""
        known = self._resolved(schema, depth)
        if options := _options(known):
            return self._option(options)
        match _type(known) if depth <= _DEEPEST else "null":
            case "object":
                return self._object(known, depth)
            case "array":
                return self._array(known, name, depth)
            case "integer" | "number" as kind:
                return self._number(known, whole=kind == "integer")
            case "boolean":
                return True
            case "null":
                return None
            case _:
                return self._text(known, name)

    def _resolved(self, schema: object, depth: int) -> Schema:
        """Follow references and choose between alternatives."""
        known = schema if isinstance(schema, dict) else {}
        for _ in range(_DEEPEST):
            if isinstance(reference := known.get("$ref"), str):
                known = self._referred(reference)
            elif parts := known.get("allOf"):
                known = _joined({**known, "allOf": None}, *parts)
            elif choices := known.get("anyOf") or known.get("oneOf"):
                known = _chosen(choices, deep=depth >= _DEEP)
            else:
                break
        return known

    def _referred(self, reference: str) -> Schema:
        found: Any = self.root
        for step in reference.removeprefix("#").split("/")[1:]:
            found = found.get(step) if isinstance(found, dict) else None
        return found if isinstance(found, dict) else {}

    def _option(self, options: list[Any]) -> Any:
        heard = self.asked.casefold()
        named = (one for one in options if isinstance(one, str) and one.casefold() in heard)
        return next((one for one in named if one), options[0])

    def _object(self, schema: Schema, depth: int) -> dict[str, Any]:
        properties: dict[str, Any] = schema.get("properties") or {}
        needed = schema.get("required") or ()
        written = [name for name in properties if name in needed or depth < _DEEP]
        return {name: self.value(properties[name], name, depth + 1) for name in written}

    def _array(self, schema: Schema, name: str, depth: int) -> list[Any]:
        first: list[Any] = schema.get("prefixItems") or []
        least: int = max(schema.get("minItems") or 0, len(first))
        usual = max(least, 1 if depth < _DEEP else 0)
        count: int = min(usual, schema.get("maxItems", usual))
        kinds = [*first, *[schema.get("items")] * max(0, count - len(first))]
        return [self.value(kind, name, depth + 1) for kind in kinds]

    def _number(self, schema: Schema, *, whole: bool) -> int | float:
        step = schema.get("multipleOf") or (1 if whole else 0)
        numbers = [_fitted(number, step) for number in (*self._named(), *_bounds(schema))]
        return next((one for one in numbers if _within(one, schema)), numbers[0])

    def _named(self) -> Iterator[float]:
        """Yield the numbers in the user's message."""
        yield from (float(number[0]) for number in _NUMBER.finditer(self.asked[:1000]))

    def _text(self, schema: Schema, name: str) -> str:
        if known := _FORMATS.get(schema.get("format", "")):
            return known
        text, self.said = self.said or f"sample {name}", ""
        return text[: schema.get("maxLength")].ljust(schema.get("minLength") or 0, ".")


def _options(schema: Schema) -> list[Any]:
    return [schema["const"]] if "const" in schema else list(schema.get("enum") or ())


def _type(schema: Schema) -> str:
    named = schema.get("type")
    if isinstance(named, list):
        named = next((one for one in named if one != "null"), "null")
    guessed = "object" if "properties" in schema else "array" if "items" in schema else "string"
    return named or guessed


def _joined(*schemas: Schema) -> Schema:
    joined: Schema = {}
    for schema in schemas:
        properties = {**joined.get("properties", {}), **schema.get("properties", {})}
        needed = [*joined.get("required", ()), *schema.get("required", ())]
        joined |= schema
        joined |= {"properties": properties, "required": needed} if properties else {}
    return joined


def _chosen(choices: list[Schema], *, deep: bool) -> Schema:
    """Return the first that says something; deep down rather one that says nothing."""
    nothing = [one for one in choices if one.get("type") == "null"]
    something = [one for one in choices if one.get("type") != "null"]
    return (nothing + something if deep else something + nothing)[0]


def _bounds(schema: Schema) -> Iterator[float]:
    step = schema.get("multipleOf") or 1
    yield 1
    yield 0
    yield from (schema[name] for name in ("minimum", "maximum") if name in schema)
    for bound in (schema.get("minimum"), schema.get("exclusiveMinimum")):
        if bound is not None:
            yield from (bound + step / 2, bound + step)
    if (bound := schema.get("exclusiveMaximum")) is not None:
        yield from (bound - step / 2, bound - step)


def _fitted(number: float, step: float) -> int | float:
    """Return the nearest multiple of `step`, and whole numbers as such."""
    near = round(number / step) * step if step else number
    return int(near) if float(near).is_integer() else near


def _within(number: float, schema: Schema) -> bool:
    least, most = schema.get("minimum", number), schema.get("maximum", number)
    below = schema.get("exclusiveMinimum", number - 1)
    above = schema.get("exclusiveMaximum", number + 1)
    return bool(least <= number <= most and below < number < above)
