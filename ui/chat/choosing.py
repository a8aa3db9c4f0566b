"""Whom the next message goes to: what is proposed for a conversation, and what a person changes.

A conversation goes on with who answered last; a new one begins with what was preferred. What a
person chooses applies from the next message on, in the middle of a conversation, too.
"""

from typing import Final

import streamlit as st

from conversation.errors import NotFound, ParleyError
from conversation.ports import Core
from conversation.records import Assistant, Page, ProviderStatus, Run, RunSpec
from setup.casting import routed
from setup.settings import settings
from ui.chat.visit import Visit
from ui.language import texts

LONGEST_NAME: Final = 200
ASSISTANTS: Final = 100

_PROVIDER: Final = "provider"
_MODEL: Final = "model of "


def settle(core: Core, visit: Visit, last: Run | None) -> None:
    """Propose whom this conversation goes on with, once after it was opened."""
    if visit.settled:
        return
    known = {status.name: status for status in core.providers()}
    spec = last.spec if last else None
    visit.assistant_id = (spec.assistant_id if spec else visit.usual_assistant) or ""
    if spec and spec.provider in known and known[spec.provider].available:
        visit.provider = spec.provider
        visit.model = _model_of(core, spec, known[spec.provider])
    else:
        visit.provider = _preferred(known, visit)
        visit.model = visit.wish(_MODEL + visit.provider)
    visit.settled = True


def usual_model(core: Core, status: ProviderStatus, assistant_id: str) -> str:
    """Return which model of a provider answers where none is named: the assistant's, if it can."""
    assistant = assistant_named(core, assistant_id or settings().assistant_id)
    if assistant:
        provider, model = _routed(assistant)
        if provider == status.name:
            return model
    return status.model


def assistant_named(core: Core, assistant_id: str | None) -> Assistant | None:
    """Return an assistant; None where there is none with this id."""
    if not assistant_id:
        return None
    try:
        return core.store.assistant(assistant_id)
    except NotFound:
        return None


def assistants(core: Core) -> dict[str, str]:
    """Return the newest assistants' names by their ids; those of the same name with both."""
    found = core.store.assistants(Page(limit=ASSISTANTS))
    names = [assistant.name.strip() for assistant in found]
    return {
        one.id: name if name and names.count(name) == 1 else f"{name} ({one.id})".strip()
        for one, name in zip(found, names, strict=True)
    }


def models(core: Core, visit: Visit, status: ProviderStatus, usual: str) -> tuple[str, ...]:
    """Return the models to propose besides the usual one: those used, those offered, and now's.

    Each is named with its provider, whatever its name says.
    """
    if visit.used is None:
        visit.used = core.history.choices().used
    used = [name for provider, name in visit.used if provider == status.name]
    proposed = [f"{status.name}:{name}" for name in (*used, *status.models) if name != usual]
    return tuple(dict.fromkeys((*proposed, *([visit.model] if visit.model else []))))


def bare(visit: Visit, model: str) -> str:
    """Return a model's name without the provider it is chosen with."""
    return model.removeprefix(f"{visit.provider}:")


def choose_provider(visit: Visit, name: str) -> None:
    """Let this provider answer."""
    visit.provider, visit.model = name, visit.wish(_MODEL + name)
    visit.keep(_PROVIDER, name)


def choose_model(visit: Visit, key: str) -> None:
    """Let this model answer; an empty name is the usual one."""
    name = str(st.session_state.get(key) or "").strip()
    if len(name) > LONGEST_NAME:
        visit.note = texts.MODEL_LONG.format(most=LONGEST_NAME)
        return
    visit.model = name
    visit.keep(_MODEL + visit.provider, name)
    visit.keep(_PROVIDER, visit.provider)


def choose_assistant(core: Core, visit: Visit, key: str) -> None:
    """Let this assistant answer, with its own model where its provider can be used."""
    wanted = str(st.session_state.get(key) or "").strip()[:LONGEST_NAME]
    try:
        assistant = assistant_named(core, wanted)
        available = {status.name for status in core.providers() if status.available}
    except ParleyError as problem:
        visit.note = f"{problem} {problem.hint}"
        return
    visit.assistant_id = visit.usual_assistant = wanted
    if assistant and (provider := _routed(assistant)[0]) in available:
        visit.provider, visit.model = provider, ""


def _preferred(known: dict[str, ProviderStatus], visit: Visit) -> str:
    """Return the provider that was chosen last if it can be used, else the first that can."""
    wanted = visit.wish(_PROVIDER)
    if wanted in known and known[wanted].available:
        return wanted
    return next((name for name, status in known.items() if status.available), next(iter(known)))


def _model_of(core: Core, spec: RunSpec, status: ProviderStatus) -> str:
    """Return a run's model as it is chosen: empty where it is the usual one."""
    usual = usual_model(core, status, spec.assistant_id or "")
    return "" if spec.model == usual else f"{spec.provider}:{spec.model}"


def _routed(assistant: Assistant) -> tuple[str, str]:
    return routed(assistant.model, settings())
