"""The providers: what each is given to connect with, and that its proxy is made once."""

import importlib
import inspect
from threading import Event

import pytest
from pydantic import SecretStr

from conversation import prices
from conversation.errors import BadInput, NotConfigured
from setup.providers import Providers
from setup.roster import Provider, roster
from setup.settings import Settings

VERTEX = {
    "google_genai_use_vertexai": True,
    "google_cloud_project": "project",
    "google_cloud_location": "global",
    "google_vertex_base_url": "http://127.0.0.1:1/vertex",
}
AZURE = {"azure_openai_endpoint": "https://us.openai.azure.com/", "azure_openai_api_key": "key"}
SERVERS = {"compatible_servers": {"groq": "https://api.groq.com/openai/v1"}}


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what this machine's environment says."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def everybody(**settings: object) -> dict[str, Provider]:
    return roster(Settings.model_validate(settings))


@pytest.mark.parametrize(
    "settings",
    [{}, VERTEX, AZURE, {**AZURE, "openai_api_version": "2024-10-21"}, SERVERS],
    ids=["keys", "Vertex", "Azure", "dated Azure", "servers"],
)
def test_proxies_take_what_they_are_given(settings: dict[str, object]) -> None:
    for known in everybody(**settings).values():
        connect = getattr(importlib.import_module(known.module), known.connect)
        more = {"retry": None, "meter": None} if known.remote else {}

        inspect.signature(connect).bind(**known.options, **more)


def test_settings_reach_the_proxies() -> None:
    known = everybody(
        openai_api_key="of-openai",
        openai_base_url="http://127.0.0.1:1/v1",
        gemini_api_key="of-gemini",
        google_gemini_base_url="http://127.0.0.1:1/gemini",
        provider_timeout_seconds=7,
    )

    openai, gemini = known["openai"].options, known["gemini"].options

    assert (openai["api_key"], openai["base_url"]) == ("of-openai", "http://127.0.0.1:1/v1")
    assert (gemini["api_key"], gemini["base_url"]) == ("of-gemini", "http://127.0.0.1:1/gemini")
    assert openai["timeout"] == gemini["timeout"] == 7


def test_vertex_needs_no_key() -> None:
    given = everybody(**VERTEX)["gemini"].options

    assert (given["vertexai"], given["project"], given["location"]) == (True, "project", "global")
    assert given["base_url"] == "http://127.0.0.1:1/vertex"
    assert "api_key" not in given


@pytest.mark.parametrize(
    ("version", "module", "reached"),
    [
        (None, "proxies.openai_responses", {"base_url": "https://us.openai.azure.com/openai/v1"}),
        ("v1", "proxies.openai_responses", {"query": None}),
        ("preview", "proxies.openai_responses", {"query": {"api-version": "preview"}}),
        ("2024-10-21", "proxies.openai_chat", {"endpoint": "https://us.openai.azure.com"}),
    ],
)
def test_version_decides_how_azure_is_asked(
    version: str | None, module: str, reached: dict[str, object]
) -> None:
    azure = everybody(**AZURE, openai_api_version=version)["azure"]

    assert azure.module == module
    assert reached.items() <= azure.options.items()


def test_named_servers_are_providers_of_their_own() -> None:
    known = everybody(
        compatible_servers={"ollama": "http://gpu:11434/v1", "groq": "https://groq.example/v1"},
        compatible_keys={"groq": "gsk"},
        compatible_models={"groq": "llama"},
        compatible_tools="native, ollama=prompted",
        compatible_base_url="http://me:pass@other.example:8080/v1",
        compatible_api_key="its-key",
        compatible_model="its-model",
    )

    assert [one.name for one in known.values() if one.listed] == [
        "openai", "gemini", "compatible", "ollama", "groq", "demo",
    ]  # fmt: skip
    groq, ollama, one = known["groq"], known["ollama"], known["compatible"]
    assert (groq.label, groq.model, groq.options["api_key"]) == ("Groq", "llama", "gsk")
    assert (ollama.model, ollama.options["api_key"]) == ("", None)
    assert [each.options["tools"] for each in (groq, ollama)] == ["native", "prompted"]
    assert (one.label, one.model, one.options["api_key"]) == (
        "other.example:8080", "its-model", "its-key",
    )  # fmt: skip


def test_only_the_demo_needs_nothing() -> None:
    statuses = Providers(Settings()).statuses()

    assert [(status.name, status.needs) for status in statuses] == [
        ("openai", "OPENAI_API_KEY"),
        ("gemini", "GOOGLE_API_KEY"),
        ("demo", ""),
    ]


@pytest.mark.parametrize(
    ("settings", "name", "needs"),
    [
        ({}, "azure", "AZURE_OPENAI_ENDPOINT"),
        ({"azure_openai_endpoint": "https://us.example"}, "azure", "AZURE_OPENAI_API_KEY"),
        ({}, "compatible", "COMPATIBLE_BASE_URL"),
    ],
)
def test_missing_setting_is_named(settings: dict[str, object], name: str, needs: str) -> None:
    providers = Providers(Settings.model_validate(settings))

    with pytest.raises(NotConfigured, match=needs):
        providers.check(name)
    listed = {status.name: status.needs for status in providers.statuses()}
    assert listed.get(name) == (needs if settings else None)


def test_unknown_provider_is_told() -> None:
    with pytest.raises(BadInput, match="no provider 'nobody'"):
        Providers(Settings()).check("nobody")


def test_unknown_usual_model_names_its_setting() -> None:
    with pytest.raises(NotConfigured) as caught:
        Providers(Settings.model_validate(SERVERS)).usual_model("groq")

    assert "COMPATIBLE_MODELS" in caught.value.hint


async def test_proxy_is_made_once() -> None:
    providers = Providers(Settings())

    assert await providers.proxy("demo") is await providers.proxy("demo")
    with pytest.raises(NotConfigured):
        await providers.proxy("openai")
    await providers.close()


async def test_prices_are_loaded_while_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    loading, done, may_end = Event(), Event(), Event()

    def load() -> None:
        loading.set()
        may_end.wait(10)
        done.set()

    monkeypatch.setattr(prices, "load", load)
    providers = Providers(Settings(openai_api_key=SecretStr("made-up")))

    await providers.proxy("demo")
    assert not loading.is_set()
    await providers.proxy("openai")

    assert loading.wait(10)
    assert not done.is_set()
    may_end.set()
    await providers.close()
