"""`python -m setup.export` on a small log."""

import csv
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr

from conversation.errors import BadInput
from setup import export
from setup.settings import Settings
from storage.schema import upgrade
from tests.contract.cores import DEMO, built, ended


@pytest.fixture(autouse=True)
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database with two conversations, in the folder where files are written."""
    named = f"sqlite:///{tmp_path}/parley.db"
    monkeypatch.setattr(export, "settings", lambda: Settings(database_url=SecretStr(named)))
    monkeypatch.chdir(tmp_path)
    upgrade(named)
    core = built(named)
    for text in ("echo one", "fail"):
        ended(core, core.start(text, DEMO).id)
    core.close()


def test_list_is_written_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    export.main(["runs"])

    with Path("runs.csv").open(encoding="utf-8-sig", newline="") as file:
        assert {row["state"] for row in csv.DictReader(file)} == {"completed", "error"}
    assert capsys.readouterr().out.startswith("Wrote runs.csv: ")


def test_filters_choose_what_is_written() -> None:
    export.main(["events", "--status", "error", "-o", "failed.jsonl"])

    kinds = [json.loads(line)["kind"] for line in Path("failed.jsonl").read_text().splitlines()]
    assert "failed" in kinds
    assert "message_retrieved" not in kinds


def test_nothing_begun_later_is_written() -> None:
    export.main(["events", "--since", "2999-01-01", "-o", "later.jsonl"])

    assert Path("later.jsonl").read_text() == ""


def test_examples_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    export.main(["openai", "-o", "examples.jsonl"])

    assert "1 examples of 1 exchanges." in capsys.readouterr().out
    assert json.loads(Path("examples.jsonl").read_text())["messages"][-1]["content"] == "one"


def test_database_opens_anywhere() -> None:
    export.main(["sqlite"])

    with closing(sqlite3.connect("parley.sqlite")) as copy:
        assert copy.execute("SELECT count(*) FROM runs").fetchone() == (2,)


def test_file_that_is_there_stays() -> None:
    Path("runs.csv").write_text("mine")

    with pytest.raises(BadInput, match="already there"):
        export.main(["runs"])

    assert Path("runs.csv").read_text() == "mine"


def test_folder_that_is_not_there_is_told() -> None:
    with pytest.raises(BadInput, match="can't be written"):
        export.main(["runs", "-o", "nowhere/runs.csv"])


@pytest.mark.parametrize("wrong", [["all"], ["runs", "--since", "soon"], ["runs", "--status", "x"]])
def test_wrong_words_are_refused(wrong: list[str]) -> None:
    with pytest.raises(SystemExit):
        export.main(wrong)


@pytest.mark.parametrize(
    ("what", "ending", "beginning"),
    [("html", "html", "<!doctype html>"), ("markdown", "md", "# "), ("json", "json", "{")],
)
def test_conversation_is_written(what: str, ending: str, beginning: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "parley.db")) as database:
        (thread_id,) = database.execute("SELECT id FROM threads LIMIT 1").fetchone()

    export.main([what, "--thread", thread_id])

    assert Path(f"{thread_id}.{ending}").read_text(encoding="utf-8").startswith(beginning)


def test_conversation_has_to_be_named() -> None:
    with pytest.raises(BadInput, match="html is of one conversation"):
        export.main(["html"])
