"""Exports of a real log: each is loaded back by whoever it is for."""

import csv
import errno
import io
import json
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from conversation.errors import NotFound
from conversation.events import Event
from conversation.history import EVERYTHING, Filter
from conversation.ids import new_id
from conversation.script import State
from setup.core import ParleyCore
from setup.exporting import Export, Grid, Trainee
from tests.contract.cores import DEMO, ended, running
from tests.unit.fine_tuning_rules import load_gemini, load_openai
from tools.registry import Tools
from tools.stocks import stock_tools

KINDS = {kind.__dataclass_fields__["kind"].default for kind in Event.__args__}


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParleyCore]:
    """A core whose log has one good conversation and one that failed."""
    url = f"sqlite:///{tmp_path_factory.mktemp('exports')}/parley.db"
    with running(url, tools=Tools(*stock_tools("sample"))) as made:
        said(made, "What do Apple and Microsoft trade at?", "Should I buy Tesla?")
        said(made, "fail")
        yield made


def said(core: ParleyCore, *texts: str) -> str:
    thread_id = None
    for text in texts:
        run = core.start(text, DEMO, thread_id=thread_id)
        ended(core, run.id)
        thread_id = run.thread_id
    return str(thread_id)


class FullDisk(io.BytesIO):
    """A file that takes nothing."""

    def write(self, data: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def good(core: ParleyCore) -> str:
    return core.store.threads()[0].id


def rows(export: Export) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(export.whole().decode("utf-8-sig"), newline="")))


def test_grids_are_csv(core: ParleyCore) -> None:
    counts: dict[Grid, int] = {"threads": 2, "runs": 3}

    for grid, count in counts.items():
        export = core.exports.csv(grid, EVERYTHING)
        assert (export.name, export.media_type) == (f"{grid}.csv", "text/csv")
        assert len(rows(export)) == count


def test_steps_are_those_of_the_filtered_runs(core: ParleyCore) -> None:
    (failed,) = core.store.runs(core.store.threads()[1].id)

    steps = rows(core.exports.csv("steps", Filter(states=frozenset({State.ERROR}))))

    assert {step["run_id"] for step in steps} == {failed.id}
    assert [step["seq"] for step in steps] == [str(n) for n in range(1, failed.seq + 1)]


def test_events_are_the_log(core: ParleyCore) -> None:
    lines = core.exports.events(EVERYTHING).whole().decode().splitlines()
    events = [json.loads(line) for line in lines]

    assert len(events) == sum(
        run.seq for thread in core.store.threads() for run in core.store.runs(thread.id)
    )
    assert {event["kind"] for event in events} <= KINDS


def test_conversation_is_markdown_and_json(core: ParleyCore) -> None:
    thread_id = good(core)
    text = core.exports.markdown(thread_id).whole().decode()
    loaded = json.loads(core.exports.json(thread_id).whole())

    assert text.count("\n## User\n") == 2
    assert "**System:** get\\_stock\\_price was called with\n\n```json\n" in text
    assert loaded["thread"]["id"] == thread_id
    assert [exchange["run"]["state"] for exchange in loaded["exchanges"]] == ["completed"] * 2


def test_conversation_is_a_page(core: ParleyCore) -> None:
    export = core.exports.html(good(core))
    text = export.whole().decode()

    assert (export.name, export.media_type) == (f"{good(core)}.html", "text/html")
    assert text.count('<article class="user">') == 2
    assert "<b>System</b> get_stock_price(" in text
    assert text.count(" out · ") == 2
    assert text.count("· $0.00</summary>") == 2


def test_demo_that_broke_off_cost_nothing(tmp_path: Path) -> None:
    with running(f"sqlite:///{tmp_path}/parley.db") as core:
        text = core.exports.html(said(core, "break off")).whole().decode()

    assert text.count("· $0.00</summary>") == 1


def test_unknown_conversation_is_not_found(core: ParleyCore) -> None:
    with pytest.raises(NotFound):
        core.exports.markdown(new_id("thread"))


@pytest.mark.parametrize("trainee", ["openai", "gemini"])
def test_examples_are_valid_and_the_rest_is_counted(core: ParleyCore, trainee: Trainee) -> None:
    export = core.exports.fine_tuning(trainee, EVERYTHING)

    examples = {"openai": load_openai, "gemini": load_gemini}[trainee](export.whole().decode())

    assert len(examples) == export.tally.examples == 1
    assert export.tally.exchanges == 2
    assert export.tally.left_out == {"not_completed": 1}
    assert export.tally.conversations_left_out == 1


def test_named_threads_are_the_examples(core: ParleyCore) -> None:
    ids = [good(core), new_id("thread")]  # the second is one that was deleted meanwhile

    export = core.exports.fine_tuning("openai", EVERYTHING, thread_ids=ids)

    assert len(load_openai(export.whole().decode())) == 1


def test_selection_opens_in_sqlite(core: ParleyCore, tmp_path: Path) -> None:
    file = tmp_path / "copy.sqlite"
    with file.open("wb") as out:
        core.exports.sqlite(Filter(thread_id=good(core))).save(out)

    with closing(sqlite3.connect(file)) as database:
        (runs,) = database.execute("SELECT count(*) FROM runs").fetchone()
        types = {kind for (kind,) in database.execute("SELECT DISTINCT type FROM run_details")}

    assert runs == 2
    assert {"submit_user_msg", "execute_tool", "retrieve_asst_msg"} <= types


@pytest.mark.parametrize("leave", ["half-way", "disk full"])
def test_reader_that_leaves_leaves_no_file(
    core: ParleyCore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leave: str
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    export = core.exports.sqlite(EVERYTHING)

    if leave == "half-way":
        next(export.pieces)
        assert list(tmp_path.iterdir())
        export.close()
    else:
        with pytest.raises(OSError, match="No space") as failed:
            export.save(FullDisk())
        assert failed.value.__traceback__  # it holds on to what had been opened

    assert list(tmp_path.iterdir()) == []


def test_empty_selection_is_an_empty_file(core: ParleyCore) -> None:
    nothing = Filter(models=frozenset({"no such model"}))

    assert rows(core.exports.csv("runs", nothing)) == []
    assert core.exports.events(nothing).whole() == b""
    assert core.exports.fine_tuning("openai", nothing).whole() == b""
