"""Whether answers are what OpenAI's own description of its API says; openapi.yaml is its text.

Two things it gets wrong: an empty page has no first and no last id, and steps have extra fields.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import httpx2
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

Json = dict[str, Any]

DESCRIPTION = Path(__file__).with_name("openapi.yaml")
REQUEST_ID = re.compile(r"req_[0-9a-f]{32}")
NO_OBJECTS = {"", "/", "/health", "/openapi.json", "/docs"}


@cache
def description() -> Json:
    """Return what OpenAI says, with empty pages put right."""
    said: Json = yaml.safe_load(DESCRIPTION.read_text())
    for name, schema in said["components"]["schemas"].items():
        if name.startswith("List"):
            for mark in {"first_id", "last_id"} & schema["properties"].keys():
                schema["properties"][mark]["type"] = ["string", "null"]
    threads = {**said["components"]["schemas"]["ListAssistantsResponse"]["properties"]}
    threads["data"] = {"type": "array", "items": {"$ref": "#/components/schemas/ThreadObject"}}
    required = ["object", "data", "first_id", "last_id", "has_more"]
    ours = {"type": "object", "properties": threads, "required": required}
    said["paths"]["/threads"]["get"] = _answering(ours)
    return said


def check(schema: str, value: object) -> None:
    """Raise `ValidationError` unless the value is what the named schema says."""
    _validator(f"#/components/schemas/{schema}").validate(value)


def check_answer(response: httpx2.Response) -> None:
    """Raise unless an answer, read already, has what every answer has, and its own shape."""
    assert REQUEST_ID.fullmatch(response.headers["x-request-id"])
    assert response.headers["openai-version"] == "2020-10-01"
    assert int(response.headers["openai-processing-ms"]) >= 0
    path = response.request.url.path.removeprefix("/v1")
    if path in NO_OBJECTS or response.headers["content-type"].startswith("text/event-stream"):
        return
    assert response.headers["content-type"] == "application/json"
    assert response.text == json.dumps(response.json(), indent=2, ensure_ascii=False)
    if response.is_success:
        _validator(_place(response.request.method.lower(), path)).validate(response.json())
    else:
        check("ErrorResponse", response.json())


def _answering(schema: Json) -> Json:
    return {"responses": {"200": {"content": {"application/json": {"schema": schema}}}}}


def _place(method: str, path: str) -> str:
    """Return where the description says what this operation answers."""
    for template in sorted(description()["paths"], key=lambda one: (one.count("{"), one)):
        pattern = re.sub(r"\{model\}", ".+", template)
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern), path):
            name = template.replace("~", "~0").replace("/", "~1").replace("{", "%7B")
            name = name.replace("}", "%7D")
            end = "responses/200/content/application~1json/schema"
            return f"#/paths/{name}/{method}/{end}"
    raise AssertionError(f"OpenAI has no {path}")


@cache
def _validator(pointer: str) -> Draft202012Validator:
    document = DRAFT202012.create_resource(description())
    registry: Registry[Any] = Registry().with_resource("urn:openai", document)
    return Draft202012Validator({"$ref": f"urn:openai{pointer}"}, registry=registry)
