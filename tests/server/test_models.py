"""Models through OpenAI's clients."""

import openai
import pytest


def test_the_models_of_all_providers_are_listed(client: openai.OpenAI) -> None:
    owners = {model.id: model.owned_by for model in client.models.list()}

    assert owners["demo"] == "demo"


def test_names_that_stand_for_others_are_listed(client: openai.OpenAI) -> None:
    assert client.models.retrieve("gpt-4o").owned_by == "demo"


def test_run_on_a_model_without_a_key_is_told_two_ways_out(client: openai.OpenAI) -> None:
    old = client.beta.assistants.create(model="gpt-4-turbo")

    with pytest.raises(openai.BadRequestError) as e:
        client.beta.threads.create_and_run(assistant_id=old.id)

    assert (e.value.param, e.value.code) == ("model", "not_configured")
    assert "Set OPENAI_API_KEY in .env" in e.value.message
    assert "MODEL_MAP=gpt-4-turbo=demo" in e.value.message


def test_a_model_that_nobody_has_is_not_found(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="The model 'no/such:model' does not exist") as e:
        client.models.retrieve("no/such:model")

    assert (e.value.param, e.value.code) == ("model", "model_not_found")
