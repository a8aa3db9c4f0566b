"""docs/server.md and README.md are right about the API: their programs run against a server."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.protection import protection
from setup.settings import ROOT, Settings
from tests.doors.chat import serving
from tests.doors.terminal import surroundings
from tests.server.checked import served_core
from tests.server.clients.environments import NODE_CLIENTS
from tests.services import require

README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENT = (ROOT / "docs" / "server.md").read_text(encoding="utf-8")
SECTION = README[README.index("## Your Assistants code, again") :]
OURS = re.compile(r"http://127\.0\.0\.1:(8000|8501)")
NEWEST = NODE_CLIENTS[-1]
BASH = shutil.which("bash") or ""
NODE = shutil.which("node") or ""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a server is, as `make server` starts one."""
    usual = Settings.model_validate({})
    with (
        serving(tmp_path_factory.mktemp("server")) as core,
        served_core(core, root=True, middleware=protection(core.store, usual)) as address,
    ):
        yield address


def programs(document: str, language: str) -> list[tuple[str, str]]:
    """The programs of a document with what they print."""
    shown = re.compile(rf"```{language}\n(.+?)```\n\n```text\n(.+?)```", re.DOTALL)
    found = [(match[1], match[2]) for match in shown.finditer(document)]
    assert len(found) == document.count(f"```{language}\n") > 0
    return found


def output_of(*command: str, program: str, address: str, folder: Path) -> str:
    """Run a program against the server; return what it prints."""
    done = subprocess.run(  # noqa: S603 - what our documents say
        command,
        input=OURS.sub(address, program),
        cwd=folder,
        env=surroundings(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def python(program: str, address: str, folder: Path) -> str:
    """Run a program without the warning of which the document speaks."""
    command = (sys.executable, "-W", "ignore::DeprecationWarning", "-")
    return output_of(*command, program=program, address=address, folder=folder)


def test_python_programs_print_what_is_shown(address: str, tmp_path: Path) -> None:
    shown = programs(DOCUMENT, "python")

    printed = python("\n".join(code for code, _ in shown), address, tmp_path)

    assert printed == "".join(output for _, output in shown)


def test_program_of_the_readme_is_answered(address: str, tmp_path: Path) -> None:
    [(code, output)] = programs(SECTION, "python")

    assert python(code, address, tmp_path) == output.rstrip("\n")


def test_curl_streams_a_run(address: str, tmp_path: Path) -> None:
    [code] = [
        code for code in re.findall(r"```sh\n(.+?)```", DOCUMENT, re.DOTALL) if "curl" in code
    ]
    require(bool(BASH and shutil.which("curl")), "needs bash and curl")

    printed = output_of(BASH, program=code, address=address, folder=tmp_path)

    assert "event: thread.run.completed" in printed
    assert printed.endswith("event: done\ndata: [DONE]\n\n")


def test_node_program_prints_what_is_shown(address: str, tmp_path: Path) -> None:
    require(NEWEST.ready, f"needs {NEWEST.name}: run `make clients`")
    [(code, output)] = programs(DOCUMENT, "js")
    (tmp_path / "node_modules").symlink_to(NEWEST.home / "node_modules")

    command = (NODE, "--input-type=module", "-")
    printed = output_of(*command, program=code, address=address, folder=tmp_path)

    assert printed == output.rstrip("\n")
