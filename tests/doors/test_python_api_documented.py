"""docs/python-api.md is right: its programs run, and print what it says."""

import re
import subprocess
import sys
from pathlib import Path

from setup.settings import ROOT
from tests.doors.terminal import surroundings

DOCUMENT = (ROOT / "docs" / "python-api.md").read_text(encoding="utf-8")
PROGRAM = re.compile(r"```python\n(?P<code>.+?)```\n\n```text\n(?P<output>.+?)```", re.DOTALL)
CODE = re.compile(r"```python\n")


def test_programs_print_what_is_shown(tmp_path: Path) -> None:
    programs = list(PROGRAM.finditer(DOCUMENT))
    assert len(programs) == len(CODE.findall(DOCUMENT)) > 0

    done = subprocess.run(
        [sys.executable, "-"],
        input="\n".join(program["code"] for program in programs),
        cwd=ROOT,
        env=surroundings(
            DATABASE_URL=f"sqlite:///{tmp_path}/parley.db",
            STOCK_PRICES="sample",
            DEMO_DELAY_SECONDS="0.002",
        ),
        capture_output=True,
        text=True,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "".join(program["output"] for program in programs)
