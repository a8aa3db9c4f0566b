"""The Makefile, in a project that is all stubs: no network, and a `uv` that only takes notes."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.services import require

ROOT = Path(__file__).resolve().parents[2]
UV = """#!/bin/sh
[ "$1" != --version ] || { echo uv 99.0; exit; }
echo "$@" >> uv.log
case $(cat outcome 2>/dev/null) in killed) kill -9 $$ ;; failed) exit 2 ;; esac
"""
STUBS = {
    "requirements.txt": "runtime",
    "requirements-dev.txt": "dev",
    ".env_sample": "DATABASE_URL=from-dot-env\n",
    "terminal-chat.py": "import sys; print('terminal', *sys.argv[1:])",
    "setup/__init__.py": "",
    "setup/db_setup.py": "import os; print('database', os.environ.get('DATABASE_URL'))",
    "bin/uv": UV,
}


class Project:
    """A folder with our Makefile, in which targets can be made."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copy(ROOT / "Makefile", folder)
        for name, text in STUBS.items():
            self.write(name, text)
        (folder / "bin/uv").chmod(0o755)
        (folder / ".venv/bin").mkdir(parents=True)
        (folder / ".venv/bin/python").symlink_to(sys.executable)

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def make(self, *arguments: str, succeeds: bool = True) -> str:
        """Make a target, and return what was written."""
        done = subprocess.run(  # noqa: S603
            [str(shutil.which("make")), *arguments],
            cwd=self.folder,
            env={"PATH": f"{self.folder}/bin:/usr/bin:/bin"},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        assert (done.returncode == 0) == succeeds, done.stdout
        return done.stdout

    def installs(self) -> list[str]:
        """Return what uv was told to install since this was last asked."""
        log = self.folder / "uv.log"
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return [line.partition("--require-hashes ")[2] for line in lines]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    require(shutil.which("make") is not None, "needs GNU Make")
    return Project(tmp_path)


def test_terminal_sets_itself_up(project: Project) -> None:
    said = project.make("terminal", "ARGS=one two").splitlines()

    assert said[-2:] == ["database None", "terminal one two"]
    assert project.installs() == ["-r requirements.txt"]
    assert (project.folder / ".env").stat().st_mode & 0o777 == 0o600


def test_second_start_installs_nothing(project: Project) -> None:
    project.make("terminal")
    project.write(".env", "KEY=mine")
    project.installs()

    project.make("terminal")

    assert project.installs() == []
    assert (project.folder / ".env").read_text() == "KEY=mine"


def test_dev_lock_serves_runtime_too(project: Project) -> None:
    project.make("runtime")
    project.make("dev")
    project.make("runtime")
    project.make("dev")

    assert project.installs() == ["-r requirements.txt", "-r requirements-dev.txt"]


def test_changed_lock_is_installed(project: Project) -> None:
    project.make("dev")
    project.write("requirements.txt", "newer")

    project.make("runtime")

    assert project.installs() == ["-r requirements-dev.txt", "-r requirements.txt"]


def test_killed_install_is_done_again(project: Project) -> None:
    project.make("runtime")
    project.write("outcome", "killed")
    project.make("dev", succeeds=False)
    project.write("outcome", "")
    project.installs()

    project.make("runtime")

    assert project.installs() == ["--reinstall -r requirements.txt"]


def test_failed_install_spares_what_works(project: Project) -> None:
    project.make("runtime")
    project.write("outcome", "failed")
    project.make("dev", succeeds=False)
    project.installs()

    project.make("runtime")

    assert project.installs() == []


def test_old_python_is_one_clear_line(project: Project) -> None:
    shutil.rmtree(project.folder / ".venv")
    project.write("bin/old", "#!/bin/sh\ncase $2 in *print*) echo 3.9.1 ;; *) exit 1 ;; esac")
    (project.folder / "bin/old").chmod(0o755)

    said = project.make("runtime", "PYTHON=old", succeeds=False).splitlines()

    assert said[0].startswith("Parley needs Python 3.11 or newer, with venv: old is 3.9.1.")
    assert not (project.folder / ".venv").exists()


def test_chat_starts_the_page(project: Project) -> None:
    assert "streamlit run app.py --x" in project.make("--dry-run", "chat", "ARGS=--x")


def test_server_starts_the_api(project: Project) -> None:
    project.write("server/__main__.py", "import sys; print('server', *sys.argv[1:])")

    said = project.make("server", "ARGS=one").splitlines()

    assert said[-2:] == ["database None", "server one"]


def test_help_lists_the_targets(project: Project) -> None:
    listed = {line.split()[1] for line in project.make().splitlines() if line.startswith("  make")}

    wanted = {"chat", "server", "terminal", "test", "check", "lock", "format", "clean", "help"}
    assert listed >= wanted
