"""Who answers a message, and with what: a choice and an assistant become a run's spec."""

import re
from dataclasses import asdict, replace
from typing import Final

from conversation.api_ports import RunWish
from conversation.choice import Choice
from conversation.errors import BadInput, NotConfigured, NotFound
from conversation.ports import Store, ToolRunner
from conversation.records import Assistant, RunSpec, Thread
from conversation.turns import Sampling
from setup.providers import Providers
from setup.roster import anybody, local_roster, roster, substitute
from setup.settings import Settings

_BY_NAME: Final = (
    (re.compile(r"gpt-|o[0-9]|chatgpt-"), "openai"),
    (re.compile(r"gemini-"), "gemini"),
    (re.compile(r"demo\Z"), "demo"),
)
_NO_TEST_ASSISTANT: Final = (
    "ASSISTANT_ID in the settings names it: empty it, or run `python -m setup.assistant_setup`."
)
_STAND_IN: Final = "Or let another model answer in its place, as with MODEL_MAP={}=demo."

DEFAULT_INSTRUCTIONS: Final = (
    "You are a helpful assistant. You can look up what a share costs and whether a simple rule "
    "says to buy or sell it; use these functions whenever they help, and say where a number comes "
    "from. Answer in the user's language, in Markdown."
)


def route(model: str, settings: Settings) -> tuple[str | None, str]:
    """Return the provider that a model's name points to, and the name without its prefix.

    Only known prefixes split: `gemini:x` is Gemini's `x`, `llama3:8b` is a name.
    """
    prefix, colon, rest = model.partition(":")
    if colon and rest and prefix in roster(settings).keys() | local_roster(settings).keys():
        return substitute(prefix, settings), rest
    for pattern, provider in _BY_NAME:
        if pattern.match(model):
            return substitute(provider, settings), model
    return None, model


def routed(model: str, settings: Settings) -> tuple[str, str]:
    """Return who answers for the model of an assistant, and the model's name there."""
    provider, name = route(settings.model_map.get(model, model), settings)
    return provider or anybody(settings), name


class Casting:
    """Makes specs; everything it decides is fixed for the run it decides it for."""

    def __init__(
        self, settings: Settings, store: Store, providers: Providers, tools: ToolRunner
    ) -> None:
        self._settings = settings
        self._store = store
        self._providers = providers
        self._tools = tools

    def check(self, choice: Choice) -> None:
        """Raise what `spec` would raise for this choice, without waiting for anybody."""
        provider, _ = self._model(choice, self._assistant(choice))
        self._providers.check(provider)

    def spec(
        self,
        choice: Choice,
        *,
        stream: bool = True,
        instructions: str = "",
        continues: str | None = None,
        last_messages: int | None = None,
    ) -> RunSpec:
        """Return what a run with this choice is started with.

        The choice's model beats the assistant's, which beats the provider's default; an
        assistant's model that belongs to another provider than the chosen one does not count.
        `instructions` are the thread's, which follow those of the assistant.
        Raises `NotFound`, `NotConfigured`, `BadInput`. May wait for a provider that has to be
        asked for its default.
        """
        assistant = self._assistant(choice)
        provider, model = self._model(choice, assistant)
        self._providers.check(provider)
        general = assistant.instructions if assistant else DEFAULT_INSTRUCTIONS
        return RunSpec(
            provider=provider,
            model=model or self._providers.usual_model(provider),
            assistant_id=assistant.id if assistant else None,
            assistant_version=assistant.version if assistant else None,
            instructions=_together(general, instructions),
            tools=assistant.tools if assistant else self._tools.specs(),
            sampling=assistant.sampling if assistant else Sampling(),
            stream=stream,
            max_tool_rounds=self._settings.max_tool_rounds,
            continues=continues,
            last_messages=last_messages,
        )

    def wished(self, assistant: Assistant, wish: RunWish, thread: Thread | None) -> RunSpec:
        """Return what a run is started with that an API client asks for.

        Raises `NotConfigured`. Functions, and the API's own tools, that are given as none at all
        are none: they are not the assistant's.
        """
        asked = wish.model or assistant.model
        provider, model = routed(asked, self._settings)
        try:
            self._providers.check(provider)
        except NotConfigured as error:
            error.hint = f"{error.hint} {_STAND_IN.format(asked)}"
            raise
        return RunSpec(
            provider=provider,
            model=model,
            asked_model=asked,
            assistant_id=assistant.id,
            assistant_version=assistant.version,
            instructions=_together(
                wish.instructions or assistant.instructions,
                wish.additional_instructions,
                thread.instructions if thread else "",
            ),
            tools=assistant.tools if wish.tools is None else wish.tools,
            hosted=assistant.hosted if wish.hosted is None else tuple(map(dict, wish.hosted)),
            sampling=_merged(assistant.sampling, wish.sampling),
            answer=wish.answer or assistant.answer,
            tool_choice=wish.tool_choice,
            last_messages=wish.last_messages,
            max_prompt_tokens=wish.max_prompt_tokens,
            max_completion_tokens=wish.max_completion_tokens,
            stream=wish.stream,
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
        """Return who answers, and the model's name there; empty for the provider's default."""
        settings = self._settings
        chosen = substitute(choice.provider, settings) if choice.provider else None
        if choice.model:
            return self._named(choice.model, chosen)
        if assistant:
            provider, model = routed(assistant.model, settings)
            if chosen in {None, provider}:
                return provider, model
        return chosen or anybody(settings), ""

    def _named(self, name: str, provider: str | None) -> tuple[str, str]:
        settings = self._settings
        pointed, model = route(settings.model_map.get(name, name), settings)
        if provider and pointed and pointed != provider:
            raise BadInput(
                "model",
                f"'{model}' is no model of the provider '{provider}'.",
                hint=f"Choose another, or write {provider}:{model} if it does have this model.",
            )
        return provider or pointed or anybody(settings), model


def _together(*instructions: str) -> str:
    return "\n\n".join(filter(None, instructions))


def _merged(usual: Sampling, wished: Sampling) -> Sampling:
    """Return the wished sampling, the assistant's where nothing is wished.

    Calls are made in parallel unless either says no.
    """
    changes = {name: value for name, value in asdict(wished).items() if value is not None}
    parallel = usual.parallel_tool_calls and wished.parallel_tool_calls
    return replace(usual, **changes | {"parallel_tool_calls": parallel})
