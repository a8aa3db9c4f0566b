"""Which providers there are, which can be used, and who speaks for them.

A proxy is made when a run first needs it, on the core's event loop; its SDK is imported then, in
a thread, because an import takes most of a second. So is the price list, while nobody waits for it.
"""

import asyncio
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from conversation import prices
from conversation.errors import BadInput, NotConfigured
from conversation.ports import AssistantProxy
from conversation.records import ProviderStatus
from setup.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """How one provider is shown, what it needs, and how its proxy is made."""

    name: str
    label: str
    module: str
    model: Callable[[Settings], str]
    needs: Callable[[Settings], str]
    connection: Callable[[Settings, Any], dict[str, Any]]


def _openai_needs(settings: Settings) -> str:
    return "" if settings.openai_api_key else "OPENAI_API_KEY"


def _openai(settings: Settings, retry: Any) -> dict[str, Any]:
    key = settings.openai_api_key
    return {
        "api_key": key.get_secret_value() if key else "",
        "base_url": settings.openai_base_url,
        "timeout": settings.provider_timeout_seconds,
        "retry": retry,
    }


def _gemini_needs(settings: Settings) -> str:
    if not settings.google_genai_use_vertexai:
        return "" if settings.google_key else "GOOGLE_API_KEY"
    if not settings.vertex_project:
        return "GOOGLE_CLOUD_PROJECT"
    return "" if settings.vertex_location else "GOOGLE_CLOUD_LOCATION"


def _gemini(settings: Settings, retry: Any) -> dict[str, Any]:
    common = {"timeout": settings.provider_timeout_seconds, "retry": retry}
    if settings.google_genai_use_vertexai:
        return common | {
            "vertexai": True,
            "project": settings.vertex_project,
            "location": settings.vertex_location,
            "base_url": settings.google_vertex_base_url,
        }
    key = settings.google_key
    return common | {
        "api_key": key.get_secret_value() if key else "",
        "base_url": settings.google_gemini_base_url,
    }


PROVIDERS: Final = (
    Provider(
        name="openai",
        label="GPT",
        module="proxies.openai_responses",
        model=lambda settings: settings.openai_model,
        needs=_openai_needs,
        connection=_openai,
    ),
    Provider(
        name="gemini",
        label="Gemini",
        module="proxies.gemini",
        model=lambda settings: settings.gemini_model,
        needs=_gemini_needs,
        connection=_gemini,
    ),
    Provider(
        name="demo",
        label="Demo",
        module="proxies.demo",
        model=lambda settings: "demo",
        needs=lambda settings: "",
        connection=lambda settings, retry: {"delay": settings.demo_delay_seconds},
    ),
)


def provider(name: str) -> Provider:
    """Return a provider by its name; `BadInput` for another."""
    for known in PROVIDERS:
        if known.name == name:
            return known
    names = ", ".join(known.name for known in PROVIDERS)
    raise BadInput("provider", f"There is no provider '{name}'.", hint=f"Use one of {names}.")


class Providers:
    """The providers of one core and the proxies that speak for them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._proxies: dict[str, AssistantProxy] = {}
        self._making = asyncio.Lock()

    def statuses(self) -> tuple[ProviderStatus, ...]:
        """Return every provider as the doors show it."""
        return tuple(
            ProviderStatus(
                name=known.name,
                label=known.label,
                model=known.model(self._settings),
                needs=known.needs(self._settings),
            )
            for known in PROVIDERS
        )

    def available(self) -> list[str]:
        """Return the names of those that can be used."""
        return [status.name for status in self.statuses() if status.available]

    def check(self, name: str) -> Provider:
        """Return a provider that can be used; `NotConfigured` names what it needs."""
        known = provider(name)
        needs = known.needs(self._settings)
        if needs:
            raise NotConfigured(
                f"{known.label} is not set up: {needs} is missing.",
                hint=f"Set {needs} in .env or in the environment and start again.",
            )
        return known

    async def proxy(self, name: str) -> AssistantProxy:
        """Return the proxy that speaks for a provider, made when it is first wanted."""
        known = self.check(name)
        async with self._making:
            if name not in self._proxies:
                self._proxies[name] = await self._connect(known)
        return self._proxies[name]

    async def close(self) -> None:
        """Close the proxies' connections."""
        for proxy in self._proxies.values():
            await proxy.aclose()
        self._proxies.clear()

    async def _connect(self, known: Provider) -> AssistantProxy:
        module = await asyncio.to_thread(importlib.import_module, known.module)
        retry = await asyncio.to_thread(importlib.import_module, "proxies.retry")
        policy = retry.RetryPolicy(attempts=self._settings.provider_max_attempts)
        connection = known.connection(self._settings, policy)
        proxy: AssistantProxy = await asyncio.to_thread(lambda: module.connect(**connection))
        if prices.is_listed(known.name):
            asyncio.get_running_loop().run_in_executor(None, prices.load)
        return proxy
