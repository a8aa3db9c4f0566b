"""The providers: what each is given to connect with, and that its proxy is made once."""

import importlib
import inspect
from threading import Event

import pytest
from pydantic import SecretStr

from conversation import prices
from conversation.errors import NotConfigured
from setup.providers import PROVIDERS, Provider, Providers, provider
from setup.settings import Settings

VERTEX = {
    "google_genai_use_vertexai": True,
    "google_cloud_project": "project",
    "google_cloud_location": "global",
    "google_vertex_base_url": "http://127.0.0.1:1/vertex",
}


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what this machine's environment says."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize("settings", [{}, VERTEX], ids=["keys", "Vertex"])
@pytest.mark.parametrize("known", PROVIDERS, ids=lambda known: str(known.name))
def test_proxy_takes_what_it_is_given(known: Provider, settings: dict[str, object]) -> None:
    connect = importlib.import_module(known.module).connect

    given = known.connection(Settings.model_validate(settings), None)

    inspect.signature(connect).bind(**given)


def test_settings_reach_the_proxies() -> None:
    settings = Settings.model_validate(
        {
            "openai_api_key": "of-openai",
            "openai_base_url": "http://127.0.0.1:1/v1",
            "gemini_api_key": "of-gemini",
            "google_gemini_base_url": "http://127.0.0.1:1/gemini",
            "provider_timeout_seconds": 7,
        }
    )

    openai = provider("openai").connection(settings, None)
    gemini = provider("gemini").connection(settings, None)

    assert (openai["api_key"], openai["base_url"]) == ("of-openai", "http://127.0.0.1:1/v1")
    assert (gemini["api_key"], gemini["base_url"]) == ("of-gemini", "http://127.0.0.1:1/gemini")
    assert openai["timeout"] == gemini["timeout"] == 7


def test_vertex_needs_no_key() -> None:
    given = provider("gemini").connection(Settings.model_validate(VERTEX), None)

    assert (given["vertexai"], given["project"], given["location"]) == (True, "project", "global")
    assert given["base_url"] == "http://127.0.0.1:1/vertex"
    assert "api_key" not in given


def test_only_the_demo_needs_nothing() -> None:
    statuses = Providers(Settings()).statuses()

    assert [(status.name, status.needs) for status in statuses] == [
        ("openai", "OPENAI_API_KEY"),
        ("gemini", "GOOGLE_API_KEY"),
        ("demo", ""),
    ]


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
    providers = Providers(Settings(openai_api_key=SecretStr("made up")))

    await providers.proxy("demo")
    assert not loading.is_set()
    await providers.proxy("openai")

    assert loading.wait(10)
    assert not done.is_set()
    may_end.set()
    await providers.close()
