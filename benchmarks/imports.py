"""What it costs to import a library: seconds, and the memory of the process that did.

Give it pairs of a module and the interpreter that has it, so that libraries which we do not
install can be compared with those that we do:

    .venv/bin/python benchmarks/imports.py openai=.venv/bin/python json=/usr/bin/python3

*warm*: everything is in the page cache, as at a second start. *no bytecode*: the first start
after an install, which compiles each module. *cold disk*: the page cache is emptied before
each run, which only root on Linux can do; elsewhere the column is empty.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

IMPORT: Final = """
import resource, sys, time
start = time.perf_counter()
__import__(sys.argv[1])
seconds = time.perf_counter() - start
try:
    peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    megabytes = int(peak.split()[1]) / 1024
except OSError:
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
print(seconds, megabytes)
"""
DROP_CACHES: Final = Path("/proc/sys/vm/drop_caches")


@dataclass
class Cost:
    """What the runs of one module have shown so far."""

    module: str
    python: str
    warm: list[float] = field(default_factory=list)
    uncompiled: list[float] = field(default_factory=list)
    cold: list[float] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)

    def measure(self, *, empty_cache: bool) -> None:
        """Import the module once in each condition."""
        with tempfile.TemporaryDirectory() as nothing:
            self.uncompiled.append(self._run(PYTHONPYCACHEPREFIX=nothing)[0])
        if empty_cache:
            os.sync()
            DROP_CACHES.write_text("3")
            self.cold.append(self._run()[0])
        self._run()
        seconds, megabytes = self._run()
        self.warm.append(seconds)
        self.megabytes.append(megabytes)

    def row(self) -> str:
        """Return the medians, with the extremes, as a row of a Markdown table."""
        cells = (_spread(self.warm), _spread(self.uncompiled), _spread(self.cold))
        return f"| `{self.module}` | {' | '.join(cells)} | {median(self.megabytes):.0f} |"

    def _run(self, **more: str) -> tuple[float, float]:
        command = (self.python, "-W", "ignore", "-c", IMPORT, self.module)
        environment = {"PATH": os.defpath, "HOME": str(Path.home()), **more}
        out = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        seconds, megabytes = out.stdout.split()
        return float(seconds), float(megabytes)


def _spread(seconds: list[float]) -> str:
    if not seconds:
        return ""
    return f"{median(seconds):.2f} ({min(seconds):.2f}-{max(seconds):.2f})"


def _pair(text: str) -> Cost:
    module, _, python = text.partition("=")
    return Cost(module, python or sys.executable)


def main() -> None:
    """Measure the modules in turn, so that a busy moment of the machine meets all of them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("pairs", nargs="+", type=_pair, metavar="module=interpreter")
    parser.add_argument("--runs", type=int, default=10)
    options = parser.parse_args()
    for _ in range(options.runs):
        for cost in options.pairs:
            cost.measure(empty_cache=os.access(DROP_CACHES, os.W_OK))
    print("| import | warm, s | no bytecode, s | cold disk, s | peak RSS, MB |")
    print("|---|---|---|---|---|")
    for cost in options.pairs:
        print(cost.row())


if __name__ == "__main__":
    main()
