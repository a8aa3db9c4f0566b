"""The set-up scripts: what they do, what they say, and what they leave alone."""

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from setup.settings import ROOT
from storage.schema import HEAD
from storage.store import open_store
from tests.doors.terminal import CTRL_D, Terminal, surroundings
from tests.services import require

SECRET = "s3cr3t"  # noqa: S105 - a made-up one, to look for

Done = subprocess.CompletedProcess[str]
Run = Callable[..., Done]


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    """An environment with a database and a file of settings of its own."""
    return surroundings(
        DATABASE_URL=f"sqlite:///{tmp_path}/data/parley.db",
        PARLEY_ENV_FILE=str(tmp_path / ".env"),
    )


@pytest.fixture
def run(settings: dict[str, str]) -> Run:
    """Run a script to its end."""

    def run_one(script: str, *arguments: str, before: tuple[str, ...] = (), **more: str) -> Done:
        return subprocess.run(  # noqa: S603 - our own Python
            [*before, sys.executable, "-m", f"setup.{script}", *arguments],
            cwd=ROOT,
            env=settings | more,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )

    return run_one


def assistant_id(done: Done) -> str:
    """Return the id that assistant_setup has printed, on a line of its own."""
    assert done.returncode == 0, done.stderr
    return next(line for line in done.stdout.splitlines() if line.startswith("asst_"))


# the database


def test_database_is_created_once(run: Run, tmp_path: Path) -> None:
    first, second = run("db_setup"), run("db_setup")

    assert first.stdout == f"The database was created with schema {HEAD}.\n"
    assert second.stdout == f"The database already has the newest schema, {HEAD}.\n"
    assert (first.returncode, second.returncode) == (0, 0)
    open_store(f"sqlite:///{tmp_path}/data/parley.db").close()


def unreachable(_folder: Path) -> str:
    return f"postgresql+psycopg://me:{SECRET}@127.0.0.1:1/parley"


def without_folder(folder: Path) -> str:
    (folder / "file").touch()
    return f"sqlite:///{folder}/file/{SECRET}.db"


def a_folder(folder: Path) -> str:
    return f"sqlite:///{folder}"


def no_database(folder: Path) -> str:
    (folder / "text.db").write_text("This is no database, however long one reads on." * 50)
    return f"sqlite:///{folder}/text.db"


def newer(folder: Path) -> str:
    with closing(sqlite3.connect(folder / "newer.db")) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES ('9999')")
        connection.commit()
    return f"sqlite:///{folder}/newer.db"


def wrong(_folder: Path) -> str:
    return f"mysql://me:{SECRET}@localhost/parley"


@pytest.mark.parametrize("url", [unreachable, without_folder, a_folder, no_database, newer, wrong])
@pytest.mark.parametrize("script", ["db_setup", "assistant_setup"])
def test_unusable_database_is_a_line_and_a_hint(
    run: Run, tmp_path: Path, script: str, url: Callable[[Path], str]
) -> None:
    done = run(script, DATABASE_URL=url(tmp_path))

    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 2
    assert "Traceback" not in done.stderr
    assert SECRET not in done.stderr


def test_write_protected_database_is_told(run: Run, tmp_path: Path) -> None:
    run("db_setup")
    data = tmp_path / "data"
    for path in (*data.iterdir(), data):
        path.chmod(path.stat().st_mode & ~0o222)

    done = run("db_setup", before=without_privileges())

    data.chmod(0o755)
    assert done.returncode == 1
    assert "write-protected" in done.stderr


def without_privileges() -> tuple[str, ...]:
    """Return what to put before a command so that protection counts for root as well."""
    if os.geteuid() != 0:
        return ()
    setpriv = shutil.which("setpriv")
    require(setpriv is not None, "root may write what is protected, and needs setpriv not to")
    return (str(setpriv), "--bounding-set=-dac_override", "--inh-caps=-dac_override")


# the assistant


def test_assistant_is_made_then_updated_never_doubled(run: Run, tmp_path: Path) -> None:
    first = run("assistant_setup")
    again = run("assistant_setup")
    renamed = run("assistant_setup", "--name", "Broker", "--instructions", "Be brief.")
    remodelled = run("assistant_setup", "--model", "gemini-x")

    assert {assistant_id(done) for done in (first, again, renamed, remodelled)} == {
        assistant_id(first)
    }
    assert first.stdout.startswith("Created 'Stock market assistant', version 1, with demo")
    assert again.stdout.startswith("Nothing changed in 'Stock market assistant', version 1")
    assert renamed.stdout.startswith("Updated 'Broker', version 2")
    assert remodelled.stdout.startswith(
        "Updated 'Stock market assistant', version 3, with gemini-x"
    )
    store = open_store(f"sqlite:///{tmp_path}/data/parley.db")
    (made,) = store.assistants()
    store.close()
    assert [tool.name for tool in made.tools] == ["get_stock_price", "buy_or_sell"]
    assert "get_stock_price" in made.instructions


def test_model_is_that_of_what_is_set_up(run: Run) -> None:
    gpt = run("assistant_setup", OPENAI_API_KEY=SECRET, OPENAI_MODEL="gpt-ours")
    gemini = run("assistant_setup", GEMINI_API_KEY=SECRET, GEMINI_MODEL="our-gemini")

    assert "with gpt-ours:" in gpt.stdout
    assert "with gemini:our-gemini:" in gemini.stdout


def test_nobody_is_asked_without_a_terminal(run: Run, tmp_path: Path) -> None:
    done = run("assistant_setup")

    assert f"set ASSISTANT_ID={assistant_id(done)}" in done.stdout
    assert not (tmp_path / ".env").exists()


def test_id_goes_into_env_and_nothing_else_changes(run: Run, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# mine\nOPENAI_MODEL='x y'  # why\n\n# whom\nASSISTANT_ID=\nexport OTHER=1")
    file.chmod(0o640)

    made = assistant_id(run("assistant_setup", "--write-env"))
    again = run("assistant_setup", "--write-env")

    assert file.read_text() == (
        f"# mine\nOPENAI_MODEL='x y'  # why\n\n# whom\nASSISTANT_ID={made}\nexport OTHER=1"
    )
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert "names it already" in again.stdout


def test_new_env_is_the_sample_and_its_owners_alone(run: Run, tmp_path: Path) -> None:
    made = assistant_id(run("assistant_setup", "--write-env"))

    file = tmp_path / ".env"
    sample = (ROOT / ".env_sample").read_text()
    assert file.read_text() == sample.replace("\nASSISTANT_ID=\n", f"\nASSISTANT_ID={made}\n")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_env_that_cannot_be_written_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    done = run("assistant_setup", "--write-env", PARLEY_ENV_FILE=str(tmp_path / "file" / ".env"))

    assert done.returncode == 1
    assert "Write it there yourself: ASSISTANT_ID=asst_" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("answer", "written"), [("y", True), ("n", False), (CTRL_D, False)], ids=["y", "n", "Ctrl-D"]
)
def test_person_at_a_terminal_is_asked(
    settings: dict[str, str], tmp_path: Path, answer: str, written: bool
) -> None:
    with Terminal("-m", "setup.assistant_setup", environment=settings) as terminal:
        terminal.until("[y/n] ")
        terminal.type(answer)
        code, _ = terminal.end()

    assert code == 0
    assert (tmp_path / ".env").exists() is written
