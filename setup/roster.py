"""Who the settings say there is to talk to: each provider, what it needs, and how to reach it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from setup.settings import Settings
from setup.written import LOCAL_SERVERS, ONE_SERVER

OPENAI: Final = "openai"
AZURE: Final = "azure"
GEMINI: Final = "gemini"
REMOTE: Final = "remote"
DEMO: Final = "demo"

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_CHAT: Final = "proxies.openai_chat"
_RESPONSES: Final = "proxies.openai_responses"
_LABELS: Final = {
    "deepseek": "DeepSeek",
    "groq": "Groq",
    "llamacpp": "llama.cpp",
    "lmstudio": "LM Studio",
    "mistral": "Mistral",
    "ollama": "Ollama",
    "openrouter": "OpenRouter",
    "together": "Together",
    "vllm": "vLLM",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One provider: how it is shown, what it needs, and how its proxy is made.

    `model` is what the settings name, empty where the first is taken that the provider lists, and
    `model_setting` where to name one. Who is not `listed` is not mentioned until set up. `remote`
    ones are asked for their models, and say how much they let through.
    """

    name: str
    label: str
    module: str
    connect: str = "connect"
    model: str = ""
    model_setting: str = ""
    needs: str = ""
    listed: bool = True
    remote: bool = True
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)  # has keys


def roster(settings: Settings) -> dict[str, Provider]:
    """Return everybody by name, in the order doors show them; without who is found by looking."""
    named = [
        _server(name, address, settings) for name, address in settings.compatible_servers.items()
    ]
    everybody = (
        _openai(settings), _azure(settings), _gemini(settings), _one_server(settings),
        *named, _remote(settings), _demo(settings),
    )  # fmt: skip
    return {known.name: known for known in everybody}


def local_roster(settings: Settings) -> dict[str, Provider]:
    """Return the servers to look for on this computer, but for those the settings name."""
    if settings.local_servers == "off":
        return {}
    addresses = [
        settings.compatible_base_url, settings.openai_base_url, settings.remote_base_url,
    ]  # fmt: skip
    addresses += settings.compatible_servers.values()
    taken = {_place(address) for address in addresses if address}
    return {
        name: _server(name, f"http://127.0.0.1:{port}/v1", settings)
        for name, port in LOCAL_SERVERS.items()
        if name not in settings.compatible_servers and port not in taken
    }


def substitute(name: str, settings: Settings) -> str:
    """Return who answers for a provider: for OpenAI without a key it is Azure's, if set up.

    Without a server of its own, `compatible` is the first one that the settings name.
    """
    if name == OPENAI and not settings.openai_api_key and not _azure_needs(settings):
        return AZURE
    if name == ONE_SERVER and not settings.compatible_base_url:
        return next(iter(settings.compatible_servers), name)
    return name


def anybody(settings: Settings) -> str:
    """Return who answers for a model whose name says nothing, and where nobody is named.

    OpenAI, for servers of many makers speak its protocol at OPENAI_BASE_URL; without its key,
    whoever else speaks it and is set up.
    """
    usual = substitute(OPENAI, settings)
    other = substitute(ONE_SERVER, settings)
    served = settings.compatible_base_url or settings.compatible_servers
    return other if served and usual == OPENAI and not settings.openai_api_key else usual


def _openai(settings: Settings) -> Provider:
    return Provider(
        name=OPENAI,
        label="GPT",
        module=_RESPONSES,
        model=settings.openai_model,
        needs="" if settings.openai_api_key else "OPENAI_API_KEY",
        options={
            "api_key": _secret(settings.openai_api_key),
            "base_url": settings.openai_base_url,
            "timeout": settings.provider_timeout_seconds,
        },
    )


def _azure(settings: Settings) -> Provider:
    """Return Azure OpenAI: by a dated version its older API, else the one that OpenAI has, too.

    Its list of models is not one of deployments, so nobody asks for it.
    """
    options: dict[str, Any] = {
        "name": AZURE,
        "label": "Azure OpenAI",
        "api_key": _secret(settings.azure_openai_api_key),
        "timeout": settings.provider_timeout_seconds,
    }
    endpoint = (settings.azure_openai_endpoint or "").rstrip("/").removesuffix("/openai/v1")
    version = settings.openai_api_version or "v1"
    dated = version not in {"v1", "preview"}
    if dated:
        options |= {"endpoint": endpoint, "api_version": version}
    else:
        query = {"api-version": version} if version == "preview" else None
        options |= {"base_url": f"{endpoint}/openai/v1", "query": query, "lists": False}
    return Provider(
        name=AZURE,
        label="Azure OpenAI",
        module=_CHAT if dated else _RESPONSES,
        connect="connect_azure" if dated else "connect",
        model=settings.azure_openai_model or settings.openai_model,
        needs=_azure_needs(settings),
        listed=bool(settings.azure_openai_endpoint or settings.azure_openai_api_key),
        options=options,
    )


def _azure_needs(settings: Settings) -> str:
    if not settings.azure_openai_endpoint:
        return "AZURE_OPENAI_ENDPOINT"
    return "" if settings.azure_openai_api_key else "AZURE_OPENAI_API_KEY"


def _gemini(settings: Settings) -> Provider:
    common: dict[str, Any] = {"timeout": settings.provider_timeout_seconds}
    if settings.google_genai_use_vertexai:
        options = {
            "vertexai": True,
            "project": settings.vertex_project,
            "location": settings.vertex_location,
            "base_url": settings.google_vertex_base_url,
        }
    else:
        options = {
            "api_key": _secret(settings.google_key),
            "base_url": settings.google_gemini_base_url,
        }
    return Provider(
        name=GEMINI,
        label="Gemini",
        module="proxies.gemini",
        model=settings.gemini_model,
        needs=_gemini_needs(settings),
        options=common | options,
    )


def _gemini_needs(settings: Settings) -> str:
    if not settings.google_genai_use_vertexai:
        return "" if settings.google_key else "GOOGLE_API_KEY"
    if not settings.vertex_project:
        return "GOOGLE_CLOUD_PROJECT"
    return "" if settings.vertex_location else "GOOGLE_CLOUD_LOCATION"


def _one_server(settings: Settings) -> Provider:
    address = settings.compatible_base_url
    label = _host(address) if address else "The compatible server"
    return Provider(
        name=ONE_SERVER,
        label=label,
        module=_CHAT,
        model=settings.compatible_model or "",
        model_setting="COMPATIBLE_MODEL",
        needs="" if address else "COMPATIBLE_BASE_URL",
        listed=bool(address),
        options=_reached(ONE_SERVER, label, address, settings)
        | {"api_key": _secret(settings.compatible_api_key) or None},
    )


def _server(name: str, address: str, settings: Settings) -> Provider:
    label = _LABELS.get(name, name)
    return Provider(
        name=name,
        label=label,
        module=_CHAT,
        model=settings.compatible_models.get(name, ""),
        model_setting="COMPATIBLE_MODELS",
        options=_reached(name, label, address, settings)
        | {"api_key": _secret(settings.compatible_keys.get(name)) or None},
    )


def _reached(name: str, label: str, address: str | None, settings: Settings) -> dict[str, Any]:
    modes = settings.tool_modes
    return {
        "name": name,
        "label": label,
        "base_url": address,
        "tools": modes.get(name, modes[""]),
        "timeout": settings.provider_timeout_seconds,
    }


def _remote(settings: Settings) -> Provider:
    """Return another server of the Assistants API; its assistant, if named, has a model."""
    address = settings.remote_base_url
    label = _host(address) if address else "The remote server"
    return Provider(
        name=REMOTE,
        label=label,
        module="proxies.assistants_api",
        model=settings.remote_model or settings.remote_assistant_id or "",
        model_setting="REMOTE_MODEL",
        needs="" if address else "REMOTE_BASE_URL",
        listed=bool(address),
        options={
            "label": label,
            "base_url": address,
            "api_key": _secret(settings.remote_api_key) or None,
            "assistant_id": settings.remote_assistant_id,
            "timeout": settings.provider_timeout_seconds,
        },
    )


def _demo(settings: Settings) -> Provider:
    return Provider(
        name=DEMO,
        label="Demo",
        module="proxies.demo",
        model="demo",
        remote=False,
        options={"delay": settings.demo_delay_seconds},
    )


def _secret(value: Any) -> str:
    return value.get_secret_value() if value else ""


def _host(address: str) -> str:
    """Return whom an address names, without what nobody should see of it."""
    return urlsplit(address).netloc.rpartition("@")[2]


def _place(address: str) -> int | None:
    """Return at which port of this computer an address is."""
    parts = urlsplit(address)
    return parts.port if parts.hostname in _LOOPBACK else None
