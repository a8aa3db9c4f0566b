"""Changes that several clients make to one assistant at the same time."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import openai
import pytest

from conversation.errors import Outdated
from conversation.ports import Core
from conversation.records import Assistant


def test_a_change_keeps_what_others_have_changed_meanwhile(
    client: openai.OpenAI, core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = client.beta.assistants.create(model="demo")
    others: list[dict[str, Any]] = [{"name": "theirs"}, {"description": "theirs"}]
    save = core.store.save_assistant

    def be_quicker(wanted: Assistant) -> Assistant:
        if others:
            save(replace(core.store.assistant(made.id), **others.pop()))
        return save(wanted)

    monkeypatch.setattr(core.store, "save_assistant", be_quicker)
    answered = client.beta.assistants.update(made.id, instructions="ours")

    assert answered == client.beta.assistants.retrieve(made.id)
    texts = (answered.name, answered.description, answered.instructions)
    assert texts == ("theirs", "theirs", "ours")


def test_none_of_many_changes_is_lost(client: openai.OpenAI, core: Core) -> None:
    made = client.beta.assistants.create(model="demo")
    changes: list[dict[str, Any]] = [
        {"name": "x"}, {"description": "x"}, {"instructions": "x"}, {"model": "x"},
        {"temperature": 0.5}, {"top_p": 0.5}, {"metadata": {"x": "x"}},
        {"reasoning_effort": "low"},
    ]  # fmt: skip

    with ThreadPoolExecutor(len(changes)) as pool:
        list(pool.map(lambda change: client.beta.assistants.update(made.id, **change), changes))

    shown = client.beta.assistants.retrieve(made.id).to_dict()
    assert {name: shown[name] for change in changes for name in change} == {
        name: value for change in changes for name, value in change.items()
    }
    assert core.store.assistant(made.id).version == 1 + len(changes)


def test_what_others_keep_changing_is_to_be_tried_again(
    client: openai.OpenAI, core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = client.beta.assistants.create(model="demo")

    def refuse(wanted: Assistant) -> Assistant:
        raise Outdated("assistant", wanted.id)

    monkeypatch.setattr(core.store, "save_assistant", refuse)
    with pytest.raises(openai.ConflictError, match="Somebody else has changed") as refused:
        client.beta.assistants.update(made.id, name="Two")

    assert refused.value.code == "outdated"
    assert refused.value.response.headers["Retry-After"] == "1"


def test_an_assistant_deleted_meanwhile_is_not_found(
    client: openai.OpenAI, core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = client.beta.assistants.create(model="demo")
    save = core.store.save_assistant

    def be_quicker(wanted: Assistant) -> Assistant:
        save(replace(wanted, name="theirs"))
        core.store.remove_assistant(wanted.id).result()
        return save(wanted)

    monkeypatch.setattr(core.store, "save_assistant", be_quicker)
    with pytest.raises(openai.NotFoundError):
        client.beta.assistants.update(made.id, name="Two")
