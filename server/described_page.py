"""The API's description as a page: OpenAPI's JSON in, HTML out.

It loads nothing and runs nothing. A script from elsewhere would be let in as the server's own, and
could use the API in the name of whoever opens the page.
"""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

Json = Mapping[str, Any]

_STYLE: Final = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 3rem; } h3 { margin: 2rem 0 0; font: 600 1rem/1.5 ui-monospace, monospace; }
h3 b { display: inline-block; min-width: 4.5rem; }
p { margin: .25rem 0; } nav a { margin-right: 1rem; }
table { border-collapse: collapse; table-layout: fixed; width: 100%; font-size: .9rem;
  margin: .5rem 0; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0;
  border-bottom: 1px solid #8886; overflow-wrap: anywhere; }
th { font-weight: 600; width: 14rem; } td:last-child { width: 14rem; }
"""
_UNITS: Final = {"string": "characters", "array": "items"}
_BOUNDS: Final = (
    ("minimum", "maximum"),
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
)


def page(described: Json) -> str:
    """Return the page."""
    title = escape(described["info"]["title"])
    about = escape(described["info"].get("description", ""))
    tags = dict.fromkeys(tag for _, _, one in _operations(described) for tag in one["tags"])
    parts = [*(_routes(described, tag) for tag in tags), _objects(described)]
    links = "".join(f'<a href="#{tag}">{tag}</a> ' for tag in (*map(escape, tags), "objects"))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1><p>{about}</p>"
        f'<nav>{links}<a href="openapi.json">openapi.json</a></nav>{"".join(parts)}</body></html>'
    )


def _operations(described: Json) -> Iterator[tuple[str, str, Json]]:
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            yield method.upper(), path, operation


def _routes(described: Json, tag: str) -> str:
    shown = (
        _route(method, path, operation)
        for method, path, operation in _operations(described)
        if tag in operation["tags"]
    )
    return f'<section><h2 id="{escape(tag)}">{escape(tag)}</h2>{"".join(shown)}</section>'


def _route(method: str, path: str, operation: Json) -> str:
    about = "".join(f"<p>{escape(part)}</p>" for part in operation["description"].split("\n\n"))
    rows = [
        _row(one["name"], one["schema"], f"in the {one['in']}", needed=one["required"])
        for one in operation.get("parameters", ())
    ]
    if "requestBody" in operation:
        rows.append(_line("body", _contents(operation["requestBody"])))
    rows.append(_line("answer", _contents(operation["responses"]["200"])))
    return f"<h3><b>{method}</b> {escape(path)}</h3>{about}{_table(rows)}"


def _contents(said: Json) -> str:
    kinds = said["content"].items()
    return " or ".join(
        _kind(one["schema"]) if one.get("schema") else escape(kind) for kind, one in kinds
    )


def _objects(described: Json) -> str:
    shown = (_object(*one) for one in sorted(described["components"]["schemas"].items()))
    return f'<section><h2 id="objects">objects</h2>{"".join(shown)}</section>'


def _object(name: str, schema: Json) -> str:
    needed = schema.get("required", ())
    rows = [
        _row(field, kind, needed=field in needed)
        for field, kind in schema.get("properties", {}).items()
    ]
    about = escape(schema.get("description", ""))
    return f'<h3 id="{escape(name)}">{escape(name)}</h3><p>{about}</p>{_table(rows)}'


def _table(rows: list[str]) -> str:
    return f"<table>{''.join(rows)}</table>"


def _row(name: str, schema: Json, place: str = "", *, needed: bool) -> str:
    usual = schema.get("default")
    notes = (place, "required" if needed else "", "" if usual is None else f"{usual} by default")
    return _line(name, _kind(schema), ", ".join(filter(None, notes)))


def _line(name: str, kind: str, note: str = "") -> str:
    return f"<tr><th>{escape(name)}</th><td>{kind}</td><td>{escape(note)}</td></tr>"


def _kind(schema: Json) -> str:
    """Return what a schema stands for, in words and links."""
    for name in ("anyOf", "oneOf"):
        if name in schema:
            return _either(schema[name])
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    if values:
        return " or ".join(escape(f'"{value}"') for value in values)
    if schema.get("type") == "array":
        return f"array of {_kind(schema.get('items', {}))}{_bounds(schema)}"
    return escape(str(schema.get("type", "anything"))) + _bounds(schema)


def _either(members: list[Json]) -> str:
    kinds = [_kind(one) for one in members if one.get("type") != "null"]
    null = ", or null" if len(kinds) < len(members) else ""
    return " or ".join(kinds) + null


def _bounds(schema: Json) -> str:
    """Return between which bounds it is, as in `, 1 to 256 characters`."""
    for least, most in _BOUNDS:
        low, high = schema.get(least), schema.get(most)
        if low is None and high is None:
            continue
        unit = _UNITS.get(schema.get("type", ""), "")
        if high is None:
            return f", at least {low:g} {unit}".rstrip()
        span = f"{low:g} to {high:g}" if low is not None else f"up to {high:g}"
        return f", {span} {unit}".rstrip()
    return ""
