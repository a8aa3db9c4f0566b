"""Tell whether the locks were made from the dependencies that pyproject.toml names now.

`make lock` writes a fingerprint of those dependencies into the head of each lock, and
`make check` compares. So the check needs no network, and a newer release breaks nothing.
"""

import hashlib
import json
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.txt", "requirements-dev.txt")
PIN = re.compile(r"^(\S+==\S+)", re.MULTILINE)


def fingerprint() -> str:
    """Return a short hash of everything in pyproject.toml that the locks depend on."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project = pyproject["project"]
    named = [project["requires-python"], project["dependencies"], pyproject["dependency-groups"]]
    return hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()[:16]


def faults() -> list[str]:
    """Return what is wrong with the locks, a line for each fault."""
    locks = {name: (ROOT / name).read_text() for name in LOCKS}
    stale = [
        f"{name} is not of these dependencies: run `make lock`"
        for name, text in locks.items()
        if f"(dependencies {fingerprint()})" not in text
    ]
    runtime, dev = (set(PIN.findall(text)) for text in locks.values())
    return stale + [f"requirements-dev.txt lacks {pin}: run `make lock`" for pin in runtime - dev]


def main() -> int:
    """Print the fingerprint, or with `check` the faults; fail if there are any."""
    lines = faults() if sys.argv[1:] == ["check"] else [fingerprint()]
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return int(sys.argv[1:] == ["check"] and bool(lines))


if __name__ == "__main__":
    sys.exit(main())
