"""The clients that are not of our own environment: where they are, and programs that use them.

A folder beside this file holds the lock of each; `make clients` installs them all once.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

LOCKS: Final = Path(__file__).parent
HOME: Final = LOCKS.parents[2] / ".venv-clients"
SECONDS: Final = 90.0
SECONDS_TO_INSTALL: Final = 120.0

# Where the clients are a must, a slow registry is waited for.
PATIENT: Final = os.environ.get("PARLEY_REQUIRE_SERVICES") == "1"
RETRIES: Final = "5" if PATIENT else "0"


class NotInstalled(Exception):
    """Why a client could not be installed."""


@dataclass(frozen=True)
class Environment:
    """A client in an environment of its own; `name` is that of the folder with its lock."""

    name: str

    @property
    def locks(self) -> Path:
        """Where it is said what it consists of."""
        return LOCKS / self.name

    @property
    def home(self) -> Path:
        """Where it is installed."""
        return HOME / self.name

    @property
    def ready(self) -> bool:
        """Whether it is installed as its lock says."""
        return self._stamp.is_file() and self._stamp.read_text() == self._state

    @cached_property
    def _state(self) -> str:
        files = sorted(path for path in self.locks.iterdir() if path.is_file())
        content = b"".join(path.read_bytes() for path in files)
        return f"{sys.version_info[:2]} {hashlib.sha256(content).hexdigest()}"

    @property
    def _stamp(self) -> Path:
        return self.home / ".made"

    def install(self) -> None:
        """Install it anew, wholly or not at all."""
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir(parents=True)
        self.fill()
        self._stamp.write_text(self._state)

    def fill(self) -> None:
        """Put into `home` what the lock names."""
        raise NotImplementedError

    def command(self, script: Path) -> list[str]:
        """Return how a script is run."""
        raise NotImplementedError

    def told_by(self, script: Path, address: str) -> dict[str, str | None]:
        """Run a script against a server; return what it tells of each of its uses."""
        url = {"OPENAI_BASE_URL": f"{address}/v1", "OPENAI_API_KEY": "sk-of-tests"}
        with script.open() as source:
            done = subprocess.run(  # noqa: S603 - a script of ours
                self.command(script),
                stdin=source,
                env={"PATH": os.environ["PATH"], **url},
                cwd=self.home,
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
        assert done.returncode == 0, done.stderr
        told: dict[str, str | None] = json.loads(done.stdout)
        return told


class PythonEnvironment(Environment):
    """A client for Python, in a virtual environment."""

    @property
    def _python(self) -> Path:
        return self.home / "bin" / "python"

    def fill(self) -> None:
        """Make the virtual environment."""
        _run([sys.executable, "-m", "venv", str(self.home)])
        pip = [str(self._python), "-m", "pip", "install", "--quiet", "--require-hashes"]
        lock = str(self.locks / "requirements.txt")
        _run([*pip, "--retries", RETRIES, "--disable-pip-version-check", "-r", lock])

    def command(self, script: Path) -> list[str]:
        """Return how a script is run."""
        return [str(self._python), str(script)]


class NodeEnvironment(Environment):
    """A client for Node."""

    @property
    def ready(self) -> bool:
        """Whether it is installed, and there is a Node to run it."""
        return super().ready and shutil.which("node") is not None

    def fill(self) -> None:
        """Install the packages; nothing that they bring is run."""
        npm = shutil.which("npm")
        if npm is None:
            raise NotInstalled("npm was not found")
        for file in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(self.locks / file, self.home)
        _run([npm, "ci", "--loglevel=error", f"--fetch-retries={RETRIES}"], cwd=self.home)

    def command(self, script: Path) -> list[str]:
        """Return how a script is run: from its text, which finds the packages of `home` so."""
        return ["node", "--input-type=module", "-"]


PYTHON_CLIENTS: Final = (PythonEnvironment("python-1.40"), PythonEnvironment("python-1.109"))
NODE_CLIENTS: Final = (NodeEnvironment("node-4"), NodeEnvironment("node-7"))


def _run(command: list[str], cwd: Path | None = None) -> None:
    limit = None if PATIENT else SECONDS_TO_INSTALL
    try:
        subprocess.run(  # noqa: S603 - pip or npm
            command, cwd=cwd, capture_output=True, text=True, check=True, timeout=limit
        )
    except subprocess.TimeoutExpired as error:
        raise NotInstalled(f"it took longer than {limit:g} seconds") from error
    except subprocess.CalledProcessError as error:
        lines = (error.stderr or error.stdout).strip().splitlines() or ["it said nothing"]
        told = next((line for line in lines if "error" in line.lower()), lines[-1])
        raise NotInstalled(told) from error
