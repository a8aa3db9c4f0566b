"""All of the core's benchmarks, one after the other, as Markdown: `make bench`."""

import argparse
import importlib
import os
import platform
import subprocess
import sys
from typing import Final

QUICK: Final[dict[str, tuple[str, ...]]] = {
    "streaming": ("--rounds", "1"),
    "throughput": ("--count", "80"),
    "starting": ("--runs", "1"),
    "footprint": ("--count", "20"),
    "soak": ("500",),
    "stopping": ("--count", "5", "--clicks", "2"),
}


def main() -> int:
    """Run each in a process of its own; return 1 where one failed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a rough look, in a minute or two")
    parser.add_argument("--only", nargs="+", choices=QUICK, default=list(QUICK))
    options = parser.parse_args()
    print(
        f"{platform.system()} {platform.release()}, {os.cpu_count()} cores,"
        f" Python {platform.python_version()}"
    )
    failed = 0
    for name in options.only:
        module = f"benchmarks.core.{name}"
        title = (importlib.import_module(module).__doc__ or "").splitlines()[0].rstrip(".")
        print(f"\n## {title}\n", flush=True)
        more = QUICK[name] if options.quick else ()
        failed |= subprocess.run((sys.executable, "-m", module, *more), check=False).returncode
    return int(failed != 0)


if __name__ == "__main__":
    sys.exit(main())
