"""Who answers with which model, and what is told where that can't be."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from conversation.choice import Choice
from conversation.errors import BadInput, NotConfigured, NotFound
from conversation.ids import new_id
from conversation.records import Assistant
from conversation.turns import Sampling, ToolSpec
from setup.casting import DEFAULT_INSTRUCTIONS, Casting, route
from setup.providers import Providers
from setup.settings import Settings
from storage.memory import MemoryStore
from tools.registry import Tools
from tools.stocks import stock_tools

TOOLS = Tools(*stock_tools("sample"))


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what this machine's environment says."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def store() -> MemoryStore:
    """A store for assistants."""
    return MemoryStore()


def casting(store: MemoryStore, **settings: object) -> Casting:
    """Return a casting with keys for all providers, unless `settings` differ."""
    both = {"openai_api_key": "key", "google_api_key": "key"} | settings
    wanted = Settings.model_validate(both)
    return Casting(wanted, store, Providers(wanted), TOOLS)


def assistant(store: MemoryStore, model: str) -> Assistant:
    """Save an assistant with this model."""
    return store.save_assistant(
        Assistant(
            id=new_id("asst"),
            model=model,
            instructions="Be brief.",
            tools=(ToolSpec(name="clock"),),
            sampling=Sampling(temperature=0.5),
            created_at=datetime.now(UTC),
        )
    )


@pytest.mark.parametrize(
    ("model", "provider", "name"),
    [
        ("gpt-6.1-terra", "openai", "gpt-6.1-terra"),
        ("chatgpt-4o-latest", "openai", "chatgpt-4o-latest"),
        ("o3", "openai", "o3"),
        ("o4-mini", "openai", "o4-mini"),
        ("gemini-3.8-flash", "gemini", "gemini-3.8-flash"),
        ("demo", "demo", "demo"),
        ("openai:gemini-3.8-flash", "openai", "gemini-3.8-flash"),
        ("gemini:tuned", "gemini", "tuned"),
        ("demo:anything", "demo", "anything"),
        ("openai:llama3:8b", "openai", "llama3:8b"),
        ("llama3:8b", None, "llama3:8b"),
        ("ft:gpt-6.1-terra", None, "ft:gpt-6.1-terra"),
        ("gemini:", None, "gemini:"),
        ("demolition", None, "demolition"),
        ("olmo-2", None, "olmo-2"),
        ("", None, ""),
    ],
)
def test_name_points_to_a_provider(model: str, provider: str | None, name: str) -> None:
    assert route(model, Settings(openai_api_key=SecretStr("key"))) == (provider, name)


@pytest.mark.parametrize(
    ("choice", "provider", "model"),
    [
        (Choice(), "openai", "our-gpt"),
        (Choice(provider="openai"), "openai", "our-gpt"),
        (Choice(provider="gemini"), "gemini", "our-gemini"),
        (Choice(provider="demo"), "demo", "demo"),
        (Choice(model="gemini-x"), "gemini", "gemini-x"),
        (Choice(model="llama3:8b"), "openai", "llama3:8b"),
        (Choice(provider="gemini", model="tuned/1"), "gemini", "tuned/1"),
        (Choice(provider="openai", model="openai:gemini-x"), "openai", "gemini-x"),
    ],
)
def test_choice_becomes_provider_and_model(
    store: MemoryStore, choice: Choice, provider: str, model: str
) -> None:
    spec = casting(store, openai_model="our-gpt", gemini_model="our-gemini").spec(choice)

    assert (spec.provider, spec.model) == (provider, model)


@pytest.mark.parametrize(
    ("written", "chosen", "provider", "model"),
    [
        ("gemini-x", None, "gemini", "gemini-x"),
        ("gemini-x", "gemini", "gemini", "gemini-x"),
        ("gemini-x", "openai", "openai", "our-gpt"),
        ("llama3:8b", None, "openai", "llama3:8b"),
        ("llama3:8b", "openai", "openai", "llama3:8b"),
        ("llama3:8b", "gemini", "gemini", "our-gemini"),
        ("gpt-4", None, "gemini", "mapped"),
        ("gpt-4", "openai", "openai", "our-gpt"),
    ],
)
def test_assistants_model_yields_to_another_provider(
    store: MemoryStore, written: str, chosen: str | None, provider: str, model: str
) -> None:
    cast = casting(
        store,
        openai_model="our-gpt",
        gemini_model="our-gemini",
        model_map={"gpt-4": "gemini:mapped"},
    )

    spec = cast.spec(Choice(provider=chosen, assistant_id=assistant(store, written).id))

    assert (spec.provider, spec.model) == (provider, model)


GROQ = {"groq": "https://groq.example/v1", "gpu": "http://gpu:8000/v1"}
ONLY_AZURE = {
    "openai_api_key": None,
    "azure_openai_endpoint": "https://us.example",
    "azure_openai_api_key": "key",
    "azure_openai_model": "our-deployment",
}


@pytest.mark.parametrize(
    ("choice", "provider", "model"),
    [
        (Choice(model="groq:llama3:8b"), "groq", "llama3:8b"),
        (Choice(provider="groq", model="gpt-oss"), "groq", "gpt-oss"),
        (Choice(provider="groq"), "groq", "our-llama"),
        (Choice(model="compatible:x"), "groq", "x"),
        (Choice(model="llama3:8b"), "openai", "llama3:8b"),
        (Choice(model="old"), "gpu", "new"),
    ],
)
def test_named_servers_are_reached_by_their_names(
    store: MemoryStore, choice: Choice, provider: str, model: str
) -> None:
    cast = casting(
        store,
        compatible_servers=GROQ,
        compatible_models={"groq": "our-llama"},
        model_map={"old": "gpu:new", "gpt-oss": "groq:gpt-oss"},
    )

    spec = cast.spec(choice)

    assert (spec.provider, spec.model) == (provider, model)


@pytest.mark.parametrize(
    ("choice", "provider", "model"),
    [
        (Choice(), "azure", "our-deployment"),
        (Choice(provider="openai"), "azure", "our-deployment"),
        (Choice(provider="openai", model="gpt-4o"), "azure", "gpt-4o"),
        (Choice(model="gpt-4o"), "azure", "gpt-4o"),
        (Choice(model="openai:mine"), "azure", "mine"),
        (Choice(model="azure:gpt-4o"), "azure", "gpt-4o"),
        (Choice(model="mine"), "azure", "mine"),
    ],
)
def test_azure_stands_in_for_openai_without_its_key(
    store: MemoryStore, choice: Choice, provider: str, model: str
) -> None:
    spec = casting(store, **ONLY_AZURE).spec(choice)

    assert (spec.provider, spec.model) == (provider, model)


def test_openai_with_its_key_answers_beside_azure(store: MemoryStore) -> None:
    cast = casting(store, **{**ONLY_AZURE, "openai_api_key": "key"})

    assert cast.spec(Choice(model="gpt-4o")).provider == "openai"
    assert cast.spec(Choice(model="azure:gpt-4o")).provider == "azure"


@pytest.mark.parametrize(
    ("settings", "provider"),
    [
        ({"compatible_servers": GROQ}, "groq"),
        ({"compatible_servers": GROQ, "compatible_base_url": "http://one/v1"}, "compatible"),
        ({"compatible_servers": GROQ, **ONLY_AZURE}, "azure"),
    ],
)
def test_without_openai_other_names_go_to_who_is_there(
    store: MemoryStore, settings: dict[str, object], provider: str
) -> None:
    spec = casting(store, **{"openai_api_key": None, **settings}).spec(Choice(model="llama3:8b"))

    assert (spec.provider, spec.model) == (provider, "llama3:8b")


def test_check_does_not_wait_for_a_model(store: MemoryStore) -> None:
    cast = casting(store, compatible_servers=GROQ)

    cast.check(Choice(provider="groq"))

    with pytest.raises(NotConfigured, match="which models"):
        cast.spec(Choice(provider="groq"))


def test_chosen_model_beats_the_assistants(store: MemoryStore) -> None:
    made = assistant(store, "gpt-x")

    spec = casting(store).spec(Choice(assistant_id=made.id, model="gemini-y"))

    assert (spec.provider, spec.model) == ("gemini", "gemini-y")


def test_model_map_sends_old_names_elsewhere(store: MemoryStore) -> None:
    cast = casting(store, model_map={"gpt-4": "gemini-x", "old": "openai:new"})

    assert cast.spec(Choice(model="gpt-4")).provider == "gemini"
    assert cast.spec(Choice(model="old")).model == "new"
    assert cast.spec(Choice(model="gpt-5")).model == "gpt-5"


def test_model_of_another_provider_is_refused(store: MemoryStore) -> None:
    with pytest.raises(BadInput, match="gemini-x") as caught:
        casting(store).spec(Choice(provider="openai", model="gemini-x"))

    assert caught.value.field == "model"
    assert "openai:gemini-x" in caught.value.hint


def test_unknown_provider_is_refused(store: MemoryStore) -> None:
    with pytest.raises(BadInput, match="nobody") as caught:
        casting(store).spec(Choice(provider="nobody"))

    assert "openai, gemini, demo" in caught.value.hint


@pytest.mark.parametrize(
    ("settings", "choice", "needs"),
    [
        ({"openai_api_key": None}, Choice(), "OPENAI_API_KEY"),
        ({"openai_api_key": None}, Choice(model="gpt-x"), "OPENAI_API_KEY"),
        ({"google_api_key": None}, Choice(provider="gemini"), "GOOGLE_API_KEY"),
        ({"google_genai_use_vertexai": True}, Choice(model="gemini-x"), "GOOGLE_CLOUD_PROJECT"),
        (
            {"google_genai_use_vertexai": True, "google_cloud_project": "p"},
            Choice(provider="gemini"),
            "GOOGLE_CLOUD_LOCATION",
        ),
    ],
)
def test_missing_setting_is_named(
    store: MemoryStore, settings: dict[str, object], choice: Choice, needs: str
) -> None:
    cast = casting(store, **settings)

    with pytest.raises(NotConfigured, match=needs) as caught:
        cast.spec(choice)

    assert needs in caught.value.hint


def test_older_names_set_vertex_up(store: MemoryStore) -> None:
    cast = casting(
        store,
        google_api_key=None,
        google_genai_use_vertexai=True,
        project_id="p",
        location="europe-west4",
    )

    assert cast.spec(Choice(provider="gemini")).provider == "gemini"


def test_assistant_is_copied_into_the_spec(store: MemoryStore) -> None:
    made = assistant(store, "demo")

    spec = casting(store, max_tool_rounds=7).spec(Choice(assistant_id=made.id), stream=False)

    assert (spec.assistant_id, spec.assistant_version) == (made.id, 1)
    assert (spec.instructions, spec.tools, spec.sampling) == (
        made.instructions,
        made.tools,
        made.sampling,
    )
    assert (spec.stream, spec.max_tool_rounds) == (False, 7)


def test_without_assistant_all_functions_are_offered(store: MemoryStore) -> None:
    spec = casting(store).spec(Choice(provider="demo"))

    assert spec.assistant_id is None
    assert spec.instructions == DEFAULT_INSTRUCTIONS
    assert spec.tools == TOOLS.specs()


def test_assistant_of_the_settings_is_the_default(store: MemoryStore) -> None:
    made, other = assistant(store, "demo"), assistant(store, "demo")
    cast = casting(store, assistant_id=made.id)

    assert cast.spec(Choice()).assistant_id == made.id
    assert cast.spec(Choice(assistant_id=other.id)).assistant_id == other.id


def test_unknown_assistant_is_not_found(store: MemoryStore) -> None:
    with pytest.raises(NotFound, match="assistant"):
        casting(store).spec(Choice(assistant_id=new_id("asst")))


def test_setting_that_names_no_assistant_is_named(store: MemoryStore) -> None:
    with pytest.raises(NotFound) as caught:
        casting(store, assistant_id=new_id("asst")).spec(Choice(provider="demo"))

    assert "ASSISTANT_ID" in caught.value.hint


@pytest.mark.parametrize(
    ("general", "threads", "sent"),
    [
        ("Be brief.", "Rhyme.", "Be brief.\n\nRhyme."),
        ("Be brief.", "", "Be brief."),
        ("", "Rhyme.", "Rhyme."),
        ("", "", ""),
    ],
)
def test_threads_instructions_follow_the_assistants(
    store: MemoryStore, general: str, threads: str, sent: str
) -> None:
    made = store.save_assistant(replace(assistant(store, "demo"), instructions=general))

    spec = casting(store).spec(Choice(assistant_id=made.id), instructions=threads)

    assert spec.instructions == sent


def test_threads_instructions_follow_the_usual_ones(store: MemoryStore) -> None:
    spec = casting(store).spec(Choice(), instructions="Rhyme.")

    assert spec.instructions == f"{DEFAULT_INSTRUCTIONS}\n\nRhyme."
