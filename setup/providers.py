"""Which providers can be used now, what they offer, and who speaks for them.

A proxy is made when a run, or a page that shows models, first needs it, on the core's event loop;
its SDK is imported then, in a thread, because an import takes most of a second. So is the price
list, while nobody waits for it. What providers offer is asked in the background.
"""

import asyncio
import importlib
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from conversation import prices
from conversation.errors import BadInput, NotConfigured, ProviderError
from conversation.ports import AssistantProxy
from conversation.records import ProviderStatus
from proxies import local_servers
from proxies.headroom import Meter
from proxies.local_servers import LocalServer
from setup.lookups import Found, Lookups
from setup.roster import Provider, local_roster, roster
from setup.settings import Settings
from setup.written import LOCAL_SERVERS

MOST_MODELS: Final = 200

_LOCAL: Final = "servers on this computer"
_LOCAL_KEPT: Final = 30.0
_LIST_KEPT: Final = 600.0
_NO_LIST_KEPT: Final = 60.0
_PATIENCE: Final = 10.0
"""Seconds to wait, where somebody must, for a list of models: to load an SDK and to ask."""


class Providers:
    """The providers of one core and the proxies that speak for them.

    Without a `loop` nothing is asked in the background.
    """

    def __init__(self, settings: Settings, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._settings = settings
        self._named = roster(settings)
        self._local = local_roster(settings)
        self._lookups = Lookups(loop)
        self._meters = {name: Meter() for name in (*self._named, *self._local)}
        self._proxies: dict[str, AssistantProxy] = {}
        self._making = {name: asyncio.Lock() for name in self._meters}

    # from any thread, at once

    def look(self) -> None:
        """Have found out what is not known any more of models and of servers on this computer."""
        self.look_around()
        for known in self._named.values():
            if known.remote and known.listed and not known.needs:
                self._lookups.ask(known.name, partial(self._listed, known.name))

    def look_around(self) -> None:
        """Have servers on this computer looked for."""
        if self._local:
            self._lookups.ask(_LOCAL, self._found)

    @property
    def settled(self) -> bool:
        """Tell whether nothing is being found out just now."""
        return self._lookups.settled

    def statuses(self) -> tuple[ProviderStatus, ...]:
        """Return every provider as the doors show it."""
        named = (self._status(known) for known in self._named.values() if known.listed)
        found = (
            self._status(self._local[name], offline=not server.online)
            for name, server in self._servers().items()
        )
        return (*named, *found)

    def available(self) -> list[str]:
        """Return the names of those that can be used."""
        return [status.name for status in self.statuses() if status.available]

    def check(self, name: str) -> Provider:
        """Return a provider that can be used; `NotConfigured` names what it needs."""
        known = self._named.get(name) or self._local.get(name)
        if known is None:
            names = ", ".join(status.name for status in self.statuses())
            raise BadInput(
                "provider", f"There is no provider '{name}'.", hint=f"Use one of {names}."
            )
        if known.needs:
            raise NotConfigured(
                f"{known.label} is not set up: {known.needs} is missing.",
                hint=f"Set {known.needs} in .env or in the environment and start again.",
            )
        return known

    # from any thread but the event loop's

    def usual_model(self, name: str) -> str:
        """Return a provider's usual model: the settings', else the first it lists.

        Waits for the list where nobody has asked for it; `NotConfigured` where there is none.
        """
        known = self.check(name)
        if not self._usual(known):
            self._look_for(known)
        model = self._usual(known)
        if not model:
            raise NotConfigured(
                f"{known.label} does not say which models it has, and the settings name none.",
                hint=f"Choose a model, or name one in {known.model_setting}.",
            )
        return model

    # on the event loop

    async def proxy(self, name: str) -> AssistantProxy:
        """Return the proxy that speaks for a provider, made when it is first wanted."""
        known = self.check(name)
        async with self._making[name]:
            if name not in self._proxies:
                self._proxies[name] = await self._connect(known)
        return self._proxies[name]

    async def close(self) -> None:
        """Close the proxies' connections."""
        await self._lookups.close()
        for proxy in self._proxies.values():
            await proxy.aclose()
        self._proxies.clear()

    # beneath

    def _status(self, known: Provider, *, offline: bool = False) -> ProviderStatus:
        usual = self._usual(known)
        offered = dict.fromkeys(filter(None, (usual, *self._models(known))))
        return ProviderStatus(
            name=known.name,
            label=known.label,
            model=usual,
            needs=known.needs,
            offline=offline,
            models=tuple(offered)[:MOST_MODELS],
            headroom=self._meters[known.name].last,
        )

    def _usual(self, known: Provider) -> str:
        return known.model or next(iter(self._models(known)), "")

    def _models(self, known: Provider) -> tuple[str, ...]:
        server = self._servers().get(known.name) if known.name in self._local else None
        models: tuple[str, ...] = server.models if server else self._lookups.get(known.name, ())
        return models

    def _servers(self) -> Mapping[str, LocalServer]:
        found: Mapping[str, LocalServer] = self._lookups.get(_LOCAL, {})
        return found

    def _look_for(self, known: Provider) -> None:
        if known.name in self._local:
            self.look_around()
            self._lookups.wait(_LOCAL, _PATIENCE)
        elif known.remote:
            self._lookups.ask(known.name, partial(self._listed, known.name))
            self._lookups.wait(known.name, _PATIENCE)

    async def _found(self) -> Found:
        ports = {name: LOCAL_SERVERS[name] for name in self._local}
        return await local_servers.look(ports, self._servers()), _LOCAL_KEPT

    async def _listed(self, name: str) -> Found:
        """Ask a provider for its models; one that does not say keeps those it had."""
        try:
            models = await (await self.proxy(name)).models()
        except ProviderError:
            models = ()
        if models:
            return models, _LIST_KEPT
        return self._lookups.get(name, ()), _NO_LIST_KEPT

    async def _connect(self, known: Provider) -> AssistantProxy:
        module = await asyncio.to_thread(importlib.import_module, known.module)
        connection = await self._connection(known)
        make = getattr(module, known.connect)
        proxy: AssistantProxy = await asyncio.to_thread(lambda: make(**connection))
        if prices.is_listed(known.name):
            asyncio.get_running_loop().run_in_executor(None, prices.load)
        return proxy

    async def _connection(self, known: Provider) -> dict[str, Any]:
        if not known.remote:
            return dict(known.options)
        retry = await asyncio.to_thread(importlib.import_module, "proxies.retry")
        policy = retry.RetryPolicy(attempts=self._settings.provider_max_attempts)
        return {**known.options, "retry": policy, "meter": self._meters[known.name]}
