"""Models of the Assistants API: those that the providers offer, and names that stand for them."""

from collections.abc import Iterable, Iterator
from typing import Final, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel

from conversation import ports
from conversation.api_ports import RunWish
from conversation.errors import ParleyError
from conversation.records import Assistant
from server.assistants_api.errors import ApiError
from server.assistants_api.times import now
from server.deps import Core

router = APIRouter(prefix="/models", tags=["models"])

_UNKNOWN_TIME: Final = 0
"""When models came into being: most providers do not say."""


class ModelObject(BaseModel):
    """A model; `owned_by` is the provider that answers for it."""

    id: str
    object: Literal["model"] = "model"
    created: int = _UNKNOWN_TIME
    owned_by: str


class ModelList(BaseModel):
    """All models."""

    object: Literal["list"] = "list"
    data: list[ModelObject]


@router.get("")
def list_models(core: Core, request: Request) -> ModelList:
    """List all models, in no parts."""
    return ModelList(data=list(_offered(core, request.app.state.model_map).values()))


@router.get("/{model:path}")
def retrieve_model(model: str, core: Core, request: Request) -> ModelObject:
    """Return a model."""
    found = _offered(core, request.app.state.model_map).get(model)
    if found is None:
        raise ApiError(404, f"The model '{model}' does not exist", "model", "model_not_found")
    return found


def _offered(core: ports.Core, names: Iterable[str]) -> dict[str, ModelObject]:
    """Return each model by a name that leads to it; `names` are further ones."""
    owners = dict(_named(core)) | {name: _leads_to(core, name)[0] for name in names}
    return {name: ModelObject(id=name, owned_by=owner) for name, owner in owners.items() if owner}


def _named(core: ports.Core) -> Iterator[tuple[str, str]]:
    """Yield names and owners; a name that leads elsewhere has its provider's before it."""
    for provider in core.providers():
        if provider.available:
            for model in dict.fromkeys(filter(None, (provider.model, *provider.models))):
                plain = _leads_to(core, model) == (provider.name, model)
                yield model if plain else f"{provider.name}:{model}", provider.name


def _leads_to(core: ports.Core, name: str) -> tuple[str, str]:
    """Return who would answer for an assistant with this model, and the model's name there."""
    asked = Assistant(id="", model=name, created_at=now())
    try:
        spec = core.cast(asked, RunWish())
    except ParleyError:
        return "", ""
    return spec.provider, spec.model
