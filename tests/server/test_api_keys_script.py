"""`python -m setup.api_keys`, as people call it."""

import re
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from conversation.api_ports import ApiKey
from conversation.errors import BadInput, NotFound
from conversation.records import DEFAULT_PROJECT
from setup import api_keys
from setup.keys import digest_of
from setup.settings import Settings
from storage.store import open_store

Say = Callable[..., str]


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{tmp_path}/parley.db"
    monkeypatch.setattr(api_keys, "settings", lambda: Settings(database_url=SecretStr(url)))
    return url


@pytest.fixture
def say(database: str, capsys: pytest.CaptureFixture[str]) -> Say:
    """Run the script; return what it wrote."""

    def run(*arguments: str) -> str:
        api_keys.main(arguments)
        return capsys.readouterr().out

    return run


def kept(database: str) -> list[ApiKey]:
    with closing(open_store(database)) as store:
        return store.keys()


def test_key_is_shown_once_and_kept_as_a_digest(say: Say, database: str) -> None:
    shown = say("create", "laptop").splitlines()
    key = shown[-1]

    [one] = kept(database)
    assert re.fullmatch(r"sk-parley-[\w-]{43}", key)
    assert (one.digest, one.name, one.project_id) == (digest_of(key), "laptop", DEFAULT_PROJECT)
    assert key.startswith(one.start)
    assert len(one.start) == 14
    assert one.id in shown[0]
    assert key not in say("list")


def test_key_belongs_to_its_project(say: Say, database: str) -> None:
    say("create", "ci", "--project", "research")
    say("create", "cd", "--project", "proj_research")

    assert [key.project_id for key in kept(database)] == ["proj_research"] * 2


def test_list_tells_what_people_ask_of_keys(say: Say, database: str) -> None:
    say("create", "laptop")
    say("create", "ci", "--project", "research")
    first, second = kept(database)
    with closing(open_store(database)) as store:
        store.key_used(first.id, datetime(2026, 1, 2, 3, 4, tzinfo=UTC)).result()
    say("revoke", second.id)

    head, *rows = say("list").splitlines()

    assert head.split() == ["ID", "NAME", "KEY", "PROJECT", "CREATED", "LAST", "USED"]
    assert rows[0].split()[:4] == [first.id, "laptop", f"{first.start}...", DEFAULT_PROJECT]
    assert rows[0].endswith("2026-01-02 03:04")
    assert "  never  " in rows[1]
    assert "  revoked 20" in rows[1]


def test_revoked_key_is_found_no_more(say: Say, database: str) -> None:
    key = say("create", "laptop").splitlines()[-1]

    assert "Revoked" in say("revoke", kept(database)[0].id)

    with closing(open_store(database)) as store:
        assert store.key(digest_of(key)) is None


def test_no_keys_are_told_so(say: Say) -> None:
    assert say("list") == "There are no keys in the database.\n"


def test_unknown_key_is_an_error_in_words(say: Say) -> None:
    with pytest.raises(NotFound):
        say("revoke", "key_unknown")


@pytest.mark.parametrize("wrong", [["a b"], ["laptop", "--project", "a/b"], [""]])
def test_wrong_name_is_an_error_in_words(say: Say, wrong: list[str]) -> None:
    with pytest.raises(BadInput, match=r"^The name of"):
        say("create", *wrong)
