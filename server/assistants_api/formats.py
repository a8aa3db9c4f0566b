"""What answers have to be: `response_format` of the API and the `AnswerFormat` of records."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from conversation.turns import AnswerFormat
from server.assistants_api.requests import Strict

Json = dict[str, Any]


class TextFormat(Strict):
    """Any text."""

    type: Literal["text"]


class JsonObjectFormat(Strict):
    """Some JSON."""

    type: Literal["json_object"]


class JsonSchema(Strict):
    """A schema of JSON and its name."""

    name: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]+$", max_length=64)]
    description: str | None = None
    schema_: Json | None = Field(default=None, alias="schema")
    strict: bool | None = None


class JsonSchemaFormat(Strict):
    """JSON of a schema."""

    type: Literal["json_schema"]
    json_schema: JsonSchema


def _tag(value: Any) -> str | None:
    if isinstance(value, str):
        return "<=auto>"
    given = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return f"<{given}>" if isinstance(given, str) else None


ResponseFormat = Annotated[
    Annotated[Literal["auto"], Tag("<=auto>")]
    | Annotated[TextFormat, Tag("<text>")]
    | Annotated[JsonObjectFormat, Tag("<json_object>")]
    | Annotated[JsonSchemaFormat, Tag("<json_schema>")],
    Discriminator(_tag),
]


def answer_format(wanted: ResponseFormat | None) -> AnswerFormat:
    """Return the record's side of it."""
    if wanted is None or wanted == "auto":
        return AnswerFormat()
    if not isinstance(wanted, JsonSchemaFormat):
        return AnswerFormat(kind=wanted.type)
    schema = wanted.json_schema
    return AnswerFormat(
        kind="json_schema",
        name=schema.name,
        description=schema.description or "",
        schema=schema.schema_ or {},
        strict=schema.strict,
    )


def format_shown(answer: AnswerFormat) -> str | Json:
    """Return what the API shows of it."""
    match answer.kind:
        case "auto":
            return "auto"
        case "text" | "json_object":
            return {"type": answer.kind}
        case "json_schema":
            described = {"description": answer.description} if answer.description else {}
            schema = {"name": answer.name, **described, "schema": answer.schema}
            strict = bool(answer.strict)
            return {"type": "json_schema", "json_schema": {**schema, "strict": strict}}
