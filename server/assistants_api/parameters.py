"""What requests say outside their bodies: ids in paths, the beta header, a filter by metadata."""

import re
from typing import Annotated, Any, Final

from fastapi import Depends, Path, Request
from pydantic import AfterValidator

from conversation.text import storable
from server.assistants_api.errors import ApiError
from server.assistants_api.validation import fault

_BETA: Final = re.compile(r"([A-Za-z0-9_-]+)=(v\d+)")
_FILTER: Final = re.compile(r"metadata\[(.+)\]")

_OLD: Final = (
    "The v1 Assistants API has been deprecated. Please try again by setting the header "
    "'OpenAI-Beta: assistants=v2'."
)


def begins_with(prefix: str) -> AfterValidator:
    """Return a validator for ids that begin with `prefix`."""

    def check(value: str) -> str:
        if not value.startswith(prefix):
            raise fault(f"Invalid '{{param}}': '{value}'. {_EXPECTED.format(prefix)}")
        return value

    return AfterValidator(check)


_EXPECTED: Final = "Expected an ID that begins with '{}'."


def documented(prefix: str) -> dict[str, Any]:
    """Return what the description of the API says of ids that begin with `prefix`."""
    return {"pattern": f"^{prefix}"}


AssistantId = Annotated[str, begins_with("asst"), Path(json_schema_extra=documented("asst"))]
ThreadId = Annotated[str, begins_with("thread"), Path(json_schema_extra=documented("thread"))]
MessageId = Annotated[str, begins_with("msg"), Path(json_schema_extra=documented("msg"))]
RunId = Annotated[str, begins_with("run"), Path(json_schema_extra=documented("run"))]
StepId = Annotated[str, begins_with("step"), Path(json_schema_extra=documented("step"))]


async def _beta(request: Request) -> None:
    """Refuse what asks for another API than this; who asks for none is welcome."""
    for header in request.headers.getlist("openai-beta"):
        for asked in filter(None, (part.strip() for part in header.split(","))):
            _check_beta(asked)


def _check_beta(asked: str) -> None:
    match = _BETA.fullmatch(asked)
    if match is None:
        text = "The header should be in the format 'OpenAI-Beta: example_beta=v1'."
        raise ApiError(400, f"Invalid beta header provided: '{asked}'. {text}", code="invalid_beta")
    if match[0] == "assistants=v1":
        raise ApiError(400, _OLD)
    if match[0] != "assistants=v2":
        raise ApiError(400, f"Unknown beta requested: '{match[1]}'.", code="invalid_beta")


BETA: Final = Depends(_beta)
"""For routers: their routes are part of the Assistants API, in its second version."""


async def _metadata(request: Request) -> dict[str, str]:
    found = ((_FILTER.fullmatch(name), value) for name, value in request.query_params.items())
    return {storable(match[1]): storable(value) for match, value in found if match}


MetadataFilter = Annotated[dict[str, str], Depends(_metadata)]
"""The pairs that objects of a list must carry: `metadata[key]=value` in the query."""
