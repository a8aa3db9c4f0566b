"""Who answers a message, and with what: a choice and an assistant become a run's spec."""

import re
from typing import Final

from conversation.errors import BadInput, NotFound
from conversation.ports import Choice, Store, ToolRunner
from conversation.records import Assistant, RunSpec
from conversation.turns import Sampling
from setup.providers import PROVIDERS, Providers
from setup.settings import Settings

_BY_NAME: Final = (
    (re.compile(r"gpt-|o[0-9]|chatgpt-"), "openai"),
    (re.compile(r"gemini-"), "gemini"),
    (re.compile(r"demo\Z"), "demo"),
)
_PREFIXES: Final = frozenset(known.name for known in PROVIDERS)
_ANYBODY: Final = "openai"
"""Who answers for a model whose name says nothing: servers of many makers speak its protocol."""

_NO_TEST_ASSISTANT: Final = (
    "ASSISTANT_ID in the settings names it: empty it, or run `python -m setup.assistant_setup`."
)

DEFAULT_INSTRUCTIONS: Final = (
    "You are a helpful assistant. You can look up what a share costs and whether a simple rule "
    "says to buy or sell it; use these functions whenever they help, and say where a number comes "
    "from. Answer in the user's language, in Markdown."
)


def route(model: str) -> tuple[str | None, str]:
    """Return the provider that a model's name points to, and the name without its prefix.

    Only known prefixes split: `gemini:x` is Gemini's `x`, `llama3:8b` is a name.
    """
    prefix, colon, rest = model.partition(":")
    if colon and prefix in _PREFIXES and rest:
        return prefix, rest
    for pattern, provider in _BY_NAME:
        if pattern.match(model):
            return provider, model
    return None, model


class Casting:
    """Makes specs; everything it decides is fixed for the run it decides it for."""

    def __init__(
        self, settings: Settings, store: Store, providers: Providers, tools: ToolRunner
    ) -> None:
        self._settings = settings
        self._store = store
        self._providers = providers
        self._tools = tools

    def spec(self, choice: Choice, *, stream: bool = True) -> RunSpec:
        """Return what a run with this choice is started with.

        The choice's model beats the assistant's, which beats the provider's default; an
        assistant's model that belongs to another provider than the chosen one does not count.
        Raises `NotFound`, `NotConfigured`, `BadInput`.
        """
        assistant = self._assistant(choice)
        provider, model = self._model(choice, assistant)
        self._providers.check(provider)
        return RunSpec(
            provider=provider,
            model=model,
            assistant_id=assistant.id if assistant else None,
            assistant_version=assistant.version if assistant else None,
            instructions=assistant.instructions if assistant else DEFAULT_INSTRUCTIONS,
            tools=assistant.tools if assistant else self._tools.specs(),
            sampling=assistant.sampling if assistant else Sampling(),
            stream=stream,
            max_tool_rounds=self._settings.max_tool_rounds,
        )

    def _assistant(self, choice: Choice) -> Assistant | None:
        wanted = choice.assistant_id or self._settings.assistant_id
        if wanted is None:
            return None
        try:
            return self._store.assistant(wanted)
        except NotFound as error:
            if not choice.assistant_id:
                error.hint = _NO_TEST_ASSISTANT
            raise

    def _model(self, choice: Choice, assistant: Assistant | None) -> tuple[str, str]:
        if choice.model:
            return self._named(choice.model, choice.provider)
        if assistant:
            routed, model = self._mapped(assistant.model)
            if choice.provider in {None, routed or _ANYBODY}:
                return routed or _ANYBODY, model
        provider = choice.provider or _ANYBODY
        return provider, self._providers.check(provider).model(self._settings)

    def _named(self, name: str, provider: str | None) -> tuple[str, str]:
        routed, model = self._mapped(name)
        if provider and routed and routed != provider:
            raise BadInput(
                "model",
                f"'{model}' is no model of the provider '{provider}'.",
                hint=f"Choose another, or write {provider}:{model} if it does have this model.",
            )
        return provider or routed or _ANYBODY, model

    def _mapped(self, name: str) -> tuple[str | None, str]:
        return route(self._settings.model_map.get(name, name))
