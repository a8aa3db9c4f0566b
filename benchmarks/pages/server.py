"""The real program, watched from outside: what its process uses and how many visits it keeps."""

import os
import re
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from tests.browser.server import ChatServer

TICKS: Final = os.sysconf("SC_CLK_TCK")
PAGE_MB: Final = os.sysconf("SC_PAGE_SIZE") / 1024**2
SESSIONS: Final = re.compile(r"^active_sessions(?:{[^}]*})? (\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Process:
    """A process, by what Linux says of it."""

    pid: int

    @classmethod
    def own(cls) -> Self:
        """Return this process."""
        return cls(os.getpid())

    @property
    def cpu(self) -> float:
        """Seconds of processor time so far."""
        fields = (self._folder / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    @property
    def rss(self) -> float:
        """Resident memory in MB."""
        return int((self._folder / "statm").read_text().split()[1]) * PAGE_MB

    @property
    def threads(self) -> int:
        """How many threads it has."""
        return len(list((self._folder / "task").iterdir()))

    @property
    def files(self) -> int:
        """How many files and sockets it has open."""
        return len(list((self._folder / "fd").iterdir()))

    @property
    def _folder(self) -> Path:
        return Path("/proc") / str(self.pid)


class PageServer(ChatServer):
    """`streamlit run app.py` on a database of its own; `settings` are environment variables."""

    def __init__(self, folder: Path, **settings: str) -> None:
        super().__init__(folder, "app.py", **settings)

    @property
    def process(self) -> Process:
        """The server's process."""
        if self._process is None:
            raise RuntimeError("The server has not been started.")
        return Process(self._process.pid)

    def sessions(self) -> int:
        """Return how many visits Streamlit has open."""
        return int(SESSIONS.findall(self._metrics())[-1])

    def _metrics(self) -> str:
        url = f"{self.url}/_stcore/metrics?families=active_sessions"
        with urllib.request.urlopen(url) as answer:  # noqa: S310 (our own server)
            body: bytes = answer.read()
        return body.decode()


def load() -> str:
    """Return how busy the machine has been in the last minute."""
    return f"{os.getloadavg()[0]:.1f}"


def percentile(values: list[float], part: float) -> float:
    """Return the value that this part of all does not exceed."""
    return sorted(values)[round(part * (len(values) - 1))]


def spread(values: list[float], unit: float = 1.0, digits: int = 0) -> str:
    """Return median, 95th percentile and maximum as a cell of a table."""
    if not values:
        return "-"
    parts = (percentile(values, part) * unit for part in (0.5, 0.95, 1.0))
    return " / ".join(f"{part:,.{digits}f}" for part in parts)
