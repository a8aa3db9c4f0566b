"""Models through OpenAI's clients."""

import openai
import pytest


def test_the_models_of_all_providers_are_listed(client: openai.OpenAI) -> None:
    owners = {model.id: model.owned_by for model in client.models.list()}

    assert owners["demo"] == "demo"


def test_names_that_stand_for_others_are_listed(client: openai.OpenAI) -> None:
    assert client.models.retrieve("gpt-4o").owned_by == "demo"


def test_a_model_that_nobody_has_is_not_found(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="The model 'no/such:model' does not exist") as e:
        client.models.retrieve("no/such:model")

    assert (e.value.param, e.value.code) == ("model", "model_not_found")
