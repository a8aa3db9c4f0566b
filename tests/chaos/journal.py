"""What the processes of a scenario tell of themselves: lines that outlive whoever wrote them."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Fact:
    """A line: who told it, what kind it is of, and the rest."""

    pid: int
    kind: str
    words: tuple[str, ...]


class Journal:
    """A file to which several processes add lines, each of them by one write."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def tell(self, kind: str, *words: str) -> None:
        """Add a line; it stays when this process is killed."""
        os.write(self._handle, f"{' '.join((str(os.getpid()), kind, *words))}\n".encode())

    def facts(self) -> Iterator[Fact]:
        """Yield all lines, oldest first."""
        for line in self._file.read_text().splitlines():
            pid, kind, *words = line.split(" ")
            yield Fact(int(pid), kind, tuple(words))

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._handle)
