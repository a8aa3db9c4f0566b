"""docs/python-api.md and README.md are right: their programs run, and print what is said.

What the README has for the API is run in `test_server_documented`.
"""

import re
import subprocess
import sys
from pathlib import Path

from setup.settings import ROOT
from tests.doors.terminal import surroundings

README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENT = (ROOT / "docs" / "python-api.md").read_text(encoding="utf-8")
PROGRAM = re.compile(r"```python\n(?P<code>.+?)```\n\n```text\n(?P<output>.+?)```", re.DOTALL)
CODE = re.compile(r"```python\n")


def test_programs_print_what_is_shown(tmp_path: Path) -> None:
    programs = list(PROGRAM.finditer(DOCUMENT))
    assert len(programs) == len(CODE.findall(DOCUMENT)) > 0

    printed = output_of("\n".join(program["code"] for program in programs), tmp_path)

    assert printed == "".join(program["output"] for program in programs)


def test_program_of_the_readme_answers(tmp_path: Path) -> None:
    program, *_ = re.findall(r"```python\n(.+?)```", README, re.DOTALL)

    assert (
        output_of(program, tmp_path)
        == "Apple (AAPL) is trading at **227.50 USD** (source: sample data)."
    )


def output_of(code: str, folder: Path) -> str:
    """Run a program on a database of its own; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-"],
        input=code,
        cwd=ROOT,
        env=surroundings(
            DATABASE_URL=f"sqlite:///{folder}/parley.db",
            STOCK_PRICES="sample",
            DEMO_DELAY_SECONDS="0.002",
        ),
        capture_output=True,
        text=True,
    )

    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout
