"""Another server of the Assistants API as a provider: its names, its settings, its place."""

import pytest

from setup.casting import route
from setup.roster import Provider, local_roster, roster
from setup.settings import Settings

ADDRESS = "http://me:pass@127.0.0.1:8000/v1"
ASSISTANT = "asst_" + "a" * 24


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what this machine's environment says."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def set_up(**more: object) -> Settings:
    return Settings.model_validate({"remote_base_url": ADDRESS, **more})


def remote(**more: object) -> Provider:
    return roster(set_up(**more))["remote"]


@pytest.mark.parametrize("model", ["gpt-4o", "llama3:8b", ASSISTANT])
def test_prefix_points_to_it(model: str) -> None:
    assert route(f"remote:{model}", set_up()) == ("remote", model)


def test_settings_reach_it() -> None:
    known = remote(
        remote_api_key="of-it", remote_assistant_id=ASSISTANT, provider_timeout_seconds=7
    )

    assert known.label == "127.0.0.1:8000"
    assert known.options == {
        "label": known.label,
        "base_url": ADDRESS,
        "api_key": "of-it",
        "assistant_id": ASSISTANT,
        "timeout": 7,
    }


@pytest.mark.parametrize(
    ("settings", "model"),
    [
        ({}, ""),
        ({"remote_assistant_id": ASSISTANT}, ASSISTANT),
        ({"remote_assistant_id": ASSISTANT, "remote_model": "gpt-4o"}, "gpt-4o"),
    ],
)
def test_usual_model_is_the_settings_then_the_assistants(
    settings: dict[str, object], model: str
) -> None:
    assert remote(**settings).model == model


def test_it_is_not_spoken_of_until_set_up() -> None:
    known = roster(Settings())["remote"]

    assert (known.listed, known.needs) == (False, "REMOTE_BASE_URL")


def test_it_is_not_taken_for_a_model_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("setup.roster.LOCAL_SERVERS", {"vllm": 8000})

    assert set(local_roster(Settings(local_servers="on"))) == {"vllm"}
    assert set(local_roster(set_up(local_servers="on"))) == set()
