"""A process that ends in the middle of a function: `python -m tests.failures.child folder text`."""

import os
import sys
from pathlib import Path

from tests.contract.cores import DEMO, ended, running
from tools.registry import Tools


def main(folder: Path, message: str) -> None:
    """Send the message; the function it asks for ends the process."""

    def die() -> str:
        """End the process."""
        with (folder / "effects").open("a") as file:
            file.write("died\n")
        os._exit(1)

    with running(f"sqlite:///{folder / 'parley.db'}", tools=Tools(die)) as core:
        run = core.start(message, DEMO)
        sys.stdout.write(f"{run.id}\n")
        sys.stdout.flush()
        ended(core, run.id)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
