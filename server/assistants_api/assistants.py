"""Assistants of the Assistants API."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from conversation.errors import Outdated
from conversation.ids import new_id
from conversation.records import Assistant
from conversation.turns import Sampling, ToolSpec
from server.assistants_api.formats import ResponseFormat, answer_format, format_shown
from server.assistants_api.pages import Deleted, ListOf, listed
from server.assistants_api.parameters import BETA, MetadataFilter
from server.assistants_api.requests import Body, Instructions, Metadata, Temperature, TopP
from server.assistants_api.resources import ToolResources, kept, resources_shown
from server.assistants_api.times import now, unix
from server.assistants_api.tools import ToolList, hosted, specs, tools_shown
from server.deps import Core, OwnAssistant, Paging, Project

router = APIRouter(prefix="/assistants", tags=["assistants"], dependencies=[BETA])

Json = dict[str, Any]
Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
ModelName = Annotated[str, Field(min_length=1, max_length=256)]

_OTHERS_FIRST: Final = 50
"""How often others may be quicker; each time, one of them is done."""


class ModifyAssistant(Body):
    """What an assistant is to be like; what is not given stays, null clears."""

    model: ModelName = ""
    name: Annotated[str, Field(max_length=256)] | None = None
    description: Annotated[str, Field(max_length=512)] | None = None
    instructions: Instructions | None = None
    reasoning_effort: Effort | None = None
    tools: ToolList | None = None
    tool_resources: ToolResources | None = None
    metadata: Metadata | None = None
    temperature: Temperature | None = None
    top_p: TopP | None = None
    response_format: ResponseFormat | None = None


class CreateAssistant(ModifyAssistant):
    """What a new assistant is to be like."""

    model: ModelName


class AssistantObject(BaseModel):
    """An assistant."""

    id: str
    object: Literal["assistant"] = "assistant"
    created_at: int
    name: str | None
    description: str | None
    model: str
    instructions: str | None
    tools: list[Json]
    tool_resources: Json
    metadata: dict[str, str]
    temperature: float
    top_p: float
    reasoning_effort: str | None
    response_format: str | Json

    @classmethod
    def of(cls, assistant: Assistant) -> "AssistantObject":
        """Return an assistant as the API shows it."""
        sampling = assistant.sampling
        return cls(
            id=assistant.id,
            created_at=unix(assistant.created_at),
            name=assistant.name or None,
            description=assistant.description or None,
            model=assistant.model,
            instructions=assistant.instructions or None,
            tools=tools_shown(assistant.tools, assistant.hosted),
            tool_resources=resources_shown(assistant.resources, assistant.hosted),
            metadata=assistant.metadata,
            temperature=1.0 if sampling.temperature is None else sampling.temperature,
            top_p=1.0 if sampling.top_p is None else sampling.top_p,
            reasoning_effort=sampling.reasoning_effort,
            response_format=format_shown(assistant.answer),
        )


@router.post("")
def create_assistant(body: CreateAssistant, core: Core, project: Project) -> AssistantObject:
    """Create an assistant."""
    blank = Assistant(id=new_id("asst"), model=body.model, project_id=project, created_at=now())
    wanted = changed(blank, body, core.tools().specs())
    return AssistantObject.of(core.store.save_assistant(wanted))


@router.get("")
def list_assistants(
    core: Core, project: Project, page: Paging, metadata: MetadataFilter
) -> ListOf[AssistantObject]:
    """List assistants, newest first unless asked otherwise; `metadata[key]=value` chooses some."""
    return listed(
        lambda wanted: core.store.assistants(wanted, metadata=metadata, project_id=project),
        page,
        AssistantObject.of,
    )


@router.get("/{assistant_id}")
def retrieve_assistant(assistant: OwnAssistant) -> AssistantObject:
    """Return an assistant."""
    return AssistantObject.of(assistant)


@router.post("/{assistant_id}")
def modify_assistant(assistant: OwnAssistant, body: ModifyAssistant, core: Core) -> AssistantObject:
    """Change what is given of an assistant, and keep what others change at the same time."""
    ours = core.tools().specs()
    for _ in range(_OTHERS_FIRST):
        with suppress(Outdated):
            return AssistantObject.of(core.store.save_assistant(changed(assistant, body, ours)))
        assistant = core.store.assistant(assistant.id)
    return AssistantObject.of(core.store.save_assistant(changed(assistant, body, ours)))


@router.delete("/{assistant_id}")
def delete_assistant(assistant: OwnAssistant, core: Core) -> Deleted:
    """Delete an assistant; its runs stay readable."""
    core.store.remove_assistant(assistant.id).result()
    return Deleted(id=assistant.id, object="assistant.deleted")


def changed(assistant: Assistant, body: ModifyAssistant, ours: Sequence[ToolSpec]) -> Assistant:
    """Return an assistant with what is given changed; `ours` are Parley's own functions."""
    given = body.model_fields_set
    changes: dict[str, Any] = {
        name: getattr(body, name) or ""
        for name in given & {"model", "name", "description", "instructions"}
    }
    if "tools" in given:
        changes["tools"] = specs(body.tools, ours, assistant.tools)
        changes["hosted"] = hosted(body.tools)
    if "tool_resources" in given:
        changes["resources"] = kept(body.tool_resources)
    if "metadata" in given:
        changes["metadata"] = body.metadata or {}
    if "response_format" in given:
        changes["answer"] = answer_format(body.response_format)
    return replace(assistant, **changes, sampling=_sampling(assistant.sampling, body))


def _sampling(sampling: Sampling, body: ModifyAssistant) -> Sampling:
    given = body.model_fields_set & {"temperature", "top_p", "reasoning_effort"}
    return replace(sampling, **{name: getattr(body, name) for name in given})
